public import Domain

/// What came out of one message of a foreign format.
public struct Decoded: Sendable, Equatable {
    public var series: [Series] = []
    public var waveforms: [WaveformPart] = []
    public var rejections: [Rejection] = []
    /// Holes in a numbering that the protocol keeps.
    public var gaps: [Gap] = []
    /// What senders are to be asked once this is committed.
    public var requests: [Request] = []
    public init() {}
}

/// Values of foreign senders on their way to series: converted, checked, grouped by point and time.
///
/// One bad value costs only itself. Metrics that nobody mapped are kept aside with the sender's mapped ones; a sender
/// of whom nothing is mapped is a rejection that names them.
struct Gathering {
    private let site: SiteID?
    private let origin: Origin
    private var series: [Series] = []
    private var indexes: [Place: Int] = [:]
    /// Where the reading of a point and time stands.
    private var slots: [Slot: Int] = [:]
    private var senders: [String: Sender] = [:]
    private var rejections: [Rejection] = []
    private var refused = 0
    private var count = 0

    /// One point may be told of with a site to answer for, and without.
    private struct Place: Hashable {
        var point: PointID
        var site: SiteID?
    }

    private struct Slot: Hashable {
        var series: Int
        var at: Instant
    }

    private struct Sender {
        /// Index of its first mapped series.
        var series: Int?
        var unmapped: [Unmapped] = []
    }

    private struct Unmapped {
        var name: String
        var at: Instant
        /// nil: the value was no JSON; only the name is told.
        var json: String?
    }

    /// - Parameter site: of the topic, where it names one; a point that stands elsewhere is then refused.
    init(site: SiteID? = nil, origin: Origin) {
        self.site = site
        self.origin = origin
    }

    /// Takes one value of `sender`, in `unit` when the message says one.
    mutating func take(
        _ sent: Double, unit: String?, as target: SourceMap.Target, _ measure: Measure, at: Instant, of sender: String
    ) {
        do throws(Rejection) {
            let value = try target.value(of: sent, unit: unit, measure)
            put(value, measure, target.point, at, sender, from: target.site)
        } catch {
            reject(error)
        }
    }

    /// Notes a metric that no row of `sources.csv` names.
    mutating func unmapped(_ name: String, json: String?, at: Instant, of sender: String) {
        senders[sender, default: Sender()].unmapped.append(Unmapped(name: name, at: at, json: json))
    }

    /// The first few are kept as they are, the rest is counted.
    mutating func reject(_ rejection: Rejection) {
        refused += 1
        guard rejections.count < Limits.rejectionsPerMessage else { return }
        var rejection = rejection
        rejection.origin = origin
        rejections.append(rejection)
    }

    mutating func reject(_ reason: RejectionReason, _ detail: String) { reject(Rejection(reason, detail)) }

    mutating func put(
        _ value: Double, _ measure: Measure, _ point: PointID, _ at: Instant, _ sender: String,
        from site: SiteID? = nil
    ) {
        let place = Place(point: point, site: site ?? self.site)
        let index = indexes[place] ?? series.count
        if index == series.count {
            indexes[place] = index
            series.append(Series(point: point, site: place.site, readings: [], origin: origin))
        }
        if senders[sender]?.series == nil { senders[sender, default: Sender()].series = index }
        let slot = Slot(series: index, at: at)
        // A second value of the same measure and time is a reading of its own: whether it is a repeat or a conflict is
        // decided where all such are.
        if let known = slots[slot], series[index].readings[known].values[measure] == nil {
            series[index].readings[known].values[measure] = value
        } else {
            var values = Measures()
            values[measure] = value
            slots[slot] = series[index].readings.count
            series[index].readings.append(Reading(at: at, values: values))
            count += 1
        }
    }

    /// Everything, in order of event time.
    consuming func finish() throws(Rejection) -> Decoded {
        guard count <= Limits.readingsPerPayload else {
            throw Rejection(
                .tooMany, "\(count) readings in one message; \(Limits.readingsPerPayload) are taken", origin: origin)
        }
        for (name, sender) in senders.sorted(by: { $0.key < $1.key }) where !sender.unmapped.isEmpty {
            if let index = sender.series {
                keepAside(sender.unmapped, index)
            } else {
                reject(Self.unknown(sender.unmapped, of: name))
            }
        }
        if refused > rejections.count, let last = rejections.last {
            let more = "and \(refused - rejections.count) more of this message were refused"
            rejections.append(Rejection(last.reason, more, origin: origin))
        }
        var decoded = Decoded()
        for index in series.indices { series[index].readings.sort { $0.at < $1.at } }
        decoded.series = series
        decoded.rejections = rejections
        return decoded
    }

    private mutating func keepAside(_ unmapped: [Unmapped], _ index: Int) {
        for (at, group) in Dictionary(grouping: unmapped, by: \.at).sorted(by: { $0.key < $1.key }) {
            var (fields, size) = ([String](), 2)
            for one in group {
                guard let json = one.json else { continue }
                let field = "\(jsonString(one.name)):\(json)"
                size += field.utf8.count + 1
                if size <= Limits.extraFields { fields.append(field) }
            }
            if !fields.isEmpty {
                series[index].extras.append(Extra(at: at, json: "{\(fields.joined(separator: ","))}"))
            }
        }
    }

    private static func unknown(_ unmapped: [Unmapped], of sender: String) -> Rejection {
        let names = Set(unmapped.map { String($0.name.prefix(64)) }).sorted()
        let some = names.prefix(Limits.namedMetrics).joined(separator: ", ")
        let more = names.count > Limits.namedMetrics ? " and \(names.count - Limits.namedMetrics) more" : ""
        return Rejection(
            .unknownMetric,
            "sender “\(sender.prefix(128))”: nothing of it is mapped (\(some)\(more)); add rows to sources.csv")
    }
}

extension SourceMap.Target {
    /// A sent value as `measure` has it: converted, scaled, checked. `declared` is the unit that the message says.
    func value(of sent: Double, unit declared: String?, _ measure: Measure) throws(Rejection) -> Double {
        guard sent.isFinite else { throw Rejection(.notFinite, "\(point) \(measure.name) is \(sent)") }
        var value = sent
        if let unit = unit ?? declared {
            guard let converted = Units.convert(sent, from: unit, to: measure) else {
                throw Rejection(.unknownUnit, "\(point): “\(unit.prefix(32))” is no unit of \(measure.name)")
            }
            value = converted
        }
        value *= scale
        guard measure.plausible.contains(value) else {
            throw Rejection(
                .implausibleValue, "\(point) \(measure.name) is \(value); between \(measure.plausible) is possible")
        }
        return value
    }
}

/// Text as a JSON string.
func jsonString(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": json += "\\\(scalar)"
        case _ where scalar.value < 0x20:
            let hex = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}
