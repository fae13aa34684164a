import Domain

/// Telemetry as ThingsBoard's devices and gateways send it.
///
/// - `v1/gateway/telemetry`: a gateway for many devices, `{"Device A": [{"ts": 1767225600123, "values": {…}}], …}`.
/// - `v1/devices/{device}/telemetry`: one device, `{"key": value}`, `[{…}, {…}]`, `{"ts": …, "values": {…}}` or an array
///   of those.
/// - `v1/devices/me/telemetry` is what ThingsBoard itself takes; there the device is who holds the access token, and a
///   broker does not tell a subscriber who published. Its messages are refused with what to do.
/// - `v1/gateway/attributes`, `connect`, `disconnect` and a device's `attributes` are no telemetry and come to nothing.
///
/// The device's name is the sender, the key the metric: `sources.csv` maps them, or the device is called after an asset
/// and the key reads `{point}/{measure}`. Values are numbers, numbers as text, or booleans for `running`. Without `ts`
/// the time is that of arrival, so a redelivered message is a second reading.
///
/// A topic of ThingsBoard's names no site: who may write there speaks for every device that is mapped. Give that right to
/// few, and `pattern write v1/devices/%u/telemetry` to devices, whose user name is then their device's.
enum ThingsBoardTopic: Equatable {
    case gatewayTelemetry
    case telemetry(device: String)
    /// `v1/devices/me/…`.
    case anonymous
    /// Nothing of it is a measurement.
    case other

    /// nil when the topic is not ThingsBoard's.
    init?(_ levels: [Substring]) {
        guard levels.count >= 3, levels[0] == "v1" else { return nil }
        switch (levels[1], levels[2], levels.dropFirst(3).first, levels.count) {
        case ("gateway", "telemetry", nil, _): self = .gatewayTelemetry
        case ("gateway", _, _, _): self = .other
        case ("devices", "me", "telemetry", 4): self = .anonymous
        case ("devices", let device, "telemetry", 4): self = .telemetry(device: String(device))
        case ("devices", _, _, _): self = .other
        default: return nil
        }
    }
}

func decodeThingsBoard(
    _ payload: [UInt8], _ topic: ThingsBoardTopic, sources: SourceMap, now: Instant, origin: Origin
) throws(Rejection) -> Decoded {
    var decoder = ThingsBoardDecoder(sources: sources, now: now, origin: origin)
    switch topic {
    case .gatewayTelemetry: try decoder.decode(payload, of: nil)
    case .telemetry(let device): try decoder.decode(payload, of: device)
    case .anonymous:
        throw Rejection(
            .wrongDevice,
            "v1/devices/me names no device, and the broker does not tell us who published: publish to "
                + "v1/devices/{device}/telemetry, or as a gateway to v1/gateway/telemetry")
    case .other: return Decoded()
    }
    return try decoder.gathering.finish()
}

private struct ThingsBoardDecoder {
    private let sources: SourceMap
    private let now: Instant
    private(set) var gathering: Gathering

    init(sources: SourceMap, now: Instant, origin: Origin) {
        self.sources = sources
        self.now = now
        gathering = Gathering(origin: origin)
    }

    /// - Parameter device: nil for a gateway's message, which names its devices.
    mutating func decode(_ payload: [UInt8], of device: String?) throws(Rejection) {
        do throws(JSONFailure) {
            var scanner = JSONScanner(payload)
            if let device {
                try take(device, &scanner)
            } else {
                try scanner.object { (scanner, device) throws(JSONFailure) in try take(device, &scanner) }
            }
            try scanner.end()
        } catch {
            throw Rejection(error)
        }
    }

    private mutating func take(_ device: String, _ scanner: inout JSONScanner) throws(JSONFailure) {
        guard try scanner.peek() == .array else { return try entry(device, &scanner) }
        try scanner.array { (scanner) throws(JSONFailure) in try entry(device, &scanner) }
    }

    /// `{"key": value, …}` or `{"ts": …, "values": {"key": value, …}}`.
    private mutating func entry(_ device: String, _ scanner: inout JSONScanner) throws(JSONFailure) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return gathering.reject(.wrongShape, "“\(device.prefix(64))”: telemetry is an object of keys and values")
        }
        var at: Value?
        var values: [(key: String, value: Value)] = []
        var isTimed = false
        try scanner.object { (scanner, key) throws(JSONFailure) in
            if key == "ts" {
                at = try value(&scanner)
            } else if key == "values", try scanner.peek() == .object {
                isTimed = true
                try scanner.object { (scanner, key) throws(JSONFailure) in
                    values.append((key, try value(&scanner)))
                }
            } else {
                values.append((key, try value(&scanner)))
            }
        }
        // Only beside "values" is "ts" the time; alone it is a key like any other.
        if !isTimed, let own = at { values.append(("ts", own)) }
        guard let time = isTimed ? at.map({ $0.integer.map(Instant.init(milliseconds:)) }) ?? now : now else {
            return gathering.reject(.missingTime, "“\(device.prefix(64))”: ts is no number of milliseconds since 1970")
        }
        for (key, value) in values { take(key, value, of: device, at: time) }
    }

    private mutating func take(_ key: String, _ value: Value, of device: String, at: Instant) {
        guard let target = sources.target(format: .thingsboard, sender: device, metric: key),
            let measure = target.measure
        else { return gathering.unmapped(key, json: value.json, at: at, of: device) }
        switch value.kind {
        case .null: break
        case .boolean where measure == .running, .string where measure == .running && value.isTruth:
            gathering.take(value.text == "true" ? 1 : 0, unit: nil, as: target, measure, at: at, of: device)
        case .number, .string:
            guard let number = value.number else { return refuse(key, of: device, measure) }
            gathering.take(number, unit: nil, as: target, measure, at: at, of: device)
        case .boolean, .object, .array: refuse(key, of: device, measure)
        }
    }

    private mutating func refuse(_ key: String, of device: String, _ measure: Measure) {
        gathering.reject(
            .wrongType, "“\(device.prefix(64))”: \(key.prefix(64)) is no number, and \(measure.name) is one")
    }

    /// Any value, raw.
    private struct Value {
        var kind: JSONScanner.Kind
        var json: String
        /// What a string holds, or the raw text.
        var text: String
        var isTruth: Bool { text == "true" || text == "false" }
        /// Decimal, as a person writes it.
        var number: Double? { text.utf8.contains { "xX".utf8.contains($0) } ? nil : Double(text) }
        var integer: Int64? { Int64(text) ?? number.flatMap(Int64.init(exactly:)) }
    }

    private func value(_ scanner: inout JSONScanner) throws(JSONFailure) -> Value {
        let kind = try scanner.peek()
        if kind == .string {
            let text = try scanner.string()
            return Value(kind: kind, json: jsonString(text), text: text)
        }
        let json = scanner.text(try scanner.skip())
        return Value(kind: kind, json: json, text: json)
    }
}
