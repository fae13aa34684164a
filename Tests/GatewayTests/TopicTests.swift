import Domain
import Testing

@testable import Gateway

struct TopicTests {
    @Test(arguments: [
        ("sport/tennis/player1/#", "sport/tennis/player1", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
        ("sport/tennis/player1/#", "sport/tennis/player2", false),
        ("sport/#", "sport", true),
        ("#", "anything/at/all", true),
        ("sport/tennis/+", "sport/tennis/player1", true),
        ("sport/tennis/+", "sport/tennis/player1/ranking", false),
        ("sport/+", "sport", false),
        ("sport/+", "sport/", true),
        ("+/+", "/finance", true),
        ("/+", "/finance", true),
        ("+", "/finance", false),
        ("+/tennis/#", "sport/tennis", true),
        ("#", "$SYS/broker/load", false),
        ("+/monitor/clients", "$SYS/monitor/clients", false),
        ("$SYS/#", "$SYS/broker/load", true),
        ("a/b", "a/b", true),
        ("a/b", "a/b/c", false),
        ("a/b/c", "a/b", false),
        ("a//b", "a//b", true),
        ("a/+/b", "a//b", true),
    ])
    func `a filter matches as MQTT 5 §4.7 says`(filter: String, topic: String, isMatch: Bool) throws {
        #expect(try TopicFilter(filter).matches(Topic(topic)) == isMatch)
    }

    @Test func `a topic is split at its slashes`() throws {
        #expect(
            try Topic("fieldloop/v1/north/泵-1/de-h/reading").levels == [
                "fieldloop", "v1", "north", "泵-1", "de-h", "reading",
            ])
        #expect(try Topic("/a//").levels == ["", "a", "", ""])
    }

    @Test(arguments: [
        ("", TopicError.empty), ("a\u{0}b", .controlCharacter), ("a\tb", .controlCharacter),
        ("a/+/b", .misplacedWildcard), ("a/b#", .misplacedWildcard),
        (String(repeating: "a", count: Limits.topicLength + 1), .tooLong),
    ])
    func `a text that is no topic is refused with the reason`(text: String, reason: TopicError) {
        #expect(throws: reason) { try Topic(text) }
    }

    @Test(arguments: ["a/b+", "a/#/b", "a/#b", "++", "a+/b"])
    func `a wildcard must stand alone`(text: String) {
        #expect(throws: TopicError.misplacedWildcard) { try TopicFilter(text) }
    }

    @Test func `bytes that are not UTF-8 are no topic`() {
        let bytes: [UInt8] = [0x61, 0xC3, 0x28]
        #expect(throws: TopicError.notUTF8) { try bytes.withUnsafeBufferPointer(Topic.init(bytes:)) }
    }

    @Test func `the longest topic is one`() throws {
        #expect(try Topic(String(repeating: "a", count: Limits.topicLength)).levels.count == 1)
    }
}

@Suite struct TopicCacheTests {
    private func entry(_ cache: inout TopicCache, _ text: String, limit: Int = 1) -> TopicCache.Entry? {
        Array(text.utf8).withUnsafeBufferPointer { cache.entry(for: $0) { _ in limit } }
    }

    @Test(arguments: [1, 4, 1024])
    func `topics that share a place are never taken for one another`(places: Int) {
        var cache = TopicCache(places: places)
        for number in 0..<300 {
            let text = "plant/\(number * number % 37)/reading"
            #expect(entry(&cache, text)?.topic.text == text)
            #expect(entry(&cache, text)?.topic.levels.count == 3)
        }
    }

    @Test func `what is known of a topic is not asked again`() {
        var cache = TopicCache()
        #expect(entry(&cache, "a/b", limit: 7)?.limit == 7)
        #expect(entry(&cache, "a/b", limit: 8)?.limit == 7)
        #expect(entry(&cache, "a/bc", limit: 8)?.limit == 8, "no prefix")
        #expect(entry(&cache, "a/+") == nil)
        #expect(entry(&cache, "") == nil)
    }
}
