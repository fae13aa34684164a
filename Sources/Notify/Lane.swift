import Domain
import Logging
import Store

/// Why a notice did not leave just now, and what that asks of its lane.
enum NotSent: Error, Equatable {
    /// Try again later, a little later each time.
    case failed(String)
    /// The other side wants to be left alone for so long (real time); no other notice goes there meanwhile.
    case busy(String, wait: Duration)
    /// Nothing was tried: our own rate limit, or our own store, wants a rest (real time).
    case held(Duration)
    /// The other side will never take it.
    case refused(String)
    /// Too late to be of use to anybody.
    case lapsed(String)
}

/// One channel's way out: takes what is due, one after the other, and books what became of it.
struct Lane: Sendable {
    typealias Send = @Sendable (Departure) async throws(NotSent) -> Void

    let channel: Channel
    /// nil: the channel is not configured.
    let send: Send?
    let store: Store
    let jitter: Jitter
    let logger: Logger
    let now: @Sendable () -> Instant
    let pollEvery: Duration

    /// Looks at every change of the store and at least every `pollEvery`, until the task is cancelled.
    func run() async {
        let (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in store.changes.stream() { ring.yield() } }
            group.addTask {
                while !Task.isCancelled {
                    ring.yield()
                    try? await Task.sleep(for: pollEvery)
                }
            }
            var restUntil = ContinuousClock.now
            for await _ in bell where ContinuousClock.now >= restUntil {
                if let rest = await drain() { restUntil = .now + rest }
            }
            group.cancelAll()
        }
    }

    /// Sends what is due. Returns how long the channel must rest, when it must.
    ///
    /// A batch is a second's work; then the store is asked again, so that the texts tell the newest facts and a grade A
    /// ticket that came in meanwhile passes the others.
    private func drain() async -> Duration? {
        while !Task.isCancelled {
            do {
                let due = try await store.departures(on: [channel], at: now())
                if due.isEmpty { return nil }
                let end = ContinuousClock.now + .seconds(1)
                for departure in due {
                    if let rest = await handle(departure) { return rest }
                    if Task.isCancelled || ContinuousClock.now > end { break }
                }
            } catch {
                if Task.isCancelled { return nil }
                logger.error("the outbox can't be read", metadata: ["channel": "\(channel)", "error": "\(error)"])
                return nil
            }
        }
        return nil
    }

    private func handle(_ departure: Departure) async -> Duration? {
        guard let send else {
            await book(departure, .unused)
            return nil
        }
        do {
            try await send(departure)
            await book(departure, .sent)
            return nil
        } catch {
            // Stopped in the middle is no failure of the channel; it goes out again under the same id.
            if Task.isCancelled { return nil }
            switch error {
            case .held(let wait): return wait
            case .busy(let reason, let wait):
                await retry(departure, reason, after: wait)
                return wait
            case .failed(let reason): await retry(departure, reason, after: jitter.delay(attempt: departure.attempts))
            case .refused(let reason): await book(departure, .dead(reason))
            case .lapsed(let reason): await book(departure, .lapsed(reason))
            }
            return nil
        }
    }

    private func retry(_ departure: Departure, _ reason: String, after wait: Duration) async {
        let now = now()
        let again = departure.nextAttempt(after: wait, at: now)
        await book(departure, again.map { .failed(reason, again: $0) } ?? .dead(reason))
    }

    /// Books until it is booked: a lane that forgot what it has sent would send it over and over.
    private func book(_ departure: Departure, _ delivery: Delivery) async {
        log(departure, delivery)
        while true {
            do {
                // A task of its own, since a cancelled one may not write any more.
                try await Task { [store, now] in try await store.book(departure, delivery, at: now()) }.value
                return
            } catch {
                logger.error(
                    "a notice can't be booked", metadata: ["notice": "n-\(departure.id)", "error": "\(error)"])
                guard (try? await Task.sleep(for: pollEvery)) != nil else { return }
            }
        }
    }

    private func log(_ departure: Departure, _ delivery: Delivery) {
        var metadata: Logger.Metadata = [
            "notice": "n-\(departure.id)", "channel": "\(channel)", "kind": "\(departure.kind)",
            "about": "\(departure.subject.name)", "attempt": "\(departure.attempts + 1)",
        ]
        switch delivery {
        case .sent: logger.info("notice sent", metadata: metadata)
        case .failed(let reason, let again):
            metadata["reason"] = "\(reason)"
            metadata["again"] = "\(again.iso8601)"
            logger.warning("notice not sent yet", metadata: metadata)
        case .dead(let reason):
            metadata["reason"] = "\(reason)"
            logger.error("notice given up", metadata: metadata)
        case .lapsed(let reason):
            metadata["reason"] = "\(reason)"
            logger.notice("notice too late to send", metadata: metadata)
        case .unused: logger.debug("channel not configured", metadata: metadata)
        }
    }
}
