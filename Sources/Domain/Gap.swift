/// A hole in a sender's numbering: `first`…`last` never came.
public struct Gap: Hashable, Sendable {
    /// The point (`asset/point`) or, where the protocol numbers there, the edge node (`group/node`).
    public var sender: String
    public var first: Int64
    public var last: Int64
    public var noticedAt: Instant

    public init(sender: String, first: Int64, last: Int64, noticedAt: Instant) {
        self.sender = sender
        self.first = first
        self.last = last
        self.noticedAt = noticedAt
    }
}

/// A message that asks a sender for something, sent after the commit: what the protocol offers to get a gap filled.
public struct Request: Hashable, Sendable {
    public var topic: String
    public var payload: [UInt8]
    public init(topic: String, payload: [UInt8]) {
        self.topic = topic
        self.payload = payload
    }
}
