public import Domain

/// A client's connection and counters at one moment, for boards and health checks.
public struct LinkStatus: Sendable {
    public enum State: Sendable, Hashable {
        /// Not connected, trying (``LinkStatus/lastError`` says why not yet).
        case connecting
        /// Connected and subscribed.
        case connected
        /// Stopped for good.
        case stopped
    }

    public var state = State.connecting
    /// When `state` was entered.
    public var since: Instant
    /// What ended, or prevented, the last connection; stays after the next one succeeds.
    public var lastError: MosquittoError?
    /// What the library or the handler said about it, in its own words.
    public var lastErrorDetail: String?
    /// What the broker of the last connection takes.
    public var brokerLimits: BrokerLimits?

    /// Messages received (subscriber), or acknowledged to us by the broker (publisher).
    public var messages = 0
    /// Payload bytes of the messages received, as far as they were kept.
    public var bytes = 0
    /// When the last message was taken.
    public var lastMessage: Instant?
    /// Bursts whose handler returned.
    public var bursts = 0
    /// Messages in the last burst, and in the largest.
    public var lastBurst = 0
    public var largestBurst = 0
    /// The time that handlers took, those that threw included.
    public var handling = Duration.zero
    public var longestHandling = Duration.zero
    /// Connections that were established, the first included.
    public var connections = 0
    /// The newest connections that were lost within ten seconds each.
    public var quickLosses = 0
    /// Connections are made and broken again and again: as when another program has the same client id, which takes the
    /// session over each time, and with it a part of the messages.
    public var isContested: Bool { quickLosses >= 3 }
    /// Bursts whose handler threw.
    public var handlerFailures = 0
    /// Why the last burst was not taken; nil as soon as one is. Nothing is acknowledged while it stands.
    public var handlerError: String?
    /// Connections on which the broker no longer knew our session.
    public var sessionsLost = 0

    public var isConnected: Bool { state == .connected }
}

/// What happened to a subscriber's link.
public enum LinkEvent: Sendable {
    /// `sessionPresent`: the broker had kept our session and what it queued for it.
    case connected(sessionPresent: Bool)
    /// The broker has forgotten the session of an earlier connection: what it had queued for us is gone.
    /// `awaySince`: by the wall, when that connection ended; nil when it was an earlier run's.
    case sessionLost(awaySince: Instant?)
    /// The connection ended, or could not be made. Said once for a run of equal failures.
    case disconnected(MosquittoError)
    /// The handler threw; nothing of its burst was acknowledged and the broker will send it again.
    case handlerFailed(reason: String)
    case stopped
}
