import Domain
import Ingest

/// A message of the simulated plant, with what must become of it.
struct SimMessage: Sendable {
    enum Element: Sendable {
        case reading(at: Instant, values: [Measure: Double])
        /// Costs only itself, for this reason.
        case bad(json: String, reason: String)

        var json: String {
            switch self {
            case .bad(let json, _): return json
            case .reading(let at, let values):
                let fields = values.sorted { $0.key.rawValue < $1.key.rawValue }.map { measure, value in
                    measure == .running ? "\"running\":\(value != 0)" : "\"\(measure.name)\":\(value)"
                }
                return "{\"ts\":\(at.milliseconds),\(fields.joined(separator: ","))}"
            }
        }
    }

    enum Kind: Sendable {
        case readings(SimPlant.Point, [Element])
        case answer
        case position(of: String, fixAt: Instant)
        /// Rejected whole, for this reason.
        case poison(reason: String)
    }

    let topic: String
    let payload: [UInt8]
    let kind: Kind

    init(_ topic: String, _ payload: String, _ kind: Kind) {
        self.topic = topic
        self.payload = Array(payload.utf8)
        self.kind = kind
    }

    /// One reading goes as an object, several as an array.
    init(_ point: SimPlant.Point, _ elements: [Element]) {
        let json = elements.map(\.json)
        let payload = json.count == 1 ? json[0] : "[\(json.joined(separator: ","))]"
        self.init(point.topic, payload, .readings(point, elements))
    }

    var raw: RawMessage {
        RawMessage(topic: topic, payload: payload, size: payload.count)
    }

    var isReadings: Bool { if case .readings = kind { true } else { false } }
}

/// What the store must hold after the deliveries so far, by the rules alone: the first value wins, and what is not
/// taken has a reason.
struct Expectation {
    struct Key: Hashable {
        var point: String
        var measure: Measure
        var at: Instant
    }

    private(set) var values: [Key: Double] = [:]
    /// Of all values, in thousandths: cheap to compare after every step.
    private(set) var thousandths = 0
    /// By reason; answers apart.
    private(set) var rejected: [String: Int] = [:]
    private(set) var answers = 0
    /// The newest fix of each engineer.
    private var fixes: [String: Instant] = [:]

    /// Returns whether the delivery brought a new value.
    mutating func deliver(_ message: SimMessage, at now: Instant) -> Bool {
        switch message.kind {
        case .answer: answers += 1
        case .position(let engineer, let fixAt):
            if let newest = fixes[engineer], fixAt < newest { rejected["older_position", default: 0] += 1 }
            fixes[engineer] = max(fixes[engineer] ?? fixAt, fixAt)
        case .poison(let reason): rejected[reason, default: 0] += 1
        case .readings(let point, let elements):
            return elements.map { take($0, of: point, at: now) }.contains(true)
        }
        return false
    }

    private mutating func take(_ element: SimMessage.Element, of point: SimPlant.Point, at now: Instant) -> Bool {
        switch element {
        case .bad(_, let reason):
            rejected[reason, default: 0] += 1
            return false
        case .reading(let at, let values):
            if let reason = refusal(of: point, at, now) {
                rejected[reason, default: 0] += 1
                return false
            }
            return values.map { record($0.value, Key(point: point.key, measure: $0.key, at: at)) }.contains(true)
        }
    }

    private func refusal(of point: SimPlant.Point, _ at: Instant, _ now: Instant) -> String? {
        guard SimPlant.points.contains(where: { $0.key == point.key }) else { return "unknown_point" }
        if point.site != "beilun" { return "wrong_site" }
        if at > now + SimPlant.policy.aheadAtMost { return "in_the_future" }
        return at < now - SimPlant.policy.rejectAfter ? "too_old" : nil
    }

    private mutating func record(_ value: Double, _ key: Key) -> Bool {
        guard let known = values[key] else {
            values[key] = value
            thousandths += Int((value * 1000).rounded())
            return true
        }
        if known != value { rejected["conflict", default: 0] += 1 }
        return false
    }
}
