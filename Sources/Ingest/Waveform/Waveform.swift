import Domain

/// A recorded waveform, or a part of one: one line of JSON, a newline, the samples.
///
///     {"ts": 1767225600123, "sample_rate_hz": 25600, "unit": "g", "encoding": "int16le", "scale": 0.000244, "n": 8192}
///
/// Topic `fieldloop/v1/{site}/{asset}/{point}/waveform`. So `(echo '{"ts":…}'; cat samples) | mosquitto_pub -s` is enough
/// to send it; who can't send bytes puts them into the object as `samples_base64` and sends nothing else.
///
/// | field | |
/// | --- | --- |
/// | `ts` | of the record's first sample, milliseconds since 1970; with the point it names the record |
/// | `sample_rate_hz` | as measured, fractions too |
/// | `unit` | `g`, `m/s2` or `mm/s` |
/// | `encoding` | `int16le` or `float32le` |
/// | `scale` | `unit` per count; needed for `int16le`, 1 for floats unless given |
/// | `n` | samples of the whole record; needed where there are several parts |
/// | `part`, `of` | 1…`of`; 1 of 1 unless given. Parts hold whole samples and come in any order |
/// | `rpm`, `seq` | optional |
/// | `site`, `asset`, `point` | optional; must be the topic's |
func decodeWaveform(
    _ payload: [UInt8], site: SiteID?, point: PointID, origin: Origin
) throws(Rejection) -> WaveformPart {
    let header: WaveformHeader
    let samples: [UInt8]
    switch try split(payload, Identity(site: site, point: point)) {
    case (let line, let rest?):
        header = line
        samples = Array(rest)
        guard line.base64 == nil else {
            throw Rejection(.badWaveform, "samples_base64 and bytes after the first line: send one of them")
        }
    case (let whole, nil):
        header = whole
        guard let text = whole.base64 else {
            throw Rejection(.badWaveform, "no samples: they follow the first line, or stand in samples_base64")
        }
        guard let bytes = ByteText.base64(text.utf8) else {
            throw Rejection(.badPayload, "samples_base64 is not base64")
        }
        samples = bytes
    }
    return try header.part(of: samples, site: site, point: point, origin: origin)
}

/// The header, and what follows its line; nil when the whole payload is one JSON object.
private func split(
    _ payload: [UInt8], _ identity: Identity
) throws(Rejection) -> (WaveformHeader, ArraySlice<UInt8>?) {
    let head = payload.prefix(Limits.envelopeHeader + 1)
    if let newline = head.firstIndex(of: 0x0A), newline + 1 < payload.count,
        let header = try? WaveformHeader(Array(payload[..<newline]), identity)
    {
        return (header, payload[(newline + 1)...])
    }
    do throws(JSONFailure) {
        return (try WaveformHeader(payload, identity), nil)
    } catch {
        switch error {
        case .syntax:
            throw Rejection(
                .wrongShape,
                "one line of JSON (at most \(Limits.envelopeHeader) bytes), a newline, the samples; or "
                    + "one JSON object with samples_base64")
        default: throw Rejection(error)
        }
    }
}

private struct WaveformHeader {
    private var at: Int64?
    private var rate: Double?
    private var unit: String?
    private var encoding: String?
    private var scale: Double?
    private var rpm: Double?
    private var sequence: Int64?
    private var samples: Int64?
    private var part: Int64?
    private var of: Int64?
    private(set) var base64: String?
    private var problem: Rejection?

    init(_ json: [UInt8], _ identity: Identity) throws(JSONFailure) {
        var scanner = JSONScanner(json)
        try scanner.object { (scanner, key) throws(JSONFailure) in
            if try scanner.peek() == .null { return try scanner.null() }
            switch key {
            case "ts": at = try scanner.integer()
            case "sample_rate_hz": rate = try scanner.double()
            case "unit": unit = try scanner.string()
            case "encoding": encoding = try scanner.string()
            case "scale": scale = try scanner.double()
            case "rpm": rpm = try scanner.double()
            case "seq": sequence = try scanner.integer()
            case "n": samples = try scanner.integer()
            case "part": part = try scanner.integer()
            case "of": of = try scanner.integer()
            case "samples_base64": base64 = try scanner.string()
            default: if try !identity.takes(key, &scanner, { problem = problem ?? $0 }) { try scanner.skip() }
            }
        }
        try scanner.end()
    }

