import Domain

/// Sparkplug B 3.0 as a host application: what edge nodes say, by what their births said before.
///
/// A value: a burst works on a copy, which takes the original's place when the burst has been committed. `changes()`
/// belongs to the same transaction; so sessions, aliases and numbers survive a restart exactly as far as data did.
///
/// What real clients do beside the specification, and what becomes of it:
///
/// | what | taken as |
/// | --- | --- |
/// | NBIRTH whose `seq` is not 0, or missing | the count begins there |
/// | a message without `seq` | not counted |
/// | the same `seq` again and again, another message | a client that can't count; no gap |
/// | `seq` above 255 | its low eight bits |
/// | the same message again under its `seq` (QoS 1 redelivers) | no gap; its values are there already |
/// | NDEATH with the `bdSeq` after the live one (pysparkplug), or none | the live session's death |
/// | no `bdSeq` in NBIRTH | any death counts |
/// | aliases counted by device instead of by node | the device's own; another's are `wrong_device` |
/// | an alias that two metrics of a birth have | neither's |
/// | a message that a later one overtook | fills the gap that it left |
/// | metrics in data by name, with their type or without | taken, also if never born |
/// | DBIRTH before any NBIRTH | taken; a birth is asked for |
/// | DDATA whose topic names no device (pysparkplug) | of the one device that has all its metrics |
/// | births that are retained | taken while the node is unknown, else only their values |
/// | metric `timestamp` 0 or missing | the message's; refused where both are: by our clock a redelivery would be new |
/// | the alias 0 | an alias like any; of all metrics of a birth, nobody's, and names tell them apart |
/// | name and alias in data | the name's |
/// | `is_null` beside a value | null |
/// | integers in the wider field, floats as double and the other way round, 0 and 1 for booleans | converted |
/// | the last text of an array without its zero byte | taken |
/// | an array without elements that is to be a waveform | nothing recorded yet |
/// | the property `Quality` says 0 (bad) or 500 (stale) | no measurement |
/// | unit in any of a few properties | the first of `SparkplugTold.unitNames` |
///
/// Templates and data sets are taken apart by `SparkplugParts`; an array is a waveform where `sources.csv` says so:
///
///     format,sender,metric,asset,point,measure,unit,scale,sample_rate_hz
///     sparkplug,plant/gw7/pump3,Accelerometer,BL-P103,DE-H,waveform,mg,0.244,25600
///
/// `unit` and `sample_rate_hz` may be empty where the metric's properties have them (`engUnit`, `sampleRate`); `scale` is
/// the unit per count. The metric's time is that of the first sample.
///
/// A gap in `seq`, an alias that no birth named and data of a node that is not born make us ask for a birth, at most
/// every `Limits.askAgainAfter` a node; what the message says is taken all the same as far as it can be read.
struct SparkplugHost: Sendable {
    /// What came out of one message.
    struct Outcome: Equatable, Sendable {
        var decoded = Decoded()
        var gaps: [Gap] = []
        var requests: [Request] = []
    }

    private var nodes: [String: SparkplugNode] = [:]
    /// Born metrics of all nodes.
    private var definitions = 0
    /// The newest source map, and how many there were.
    private var sources = SourceMap()
    private var edition = 0
    /// What `changes()` will say, under its stored name.
    private var changed: Set<String> = []

    /// - Parameter stored: what `changes()` said, by name; other protocols' entries are left alone.
    init(stored: [String: [UInt8]] = [:]) {
        for (key, bytes) in stored {
            guard let name = Self.node(named: key), let node = SparkplugNode(stored: bytes) else { continue }
            nodes[name] = node
            definitions += node.definitions
            guard let numbering = stored[Self.numberingKey(name)] else { continue }
            nodes[name]?.numbering = SparkplugNumbering(stored: numbering) ?? SparkplugNumbering()
        }
    }

    /// What has to be stored since the last time it was asked, by name; nil = nothing any more. Once a burst.
    mutating func changes() -> [String: [UInt8]?] {
        var states: [String: [UInt8]?] = [:]
        for key in changed {
            let state =
                if let name = Self.node(named: key) {
                    nodes[name]?.stored
                } else if let name = Self.node(named: String(key.dropLast(Self.numberingSuffix.count))) {
                    nodes[name]?.numbering.stored
                } else {
                    [UInt8]?.none
                }
            states.updateValue(state, forKey: key)
        }
        changed = []
        return states
    }

