import Domain
import SwiftProtobuf

/// What a birth says about a metric, for the data that leave it out.
struct SparkplugDefinition: Hashable, Sendable {
    var name: String
    var alias: UInt64?
    var type: SparkplugType?
    var unit: String?
    /// Hz, of an array's samples.
    var sampleRate: Double?
    /// What it is to us, by the source map of the node's edition; nil: nobody said. Not stored.
    var target: SourceMap.Target?
}

/// The metrics of a device, or of an edge node itself.
struct SparkplugDevice: Equatable, Sendable {
    private(set) var metrics: [SparkplugDefinition] = []
    /// nil: two metrics have it, so it means neither.
    private var aliases: [UInt64: Int?] = [:]
    private var names: [String: Int] = [:]

    /// Of two with one name the later counts. False: another metric has the same alias.
    @discardableResult
    mutating func define(_ metric: SparkplugDefinition) -> Bool {
        var isClear = true
        if let alias = metric.alias {
            isClear = aliases[alias].map { $0.map { metrics[$0].name } == metric.name } ?? true
            aliases.updateValue(isClear ? metrics.count : nil, forKey: alias)
        }
        names[metric.name] = metrics.count
        metrics.append(metric)
        return isClear
    }

    mutating func resolve(by sources: SourceMap, sender: String) {
        for index in metrics.indices {
            metrics[index].target = sources.target(format: .sparkplug, sender: sender, metric: metrics[index].name)
        }
    }

    subscript(alias alias: UInt64) -> SparkplugDefinition? { aliases[alias].flatMap { $0 }.map { metrics[$0] } }
    subscript(name name: String) -> SparkplugDefinition? { names[name].map { metrics[$0] } }
}

/// What we know of one edge node: its session, and how far its numbering is.
struct SparkplugNode: Equatable, Sendable {
    /// Of the birth that counts.
    var bdSeq: UInt64?
    var isBorn = false
    /// By name; the node's own metrics under the empty one.
    var devices: [String: SparkplugDevice] = [:]
    var numbering = SparkplugNumbering()
    /// When a birth was last asked for. Not stored: after a restart it may be asked again.
    var askedAt: Instant?
    /// Of the source map that the metrics' targets are from; nil: from none yet.
    private var edition: Int?

    init() {}

    /// Looks up what the metrics are to us, once for each source map.
    mutating func resolve(by sources: SourceMap, edition: Int, _ topic: SparkplugTopic) {
        guard self.edition != edition else { return }
        self.edition = edition
        var topic = topic
        for device in devices.keys {
            topic.device = device
            devices[device]?.resolve(by: sources, sender: topic.sender)
        }
    }

    var definitions: Int { devices.values.reduce(0) { $0 + $1.metrics.count } }

    /// Whose alias it is, if it is another's than `device`'s. Aliases are to be unique in an edge node; looked up by
    /// device, they also work where each device counts its own.
    func owner(of alias: UInt64, except device: String) -> String? {
        devices.first { $0.key != device && $0.value[alias: alias] != nil }?.key
    }

    /// Whether a death certificate is the live session's. Some clients (pysparkplug) count `bdSeq` up before they say
    /// goodbye, so the next number is the live one's too; any other is the will of a session before.
    func dies(by death: UInt64?) -> Bool {
        guard let death, let bdSeq else { return true }
        return death == bdSeq || death == (bdSeq &+ 1) || (bdSeq == 255 && death == 0)
    }

    mutating func die() {
        isBorn = false
        devices = [:]
    }
}

/// 0…255, then 0 again, over all messages of an edge node but its will.
struct SparkplugNumbering: Equatable, Sendable {
    enum Step: Equatable {
        case next
        /// These were skipped, counted on beyond 255.
        case gap(ClosedRange<Int64>)
        /// We had this very message: the broker delivers at least once.
        case again
    }

    /// A slot's mark: skipped. 0: nothing came under it.
    private static let missing: UInt32 = 1

    private(set) var last: UInt8?
    /// By number: a digest of what came under it last.
    private var slots: [UInt32]

    init(last: UInt8? = nil, slots: [UInt32] = []) {
        self.last = last
        self.slots = slots.count == 256 ? slots : Array(repeating: 0, count: 256)
    }

