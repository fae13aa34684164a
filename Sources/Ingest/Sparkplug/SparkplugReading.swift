import Domain
import Foundation

/// One message of an edge node on its way to series; metrics that can't be read cost only themselves.
struct SparkplugReading {
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
    private var hasMeasured = false
    private var unmapped: [Unmapped] = []
    private var unknownAliases: [UInt64] = []
    /// Whether something was missing that a birth would say.
    private(set) var lacksBirth = false

    private struct Unmapped {
        var name: String
        var sent: SparkplugMetric.OneOf_Value
        var type: SparkplugType?
        /// nil: only its name can be told.
        var at: Instant?
    }

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
        takeApart()
        for metric in metrics {
            do throws(Rejection) {
                guard !metric.name.isEmpty else { throw Rejection(.wrongShape, "a metric is born without a name") }
                let definition = try definition(metric)
                if definition.target != nil { hasMapped = true }
                if device[name: metric.name] == definition {
                    // Each row of a data set comes under the same names.
                } else if device.metrics.count >= room || metric.name.utf8.count > Limits.sparkplugName {
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

    private func definition(_ metric: SparkplugMetric) throws(Rejection) -> SparkplugDefinition {
        let told = try metric.told()
        return SparkplugDefinition(
            name: metric.name, alias: metric.hasAlias ? metric.alias : nil,
            type: SparkplugType(rawValue: metric.datatype), unit: told.unit, sampleRate: told.sampleRate,
            target: sources.target(format: .sparkplug, sender: sender, metric: metric.name))
    }

    /// Templates and data sets become metrics.
    private mutating func takeApart(by device: SparkplugDevice? = nil) {
        let parts = SparkplugParts(metrics, of: device)
        metrics = parts.metrics
        for rejection in parts.rejections { gathering.reject(rejection) }
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
        let device = node.devices[topic.device]
        takeApart(by: device)
        for metric in metrics {
            do throws(Rejection) {
                if !metric.name.isEmpty {
                    try take(metric, metric.name, device?[name: metric.name])
                } else if metric.hasAlias, let born = device?[alias: metric.alias] {
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
        let target = born.map(\.target) ?? sources.target(format: .sparkplug, sender: sender, metric: name)
        guard let target, target.isWaveform || target.measure != nil else {
            unmapped.append(Unmapped(name: name, sent: sent, type: type, at: at))
            return
        }
        hasMapped = true
        guard let at else { throw Rejection(.missingTime, "“\(name)”: neither the metric nor the message has a time") }
        let value = try SparkplugValue(sent, as: type)
        var told = try metric.told()
        if let flaw = told.flaw { throw Rejection(.noMeasure, "“\(name)” is \(flaw), says its sender") }
        told.unit = told.unit ?? born?.unit
        told.sampleRate = told.sampleRate ?? born?.sampleRate
        guard let measure = target.measure else {
            guard type != .dateTimeArray else { throw Rejection(.wrongType, "“\(name)”: times are no samples") }
            let part = try WaveformPart(value, of: name, as: target, told, at: at, origin: origin)
            if let part { decoded.waveforms.append(part) }
            return
        }
        guard let number = value.number, !value.isBoolean || measure == .running else {
            throw Rejection(.wrongType, "“\(name)” is no single number; \(measure.name) is one")
        }
        hasMeasured = true
        // A node that buffered while it was offline sends its history at once, more than one gathering takes.
        if taken == Limits.readingsPerPayload { settle() }
        taken += 1
        gathering.take(number, unit: told.unit, as: target, measure, at: at, of: sender)
    }

    /// Metrics that the protocol needs for itself.
    private static func isOfProtocol(_ name: String) -> Bool {
        name == "bdSeq" || name.hasPrefix("Node Control/") || name.hasPrefix("Device Control/")
    }

    private static func json(_ sent: SparkplugMetric.OneOf_Value, _ type: SparkplugType?) -> String? {
        switch sent {
        case .bytesValue, .datasetValue, .templateValue: nil
        default: try? SparkplugValue(sent, as: type).json
        }
    }

    /// Everything. That nothing of a sender is mapped is said at its birth, not with each of its messages.
    mutating func finish() -> Decoded {
        if hasMeasured || topic.kind.isBirth && !hasMapped {
            for metric in unmapped {
                let json = metric.at == nil ? nil : Self.json(metric.sent, metric.type)
                gathering.unmapped(metric.name, json: json, at: metric.at ?? Instant(milliseconds: 0), of: sender)
            }
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
