/// How surely a message is delivered. QoS 2 is not offered: the library acknowledges it in a second round trip that
/// cannot be tied to a commit.
public enum QoS: Int32, Sendable {
    case atMostOnce = 0
    case atLeastOnce = 1
}

/// A message on its way to the broker.
public struct Publication: Sendable {
    public var topic: Topic
    public var payload: [UInt8]
    public var qos: QoS
    /// The broker keeps it for whoever subscribes later.
    public var retain: Bool

    public init(_ topic: Topic, _ payload: [UInt8], qos: QoS = .atLeastOnce, retain: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
    }
}

/// A message as it came from the broker, copied out of the library's memory.
public struct Message: Sendable {
    /// nil when the broker passed on what is no topic to us (``topicText`` shows it).
    public let topic: Topic?
    /// The topic for people: repaired where it is not UTF-8, at most `Limits.topicLength` bytes of it.
    public let topicText: String
    /// The payload; of one over its limit (``PayloadLimit``) only the first `Limits.rejectedHead` bytes.
    public let payload: [UInt8]
    /// The payload's true size in bytes.
    public let size: Int
    public let qos: QoS
    /// The broker had kept it and sends it because we subscribed: it may be old, and we may have seen it before.
    public let isRetained: Bool
    /// The packet identifier; 0 at QoS 0.
    public let id: UInt16

    /// Whether the payload was over its limit and only its head is here.
    public var isTruncated: Bool { payload.count < size }

    /// A message that did not come from a broker, for whoever handles messages and wants to try it.
    public init(topic: Topic, payload: [UInt8], qos: QoS = .atLeastOnce, isRetained: Bool = false, id: UInt16 = 0) {
        self.init(
            topic: topic, topicText: topic.text, payload: payload, size: payload.count, qos: qos,
            isRetained: isRetained, id: id)
    }

    init(
        topic: Topic?, topicText: String, payload: [UInt8], size: Int, qos: QoS, isRetained: Bool, id: UInt16
    ) {
        self.topic = topic
        self.topicText = topicText
        self.payload = payload
        self.size = size
        self.qos = qos
        self.isRetained = isRetained
        self.id = id
    }
}

/// How large a payload may be, in bytes, on the topics of a filter. Of a larger one only the head is kept, so that
/// a reason can be stored without holding the bulk.
public struct PayloadLimit: Sendable {
    public var filter: TopicFilter
    public var bytes: Int

    public init(_ filter: TopicFilter, bytes: Int) {
        self.filter = filter
        self.bytes = bytes
    }
}
