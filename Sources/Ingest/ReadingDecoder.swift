import Domain

/// The native reading format: one JSON object or an array of them.
///
///     {"ts": 1767225600123, "seq": 17, "velocity_rms_mm_s": 3.21, "temperature_c": 45.2, "running": true}
///
/// `ts` is milliseconds since 1970 and required; a measure that is missing or null is absent, never 0; fields we do
/// not know are kept aside; `site`, `asset` and `point`, if they are there, must be the topic's. One bad object in an array costs only itself; broken JSON costs the message.
struct ReadingDecoder {
    private let identity: Identity
    private var readings: [Reading] = []
    private var extras: [Extra] = []
    private var rejections: [Rejection] = []
    /// Numbers of readings that were refused.
    private var refused: [Int64] = []

    private init(_ identity: Identity) { self.identity = identity }

    /// What a message on the topic of `point` says.
    static func decode(
        _ payload: [UInt8], site: SiteID, point: PointID, origin: Origin
    ) throws(Rejection) -> Decoded {
        var decoded = Decoded()
        if let readings = ReadingScanner.scan(payload), readings.count <= Limits.readingsPerPayload {
            decoded.series = [Series(point: point, site: site, readings: ordered(readings), origin: origin)]
            return decoded
        }
        var decoder = ReadingDecoder(Identity(site: site, point: point))
        do throws(JSONFailure) {
            try decoder.decodeJSON(payload)
        } catch {
            // What had been read of a broken message is not trusted.
            throw Rejection(error)
        }
        guard decoder.readings.count + decoder.rejections.count <= Limits.readingsPerPayload else {
            throw Rejection(.tooMany, "more than \(Limits.readingsPerPayload) readings in one message; send several")
        }
        guard !decoder.readings.isEmpty || !decoder.rejections.isEmpty else {
            throw Rejection(.empty, "the array has no readings in it")
        }
        decoded.rejections = decoder.rejections
        if !decoder.readings.isEmpty || !decoder.refused.isEmpty {
            decoded.series = [
                Series(
                    point: point, site: site, readings: ordered(decoder.readings), refused: decoder.refused,
                    extras: decoder.extras, origin: origin)
            ]
        }
        return decoded
    }

    /// Detection runs on event time: an array sent newest first tells the same story.
    private static func ordered(_ readings: [Reading]) -> [Reading] {
        let isOrdered = zip(readings, readings.dropFirst()).allSatisfy { $0.at <= $1.at }
        return isOrdered ? readings : readings.sorted { $0.at < $1.at }
    }

    private mutating func decodeJSON(_ payload: [UInt8]) throws(JSONFailure) {
        var scanner = JSONScanner(payload)
        if try scanner.peek() == .array {
            var decoder = self
            try scanner.array { (scanner) throws(JSONFailure) in try decoder.element(&scanner) }
            self = decoder
        } else {
            try element(&scanner)
        }
        try scanner.end()
    }

    private mutating func element(_ scanner: inout JSONScanner) throws(JSONFailure) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            rejections.append(Rejection(.wrongShape, "a reading is a JSON object, or an array of objects"))
            return
        }
        var draft = Draft(identity)
        try scanner.object { (scanner, key) throws(JSONFailure) in try draft.take(key, &scanner) }
        do throws(Rejection) {
            let reading = try draft.reading()
            readings.append(reading)
            if let json = draft.aside { extras.append(Extra(at: reading.at, json: json)) }
        } catch {
            rejections.append(error)
            if let number = draft.sequence { refused.append(number) }
        }
    }
}

/// One object on its way to a reading; remembers the first thing that is wrong and reads on.
private struct Draft {
    private let identity: Identity
    private var at: Instant?
    private(set) var sequence: Int64?
    private var values = Measures()
    private var extra: [String] = []
    private var extraSize = 2
    private var problem: Rejection?

    init(_ identity: Identity) { self.identity = identity }

    mutating func take(_ key: String, _ scanner: inout JSONScanner) throws(JSONFailure) {
        if try scanner.peek() == .null {
            try scanner.null()
            return
        }
        // A value of the wrong kind is skipped whole, so that the rest of the message can be read.
        var ahead = scanner
        do throws(JSONFailure) {
            try takeKnown(key, &ahead)
            scanner = ahead
        } catch .type(let expected) {
            try scanner.skip()
            complain(.wrongType, "“\(key.prefix(64))” is no \(expected)")
        } catch .notFinite {
            try scanner.skip()
            complain(.notFinite, "“\(key.prefix(64))” is beyond what a number can hold")
        }
    }

    private mutating func takeKnown(_ key: String, _ scanner: inout JSONScanner) throws(JSONFailure) {
        switch key {
        case "ts": at = Instant(milliseconds: try scanner.integer())
        case "seq": sequence = try scanner.integer()
        default:
            guard let measure = Measure(name: key) else {
                var other: Rejection?
                if try identity.takes(key, &scanner, { other = $0 }) {
                    problem = problem ?? other
                    return
                }
                keepAside(key, scanner.text(try scanner.skip()))
                return
            }
            if measure == .running, try scanner.peek() == .boolean {
                values[.running] = try scanner.boolean() ? 1 : 0
            } else {
                set(measure, try scanner.double())
            }
        }
    }

    private mutating func set(_ measure: Measure, _ value: Double) {
        guard measure.plausible.contains(value) else {
            return complain(.implausibleValue, "\(measure.name) is \(value); between \(measure.plausible) is possible")
        }
        guard measure != .running || value == 0 || value == 1 else {
            return complain(.implausibleValue, "running is \(value); true, false, 1 or 0 is possible")
        }
        values[measure] = value
    }

    private mutating func keepAside(_ key: String, _ raw: String) {
        let field = "\(jsonString(key)):\(raw)"
        extraSize += field.utf8.count + 1
        if extraSize <= Limits.extraFields { extra.append(field) }
    }

    private mutating func complain(_ reason: RejectionReason, _ detail: String) {
        if problem == nil { problem = Rejection(reason, detail) }
    }

    func reading() throws(Rejection) -> Reading {
        if let problem { throw problem }
        guard let at else { throw Rejection(.missingTime, "“ts” is missing: milliseconds since 1970, as a number") }
        guard !values.isEmpty else {
            let names = Measure.allCases.map(\.name).joined(separator: ", ")
            throw Rejection(.noMeasure, "none of the measures we know: \(names)")
        }
        return Reading(at: at, sequence: sequence, values: values)
    }

    /// What is not ours, as one JSON object; nil when there is nothing.
    var aside: String? { extra.isEmpty ? nil : "{\(extra.joined(separator: ","))}" }
}

extension Rejection {
    /// A failure of the whole message.
    init(_ failure: JSONFailure) {
        switch failure {
        case .syntax(let at): self.init(.notJSON, "not JSON at byte \(at)")
        case .tooDeep: self.init(.notJSON, "nested deeper than \(Limits.jsonDepth)")
        case .type(let expected): self.init(.wrongType, "expected \(expected)")
        case .notFinite: self.init(.notFinite, "NaN, Infinity or a number beyond what a number can hold")
        }
    }
}
