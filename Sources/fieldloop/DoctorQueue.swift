import Domain
import Foundation
import Gateway
import Logging
import Synchronization

/// Asks a broker for its limits by running into them: messages are sent to a subscriber that is away, and counted when
/// it is back.
///
/// On a topic and with a session of its own, which is taken down afterwards; the service's own is left alone. What the
/// configuration says is not looked at: it may be another file, or another broker's.
struct QueueTrial: Sendable {
    /// Enough to run into mosquitto's defaults (1,000 queued and 20 on the way) and into a window below a burst.
    static let messages = Limits.burstMessages + 500

    /// What became of them.
    struct Outcome: Sendable, Hashable {
        var sent = 0
        /// Those of them that came, each once.
        var kept = 0
        /// Unacknowledged at one time.
        var window = 0
    }

    private let broker: Broker
    private let clientID: String
    private let topic: Topic
    private let filter: TopicFilter

    /// - Parameter service: the client id of the service, which ours begins with.
    init(_ broker: Broker, beside service: String) throws {
        let number = String(UInt32.random(in: .min ... .max), radix: 36)
        self.broker = broker
        clientID = "\(service)-doctor-\(number)-queue"
        topic = try Topic("fieldloop/v1/doctor/\(number)")
        filter = try TopicFilter(topic.text)
    }

    /// - Throws: what the broker said; the session is gone all the same.
    func run() async throws(MosquittoError) -> Outcome {
        do throws(MosquittoError) {
            let outcome = try await measure()
            try await forget()
            return outcome
        } catch {
            try? await forget()
            throw error
        }
    }

    private func measure() async throws(MosquittoError) -> Outcome {
        // There once, so that there is a session to queue for.
        let before = Returns()
        try await visit(before) { status in status.isConnected }
        let sent = try await publish()
        let returns = Returns()
        // Back, until all came or nothing more does.
        try await visit(returns) { status in
            returns.count >= sent || (status.isConnected && returns.isQuiet(for: .milliseconds(1500)))
        }
        return Outcome(sent: sent, kept: returns.count, window: returns.window)
    }

    /// Is there as the absent subscriber until `condition` holds.
    private func visit(_ returns: Returns, until condition: (LinkStatus) -> Bool) async throws(MosquittoError) {
        var options = Subscriber.Options(broker: broker, clientID: clientID, filters: [filter])
        options.sessionExpiry = .seconds(120)
        options.burst.messages = Self.messages
        let subscriber = try Subscriber(options, logger: Logger(label: "doctor") { _ in QuietLog() }) { burst in
            returns.take(burst.messages)
        }
        let stay = Task { try? await subscriber.run() }
        let deadline = ContinuousClock.now + .seconds(10)
        while !condition(subscriber.status), ContinuousClock.now < deadline, subscriber.status.lastError == nil {
            guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { break }
        }
        let status = subscriber.status
        stay.cancel()
        await stay.value
        // All may have come before the subscription was confirmed again.
        if status.connections == 0, returns.count == 0 { throw status.lastError ?? .timeout }
    }

    /// How many the broker took.
    private func publish() async throws(MosquittoError) -> Int {
        var options = Publisher.Options(broker: broker, clientID: clientID + "-source")
        options.waiting = Self.messages
        let publisher = try Publisher(options, logger: Logger(label: "doctor") { _ in QuietLog() })
        let outcomes = await withTaskGroup { group in
            for index in 0..<Self.messages {
                group.addTask { () -> MosquittoError? in
                    do throws(MosquittoError) {
                        try await publisher.publish(topic, Array(String(index).utf8), timeout: .seconds(10))
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [MosquittoError?]()) { $0.append($1) }
        }
        await publisher.close()
        let taken = outcomes.count { $0 == nil }
        if taken == 0, let error = outcomes.first ?? nil { throw error }
        return taken
    }

    /// A clean session under the same name: the broker drops what it still holds for it, in MQTT 3.1.1 as well.
    private func forget() async throws(MosquittoError) {
        let cleaner = try Publisher(
            Publisher.Options(broker: broker, clientID: clientID), logger: Logger(label: "doctor") { _ in QuietLog() })
        do throws(MosquittoError) { try await cleaner.ready(timeout: .seconds(5)) } catch {
            await cleaner.close()
            throw error
        }
        await cleaner.close()
    }
}

/// What came back. The first burst is held for a moment: what the broker sends meanwhile, without an acknowledgement,
/// is its window, and is seen as the second burst.
private final class Returns: Sendable {
    private struct State {
        var seen: Set<[UInt8]> = []
        var bursts = 0
        var window = 0
        var last = ContinuousClock.now
    }
    private let state = Mutex(State())

    var count: Int { state.withLock { $0.seen.count } }
    /// Not more than the broker's; half of it at least.
    var window: Int { state.withLock { $0.window } }

    func isQuiet(for span: Duration) -> Bool { state.withLock { $0.last.duration(to: .now) > span } }

    func take(_ messages: [Message]) {
        let isFirst = state.withLock { state in
            state.seen.formUnion(messages.map(\.payload))
            state.bursts += 1
            if state.bursts <= 2 { state.window = max(state.window, messages.count) }
            state.last = .now
            return state.bursts == 1
        }
        if isFirst { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(300)) }
    }
}

extension QueueTrial.Outcome {
    var finding: Finding {
        let remedy =
            "mosquitto: max_queued_messages 0, bounded by max_queued_bytes alone (ops/mosquitto.conf); "
            + "RabbitMQ: no policy with max-length"
        if kept == 0 {
            return .fault(
                "queue", "nothing is kept for a subscriber that is away, though \(sent) messages were acknowledged",
                "let the broker keep sessions, and give our user fieldloop/v1/doctor/+ to write and read (ops/acl)")
        }
        if kept < sent || sent < QueueTrial.messages {
            return .fault(
                "queue",
                "of \(QueueTrial.messages) messages for a subscriber that was away \(sent) were acknowledged "
                    + "and \(kept) came: the rest is lost each time the service restarts", remedy)
        }
        let sentence = "\(kept) messages were kept for a subscriber that was away"
        if window < Limits.burstMessages / 2 {
            return .doubt(
                "queue",
                "\(sentence), and it gets no more than \(2 * window) of them at a time: small bursts, slow to catch up",
                "mosquitto: max_inflight_messages \(Limits.receiveMaximum); RabbitMQ: mqtt.prefetch (ops/runbook.md)")
        }
        return .fine("queue", "\(sentence), \(window) or more come at a time")
    }
}