    func part(of bytes: [UInt8], site: SiteID?, point: PointID, origin: Origin) throws(Rejection) -> WaveformPart {
        if let problem { throw problem }
        guard let at else { throw Rejection(.missingTime, "“ts” is missing: milliseconds since 1970") }
        guard let rate, Limits.sampleRate.contains(rate) else {
            throw Rejection(.badWaveform, "“sample_rate_hz” is missing or not within \(Limits.sampleRate)")
        }
        guard let unit = unit.flatMap(WaveformUnit.init(rawValue:)) else {
            let known = WaveformUnit.allCases.map(\.rawValue).joined(separator: ", ")
            throw Rejection(.unknownUnit, "“unit” is one of \(known), not “\(unit?.prefix(32) ?? "")”")
        }
        guard let encoding = encoding.flatMap(SampleEncoding.init(rawValue:)) else {
            let known = SampleEncoding.allCases.map(\.rawValue).joined(separator: ", ")
            throw Rejection(.badWaveform, "“encoding” is one of \(known), not “\(encoding?.prefix(32) ?? "")”")
        }
        guard let scale = scale ?? (encoding == .float32le ? 1 : nil), scale > 0 else {
            throw Rejection(.badWaveform, "“scale” is missing or not above 0: \(unit.rawValue) per count")
        }
        if let rpm, !Measure.speed.plausible.contains(rpm) {
            throw Rejection(.implausibleValue, "“rpm” is \(rpm); between \(Measure.speed.plausible) is possible")
        }
        let (part, of) = (part ?? 1, of ?? 1)
        guard (1...Int64(Limits.waveformParts)).contains(of), (1...of).contains(part) else {
            throw Rejection(.badWaveform, "part \(part) of \(of): 1 to “of”, which is at most \(Limits.waveformParts)")
        }
        let samples = try count(bytes, encoding, of: of)
        return WaveformPart(
            point: point, site: site, at: Instant(milliseconds: at), sampleRate: rate, unit: unit, encoding: encoding,
            scale: scale, rpm: rpm, sequence: sequence, samples: samples, part: Int(part), of: Int(of), bytes: bytes,
            origin: origin)
    }

    /// The samples of the whole record, once what came agrees with it.
    private func count(_ bytes: [UInt8], _ encoding: SampleEncoding, of: Int64) throws(Rejection) -> Int {
        guard !bytes.isEmpty, bytes.count.isMultiple(of: encoding.bytes), bytes.count <= Limits.waveformPart else {
            throw Rejection(
                .badWaveform,
                "\(bytes.count) bytes of samples: whole \(encoding.rawValue) samples, at most "
                    + "\(Limits.waveformPart) bytes a part")
        }
        let here = bytes.count / encoding.bytes
        guard let samples = self.samples ?? (of == 1 ? Int64(here) : nil) else {
            throw Rejection(.badWaveform, "“n” is missing: samples of the whole record of \(of) parts")
        }
        let isConsistent = of == 1 ? samples == here : samples > here && samples <= Limits.waveformSamples
        guard isConsistent else {
            throw Rejection(
                .badWaveform,
                "\(here) samples came; “n” says \(samples) in \(of) parts, at most "
                    + "\(Limits.waveformSamples)")
        }
        guard encoding != .float32le || Self.areFinite(bytes) else {
            throw Rejection(.notFinite, "a sample is NaN or infinite")
        }
        return Int(samples)
    }

    /// An exponent of all ones is NaN or an infinity.
    private static func areFinite(_ floats: [UInt8]) -> Bool {
        stride(from: 0, to: floats.count, by: 4).allSatisfy {
            floats[$0 + 3] & 0x7F != 0x7F || floats[$0 + 2] & 0x80 == 0
        }
    }
}
