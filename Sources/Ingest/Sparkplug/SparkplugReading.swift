import Domain
import Foundation
import SwiftProtobuf

extension SparkplugPayload {
    init(checking payload: [UInt8]) throws(Rejection) {
        self = try Self(bounded: payload, "the message")
        guard metrics.count <= Limits.sparkplugMetrics else {
            throw Rejection(.tooMany, "\(metrics.count) metrics; one message may have \(Limits.sparkplugMetrics)")
        }
        guard uuid != "SPBV1.0_COMPRESSED" else {
            throw Rejection(.badPayload, "the payload is compressed; switch compression off in the edge node")
        }
    }
}

extension SwiftProtobuf.Message {
    /// What we do not declare is skipped, not kept.
    fileprivate init(bounded bytes: some SwiftProtobufContiguousBytes, _ what: String) throws(Rejection) {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        do {
            try self.init(serializedBytes: bytes, options: options)
        } catch BinaryDecodingError.truncated {
            throw Rejection(.truncated, "\(what) ends in the middle of a field")
        } catch {
            throw Rejection(.badPayload, "\(what) is not protobuf of Sparkplug B: \(error)")
        }
    }
}

/// One message of an edge node on its way to series; metrics that can't be read cost only themselves.
struct SparkplugReading {
    /// Properties that name a metric's unit, in lower case without blanks and underscores.
    static let unitNames = ["engunit", "unit", "units", "engunits", "engineeringunit", "engineeringunits", "uom"]

    private let time: UInt64?
    private var topic: SparkplugTopic
    private var sender: String
    private let sources: SourceMap
    private var metrics: [SparkplugMetric]
    private let origin: Origin
    private var gathering: Gathering
    /// Values in `gathering`; what came before them is in `decoded`.
    private var taken = 0
    private var decoded = Decoded()
    private var hasMapped = false
    private var unmapped: [(name: String, json: String?, at: Instant)] = []
    private var unknownAliases: [UInt64] = []
    /// Whether something was missing that a birth would say.
    private(set) var lacksBirth = false

    init(_ payload: SparkplugPayload, _ topic: SparkplugTopic, _ sources: SourceMap, _ origin: Origin) {
        time = payload.hasTimestamp ? payload.timestamp : nil
        self.topic = topic
        sender = topic.sender
        self.sources = sources
        self.origin = origin
        gathering = Gathering(origin: origin)
        var metrics: [SparkplugMetric] = []
        for bytes in payload.metrics {
            do throws(Rejection) {
                metrics.append(try SparkplugMetric(bounded: bytes, "a metric"))
            } catch {
                gathering.reject(error)
            }
        }
        self.metrics = metrics
    }

    /// The number of the connection that a birth and its will have in common.
    var bdSeq: UInt64? {
        guard let value = metrics.first(where: { $0.name == "bdSeq" })?.value else { return nil }
        switch value {
        case .intValue(let number): return UInt64(number)
        case .longValue(let number): return number
        default: return nil
        }
    }

    /// Takes values, and says what to remember of the metrics; of at most `room`.
    mutating func birth(room: Int, _ node: SparkplugNode) -> SparkplugDevice {
        var device = SparkplugDevice()
        var refused = 0
        lacksBirth = !node.isBorn
        for metric in metrics {
            do throws(Rejection) {
                guard !metric.name.isEmpty else { throw Rejection(.wrongShape, "a metric is born without a name") }
                let definition = SparkplugDefinition(
                    name: metric.name, alias: metric.hasAlias ? metric.alias : nil,
                    type: SparkplugType(rawValue: metric.datatype), unit: try metric.told().unit)
                if device.metrics.count >= room || metric.name.utf8.count > Limits.sparkplugName {
                    refused += 1
                } else if !device.define(definition) {
                    // Whichever it stood for, the other's data would be taken for its.
                    gathering.reject(.wrongShape, "“\(sender)”: two metrics have the alias \(metric.alias)")
                }
                try take(metric, definition.name, definition)
            } catch {
                gathering.reject(error)
            }
        }
        if refused > 0 {
            gathering.reject(
                .tooMany, "\(refused) metrics of “\(sender)” are not remembered: names too long, or too many of them")
        }
        return device
    }

    /// A topic of device data that names none means the one device that has all these metrics.
    private mutating func findDevice(_ node: SparkplugNode) {
        guard topic.kind == .deviceData, topic.device.isEmpty else { return }
        let able = node.devices.filter { name, device in
            !name.isEmpty
                && metrics.allSatisfy { device[name: $0.name] != nil || $0.hasAlias && device[alias: $0.alias] != nil }
        }
        if able.count == 1, let device = able.first?.key {
            topic.device = device
            sender = topic.sender
        } else {
            metrics = []
            gathering.reject(
                .wrongDevice, "the topic names no device, and \(able.count) devices of “\(sender)” have these metrics")
        }
    }

    /// Takes values, by what the births have said.
    mutating func data(_ node: SparkplugNode) {
        findDevice(node)
        take(by: node)
        lacksBirth = !node.isBorn || node.devices[topic.device] == nil || !unknownAliases.isEmpty
        guard !unknownAliases.isEmpty else { return }
        let some = unknownAliases.prefix(Limits.namedMetrics).map { "\($0)" }.joined(separator: ", ")
        let detail =
            "“\(sender)”: no birth names the alias \(some) (\(unknownAliases.count) in all); a birth is asked for"
        gathering.reject(node.isBorn ? .unknownAlias : .neverBorn, detail)
    }

