public import Domain

/// What one turn of the loop read, in the order of arrival: one burst, one transaction. None of it has been
/// acknowledged yet.
public struct Burst: ~Copyable, Sendable {
    public let messages: [Message]
    /// Payload bytes held.
    public let bytes: Int

    public init(messages: [Message]) {
        self.messages = messages
        bytes = messages.reduce(0) { $0 + $1.payload.count }
    }
}

/// Where a burst ends though more has arrived. The broker does not keep to the window that we ask for once it has a
/// backlog (mosquitto 2.0.11), so the caps are ours; each is overrun by at most one message.
public struct BurstLimits: Sendable {
    public var messages: Int
    /// Payload bytes held.
    public var bytes: Int
    /// From the first read to the last.
    public var time: Duration
    /// Messages that come closer together are let gather for `gather` before the next burst is read: a broker that
    /// wakes its subscriber for every few messages carries fewer of them.
    public var rush = Limits.rush
    public var gather = Limits.gather

    public init(
        messages: Int = Limits.burstMessages, bytes: Int = Limits.burstBytes, time: Duration = Limits.burstTime
    ) {
        self.messages = messages
        self.bytes = bytes
        self.time = time
    }
}
