internal import Domain

/// Why a text is no topic, or no filter.
public enum TopicError: Error, Hashable, Sendable {
    case empty
    /// Longer than `Limits.topicLength` bytes.
    case tooLong
    case notUTF8
    /// U+0000, which MQTT forbids, or another control character, which brokers may refuse.
    case controlCharacter
    /// `+` or `#` in a topic, or in a filter where it does not stand alone in its level (`#`: the last).
    case misplacedWildcard
}

/// A topic that something was published to, checked once: nothing downstream sees a raw string.
public struct Topic: Hashable, Sendable, CustomStringConvertible {
    public let text: String
    /// The parts between the slashes; a leading, trailing or double slash makes an empty one. Made at each call: a
    /// plant has too many topics to keep them split.
    public var levels: [Substring] { TopicText.split(text) }

    public init(_ text: String) throws(TopicError) {
        try TopicText.check(text.utf8, wildcards: false)
        self.text = text
    }

    /// From the wire: bytes that nobody has looked at yet.
    init(bytes: UnsafeBufferPointer<UInt8>) throws(TopicError) {
        try TopicText.check(bytes, wildcards: false)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        self.text = text
    }

    public var description: String { text }
}

/// What somebody subscribes to: a topic in which `+` stands for one level and a final `#` for all that follow.
public struct TopicFilter: Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let levels: [Substring]

    public init(_ text: String) throws(TopicError) {
        try TopicText.check(text.utf8, wildcards: true)
        let levels = TopicText.split(text)
        for (index, level) in levels.enumerated() where level.utf8.contains(where: TopicText.isWildcard) {
            guard level == "+" || level == "#" && index == levels.count - 1 else { throw .misplacedWildcard }
        }
        self.text = text
        self.levels = levels
    }

    /// Whether a message on `topic` reaches a subscriber with this filter (MQTT 5, §4.7).
    public func matches(_ topic: Topic) -> Bool {
        // The broker's own topics ($SYS/…) are no business of a filter that starts with a wildcard.
        if topic.text.utf8.first == UInt8(ascii: "$"), levels[0] == "+" || levels[0] == "#" { return false }
        let said = topic.levels
        for (index, level) in levels.enumerated() {
            // `a/#` also matches its parent `a`.
            if level == "#" { return said.count >= index }
            guard index < said.count, level == "+" || level == said[index] else { return false }
        }
        return levels.count == said.count
    }

    public static func == (a: TopicFilter, b: TopicFilter) -> Bool { a.text == b.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
    public var description: String { text }
}

/// What topics and filters have in common.
private enum TopicText {
    static func isWildcard(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") }

    static func check(_ bytes: some Collection<UInt8>, wildcards: Bool) throws(TopicError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Limits.topicLength else { throw .tooLong }
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F { throw .controlCharacter }
            if !wildcards, isWildcard(byte) { throw .misplacedWildcard }
        }
    }

    static func split(_ text: String) -> [Substring] {
        text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Substring.init)
    }
}