    /// Takes one message; throws what costs all of it.
    mutating func take(
        _ levels: [Substring], _ payload: [UInt8], origin: Origin, sources: SourceMap, at now: Instant,
        isRetained: Bool = false
    ) throws(Rejection) -> Outcome {
        guard let topic = SparkplugTopic(levels) else {
            throw Rejection(.badTopic, "not a topic of Sparkplug B: spBv1.0/{group}/{kind}/{node}[/{device}]")
        }
        guard topic.kind.isForHosts else { return Outcome() }
        // What clears a retained birth is no birth.
        guard !payload.isEmpty || topic.kind.isDeath else { throw Rejection(.empty, "the message has no payload") }
        let message = try SparkplugPayload(checking: payload)
        if nodes[topic.node] == nil { try makeRoom(for: topic.node) }
        // Taken out while it is changed, so that it is changed in place.
        var node = nodes.removeValue(forKey: topic.node) ?? SparkplugNode()
        defer { nodes[topic.node] = node }
        // The same map in the same place is told at once.
        if sources != self.sources { (self.sources, edition) = (sources, edition + 1) }
        node.resolve(by: sources, edition: edition, topic)

        var reading = SparkplugReading(message, topic, sources, origin)
        let digest = SparkplugNumbering.digest(payload, topic)
        let number = message.hasSeq ? message.seq : nil
        var outcome = Outcome()
        let isRepeat = topic.kind != .nodeBirth && node.numbering.knows(digest, under: number)
        if isRepeat || (isRetained && node.isBorn) {
            reading.repeats(node)
        } else {
            let step = count(topic, isRetained ? nil : number, digest, &node)
            if case .gap(let missing) = step {
                outcome.gaps = [
                    Gap(sender: topic.node, first: missing.lowerBound, last: missing.upperBound, noticedAt: now)
                ]
            }
            apply(topic, &reading, &node)
            if reading.lacksBirth || !outcome.gaps.isEmpty, node.mayAsk(at: now) {
                outcome.requests = [.rebirth(of: topic.node, at: now)]
            }
        }
        outcome.decoded = reading.finish()
        return outcome
    }

    private mutating func count(
        _ topic: SparkplugTopic, _ number: UInt64?, _ digest: UInt32, _ node: inout SparkplugNode
    ) -> SparkplugNumbering.Step {
        changed.insert(Self.numberingKey(topic.node))
        switch topic.kind {
        case .nodeDeath: return .next  // A will is written before anybody can know its number.
        case .nodeBirth:
            node.numbering.begin(at: number, digest)
            return .next
        default: return node.numbering.take(number, digest)
        }
    }

    /// The session's side of a message, and its values.
    private mutating func apply(
        _ topic: SparkplugTopic, _ reading: inout SparkplugReading, _ node: inout SparkplugNode
    ) {
        guard topic.kind.isBirth || topic.kind.isDeath else {
            return reading.data(node)
        }
        changed.insert(Self.key(topic.node))
        definitions -= node.definitions
        defer { definitions += node.definitions }
        switch topic.kind {
        case .nodeDeath: if node.dies(by: reading.bdSeq) { node.die() }
        case .deviceDeath: node.devices[topic.device] = nil
        default:
            if topic.kind == .nodeBirth {
                node.die()
                node.isBorn = true
                node.bdSeq = reading.bdSeq
            }
            node.devices[topic.device] = nil
            let room = Limits.sparkplugDefinitions - definitions - node.definitions
            let device = reading.birth(room: node.devices.count < Limits.sparkplugDevices ? room : 0, node)
            node.devices[topic.device] = device
        }
    }

    private mutating func makeRoom(for name: String) throws(Rejection) {
        guard nodes.count >= Limits.sparkplugNodes else { return }
        guard let dead = nodes.first(where: { !$0.value.isBorn })?.key else {
            throw Rejection(.tooMany, "\(Limits.sparkplugNodes) edge nodes are known; “\(name)” is one too many")
        }
        definitions -= nodes.removeValue(forKey: dead)?.definitions ?? 0
        changed.formUnion([Self.key(dead), Self.numberingKey(dead)])
    }

    // MARK: - Names of what is stored: a node's births, and its numbering, which changes with every message

    private static let numberingSuffix = "/seq"
    private static func key(_ node: String) -> String { "\(SparkplugTopic.namespace)/\(node)" }
    private static func numberingKey(_ node: String) -> String { key(node) + numberingSuffix }

    /// The node whose births stand under `key`. Names hold no `/`, so a third level is the numbering.
    private static func node(named key: String) -> String? {
        let levels = key.split(separator: "/", omittingEmptySubsequences: false)
        guard levels.count == 3, levels[0] == SparkplugTopic.namespace else { return nil }
        return "\(levels[1])/\(levels[2])"
    }
}

extension SparkplugNode {
    /// A node is not asked again while it may still be about to answer.
    fileprivate mutating func mayAsk(at now: Instant) -> Bool {
        if let askedAt, now >= askedAt, now - askedAt < Limits.askAgainAfter { return false }
        askedAt = now
        return true
    }
}
