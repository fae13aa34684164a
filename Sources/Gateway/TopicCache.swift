internal import Glibc

/// Topics that were parsed before, by their bytes: a plant has some thousand, and each comes again and again.
///
/// Each has one place; another that falls on it takes it. So the cache is bounded, and at worst one parses as before.
struct TopicCache {
    struct Entry {
        let topic: Topic
        /// Payload bytes that a message on it may have.
        let limit: Int
    }

    private var entries: [Entry?]

    /// `places`: a power of two.
    init(places: Int = 1 << 14) { entries = Array(repeating: nil, count: places) }

    /// nil for bytes that are no topic, which nothing is remembered of.
    mutating func entry(for name: UnsafeBufferPointer<UInt8>, limit: (Topic) -> Int) -> Entry? {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(name))
        let place = hasher.finalize() & (entries.count - 1)
        if let entry = entries[place], entry.topic.isSpelt(name) { return entry }
        guard let topic = try? Topic(bytes: name) else { return nil }
        let entry = Entry(topic: topic, limit: limit(topic))
        entries[place] = entry
        return entry
    }
}

extension Topic {
    /// `memcmp`: this stands in the way of every message.
    fileprivate func isSpelt(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let isSame = text.utf8.withContiguousStorageIfAvailable {
            $0.count == bytes.count && memcmp($0.baseAddress!, bytes.baseAddress!, $0.count) == 0
        }
        return isSame ?? text.utf8.elementsEqual(bytes)
    }
}