    /// Takes the values of a message that had its effect before: they are known under their keys, and what can't be
    /// read now was read then.
    mutating func repeats(_ node: SparkplugNode) {
        findDevice(node)
        take(by: node)
    }

    private mutating func take(by node: SparkplugNode) {
        for metric in metrics {
            do throws(Rejection) {
                if !metric.name.isEmpty {
                    try take(metric, metric.name, node.devices[topic.device]?[name: metric.name])
                } else if metric.hasAlias, let born = node.devices[topic.device]?[alias: metric.alias] {
                    try take(metric, born.name, born)
                } else if metric.hasAlias {
                    if let owner = node.owner(of: metric.alias, except: topic.device) {
                        throw Rejection(.wrongDevice, "“\(sender)”: the alias \(metric.alias) is of “\(owner)”")
                    }
                    unknownAliases.append(metric.alias)
                } else {
                    throw Rejection(.wrongShape, "a metric has neither name nor alias")
                }
            } catch {
                gathering.reject(error)
            }
        }
    }

    private mutating func take(
        _ metric: SparkplugMetric, _ name: String, _ born: SparkplugDefinition?
    ) throws(Rejection) {
        guard !metric.isNull, let sent = metric.value, !Self.isOfProtocol(name) else { return }
        let type = SparkplugType(rawValue: metric.datatype) ?? born?.type
        let stamp = metric.timestamp != 0 ? metric.timestamp : time
        let at = stamp.map { Instant(milliseconds: Int64(clamping: $0)) }
        guard let target = sources.target(format: .sparkplug, sender: sender, metric: name),
            let measure = target.measure
        else {
            unmapped.append((name, Self.json(sent, type), at ?? Instant(milliseconds: 0)))
            return
        }
        hasMapped = true
        guard let at else { throw Rejection(.missingTime, "“\(name)”: neither the metric nor the message has a time") }
        let value = try SparkplugValue(sent, as: type)
        guard let number = value.number, !value.isBoolean || measure == .running else {
            throw Rejection(.wrongType, "“\(name)” is no single number; \(measure.name) is one")
        }
        let told = try metric.told()
        if let flaw = told.flaw { throw Rejection(.noMeasure, "“\(name)” is \(flaw), says its sender") }
        // A node that buffered while it was offline sends its history at once, more than one gathering takes.
        if taken == Limits.readingsPerPayload { settle() }
        taken += 1
        gathering.take(number, unit: told.unit ?? born?.unit, as: target, measure, at: at, of: sender)
    }

    /// Metrics that the protocol needs for itself.
    private static func isOfProtocol(_ name: String) -> Bool {
        name == "bdSeq" || name.hasPrefix("Node Control/") || name.hasPrefix("Device Control/")
    }

    private static func json(_ sent: SparkplugMetric.OneOf_Value, _ type: SparkplugType?) -> String? {
        if case .bytesValue = sent { return nil }
        return try? SparkplugValue(sent, as: type).json
    }

    /// Everything. That nothing of a sender is mapped is said at its birth, not with each of its messages.
    mutating func finish() -> Decoded {
        if hasMapped || topic.kind.isBirth {
            for metric in unmapped { gathering.unmapped(metric.name, json: metric.json, at: metric.at, of: sender) }
        }
        settle()
        return decoded
    }

    private mutating func settle() {
        let done = gathering
        (gathering, taken) = (Gathering(origin: origin), 0)
        do throws(Rejection) {
            let part = try done.finish()
            decoded.series += part.series
            decoded.rejections += part.rejections
        } catch {
            decoded.rejections.append(error)
        }
    }
}

extension SparkplugMetric {
    /// What its properties say: its unit, and how its sender calls a value that is not good.
    fileprivate func told() throws(Rejection) -> (unit: String?, flaw: String?) {
        var told: (unit: String?, flaw: String?)
        guard hasProperties else { return told }
        let set = try SparkplugPropertySet(bounded: properties, "“\(name)”: a property set")
        guard set.keys.count <= Limits.sparkplugProperties, set.values.count <= Limits.sparkplugProperties else {
            throw Rejection(.tooMany, "“\(name)” has \(set.keys.count) properties")
        }
        for (key, bytes) in zip(set.keys, set.values) {
            let plain = key.lowercased().filter { $0 != " " && $0 != "_" }
            guard plain == "quality" || SparkplugReading.unitNames.contains(plain) else { continue }
            let value = try SparkplugPropertyValue(bounded: bytes, "“\(name)”: the property “\(key)”")
            if plain != "quality" {
                if told.unit == nil, !value.stringValue.isEmpty { told.unit = value.stringValue }
            } else if value.hasIntValue || value.hasLongValue {
                switch value.hasIntValue ? UInt64(value.intValue) : value.longValue {
                case 0: told.flaw = "bad (Quality 0)"
                case 500: told.flaw = "stale (Quality 500)"
                default: break
                }
            }
        }
        return told
    }
}