    /// Whether this message has come before, as far as we remember.
    func knows(_ digest: UInt32, under number: UInt64?) -> Bool {
        number.map { slots[Int($0 & 0xFF)] == digest } ?? false
    }

    /// A birth begins a count, with whatever number it has. What came before is forgotten: a burst that is redelivered
    /// from its birth on comes in order again, and a node without a clock may be born twice with the same bytes.
    mutating func begin(at number: UInt64?, _ digest: UInt32) {
        slots = Array(repeating: 0, count: 256)
        last = number.map { UInt8(truncatingIfNeeded: $0) }
        if let last { slots[Int(last)] = digest }
    }

    /// A message without number is not counted; one with the last one's number is a client that can't count.
    mutating func take(_ number: UInt64?, _ digest: UInt32) -> Step {
        guard let number = number.map({ UInt8(truncatingIfNeeded: $0) }) else { return .next }
        if slots[Int(number)] == digest { return .again }
        let isLate = slots[Int(number)] == Self.missing
        slots[Int(number)] = digest
        guard let before = last, number != before, number != before &+ 1 else {
            last = number
            return .next
        }
        // One that overtook it had opened the gap.
        if isLate { return .next }
        last = number
        let (first, count) = (before &+ 1, number &- (before &+ 1))
        for offset in 0..<count { slots[Int(first &+ offset)] = Self.missing }
        return .gap(Int64(first)...Int64(first) + Int64(count) - 1)
    }

    /// FNV-1a: the same tomorrow and after a restart, as `Hasher` is not. Never one of a slot's marks.
    static func digest(_ payload: [UInt8], _ topic: SparkplugTopic) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in topic.kind.rawValue.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        for byte in topic.device.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        for byte in payload { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return max(hash, missing + 1)
    }
}

// MARK: - Stored

extension SparkplugNode {
    /// nil where there is nothing to decode it: then the node is asked for a birth, as if it had never been there.
    init?(stored bytes: [UInt8]) {
        guard let node = try? StoredSparkplugNode(serializedBytes: bytes) else { return nil }
        bdSeq = node.hasBdSeq ? node.bdSeq : nil
        isBorn = node.isBorn
        for stored in node.devices {
            var device = SparkplugDevice()
            for metric in stored.metrics {
                device.define(
                    SparkplugDefinition(
                        name: metric.name, alias: metric.hasAlias ? metric.alias : nil,
                        type: SparkplugType(rawValue: metric.datatype), unit: metric.hasUnit ? metric.unit : nil,
                        sampleRate: metric.hasSampleRate ? metric.sampleRate : nil))
            }
            devices[stored.name] = device
        }
    }

    /// What was born, without the numbering, which changes with each message.
    var stored: [UInt8] {
        var node = StoredSparkplugNode()
        if let bdSeq { node.bdSeq = bdSeq }
        node.isBorn = isBorn
        node.devices = devices.sorted { $0.key < $1.key }.map { name, device in
            var stored = StoredSparkplugDevice()
            stored.name = name
            stored.metrics = device.metrics.map { definition in
                var metric = StoredSparkplugDefinition()
                metric.name = definition.name
                if let alias = definition.alias { metric.alias = alias }
                if let type = definition.type { metric.datatype = type.rawValue }
                if let unit = definition.unit { metric.unit = unit }
                if let rate = definition.sampleRate { metric.sampleRate = rate }
                return metric
            }
            return stored
        }
        // Encoding can only fail for required fields, which the schema has none of.
        return (try? node.serializedBytes()) ?? []
    }
}

extension SparkplugNumbering {
    init?(stored bytes: [UInt8]) {
        guard let stored = try? StoredSparkplugNumbering(serializedBytes: bytes) else { return nil }
        self.init(last: stored.hasLast ? UInt8(truncatingIfNeeded: stored.last) : nil, slots: stored.slots)
    }

    var stored: [UInt8] {
        var numbering = StoredSparkplugNumbering()
        if let last { numbering.last = UInt32(last) }
        numbering.slots = slots
        return (try? numbering.serializedBytes()) ?? []
    }
}
