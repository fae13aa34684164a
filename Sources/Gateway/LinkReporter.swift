internal import Domain
internal import Glibc
internal import Logging
internal import Synchronization

/// Keeps a link's status and says each change once: to the log, and to whoever listens.
final class LinkReporter: Sendable {
    private let logger: Logger
    private let onEvent: @Sendable (LinkEvent) -> Void
    private let state: Mutex<State>

    private struct State {
        var status: LinkStatus
        /// The failure that was said last; nil after a success.
        var said: MosquittoError?
    }

    init(logger: Logger, onEvent: @escaping @Sendable (LinkEvent) -> Void = { _ in }) {
        self.logger = logger
        self.onEvent = onEvent
        state = Mutex(State(status: LinkStatus(since: wallClock())))
    }

    var status: LinkStatus {
        state.withLock { state in
            if state.status.isConnected, !state.status.isYoung { state.status.quickLosses = 0 }
            return state.status
        }
    }

    /// A burst that its handler has taken.
    func taken(_ messages: Int, _ bytes: Int, in time: Duration) {
        count {
            $0.messages += messages
            $0.bytes += bytes
            $0.lastMessage = wallClock()
            $0.bursts += 1
            $0.handlerError = nil
            $0.lastBurst = messages
            $0.largestBurst = max($0.largestBurst, messages)
            $0.handled(in: time)
        }
    }

    func count(_ change: (inout LinkStatus) -> Void) { state.withLock { change(&$0.status) } }

    func connected(sessionPresent: Bool, _ limits: BrokerLimits?) {
        state.withLock {
            $0.said = nil
            $0.status.brokerLimits = limits
            $0.status.enter(.connected)
            $0.status.connections += 1
        }
        logger.info("connected to the broker", metadata: ["session_present": "\(sessionPresent)"])
        onEvent(.connected(sessionPresent: sessionPresent))
    }

    func sessionLost() {
        let awaySince: Instant? = state.withLock {
            $0.status.sessionsLost += 1
            return $0.status.connections > 0 ? $0.status.since : nil
        }
        logger.critical("the broker has lost our session and what it had queued for us")
        onEvent(.sessionLost(awaySince: awaySince))
    }

    func failed(_ failure: LinkFailure) {
        switch failure {
        case .link(let error, let detail): disconnected(error, detail)
        case .handler(let reason, let time): handlerFailed(reason, after: time)
        }
    }

    func stopped() {
        count { $0.enter(.stopped) }
        logger.info("disconnected from the broker for good")
        onEvent(.stopped)
    }

    private func disconnected(_ error: MosquittoError, _ detail: String?) {
        let (isNews, isContested) = state.withLock { state in
            if state.status.isConnected {
                state.status.quickLosses = state.status.isYoung ? state.status.quickLosses + 1 : 0
            }
            state.status.enter(.connecting)
            state.status.lastError = error
            state.status.lastErrorDetail = detail
            defer { state.said = error }
            return (state.said != error, state.status.quickLosses == 3)
        }
        if isContested {
            logger.error(
                """
                the broker ends every connection soon: another program may use this client id, and take a part of what is \
                ours; give each its own mqtt.client_id
                """)
        }
        guard isNews else { return }
        let detail = detail.map { ["detail": Logger.MetadataValue.string($0)] } ?? [:]
        logger.warning("no connection to the broker, trying on: \(error)", metadata: detail)
        onEvent(.disconnected(error))
    }

    private func handlerFailed(_ reason: String, after time: Duration) {
        count {
            $0.enter(.connecting)
            $0.handled(in: time)
            $0.handlerFailures += 1
            $0.handlerError = reason
            $0.lastErrorDetail = reason
        }
        logger.error("a burst was not taken; dropped the connection so that it comes again: \(reason)")
        onEvent(.handlerFailed(reason: reason))
    }
}

extension LinkStatus {
    fileprivate mutating func handled(in time: Duration) {
        handling += time
        longestHandling = max(longestHandling, time)
    }

    /// Whether the state began less than ten seconds ago.
    fileprivate var isYoung: Bool { wallClock() - since < .seconds(10) }

    /// `since` tells when a state began, not when it was last confirmed.
    fileprivate mutating func enter(_ new: State) {
        if new == state { return }
        state = new
        since = wallClock()
    }
}

/// `clock_gettime(CLOCK_REALTIME)`: a status is read by people, so it carries the time on the wall.
private func wallClock() -> Instant {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Instant(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
}
