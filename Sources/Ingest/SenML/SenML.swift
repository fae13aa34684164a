import Domain

/// SenML (RFC 8428) as JSON or CBOR: one or many records in an array.
///
///     [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1767225600.123, "n": "velrms", "u": "mm/s", "v": 2.31}, …]
///
/// Topic `fieldloop/v1/{site}/senml`. A pack that begins with `[` is JSON, any other CBOR. A record's full name (base
/// name and name) says what it measures: a row of `sources.csv` names it by its two halves (`urn:dev:mac:0024befffe804ff1`,
/// `velrms`) or whole (no sender), or it reads `…{asset}:{point}:{measure}` by itself, with `:` or `/`. Units are those of
/// the SenML registry, where `g` is gram; `mm/s` and other secondary units are taken too. Times below 2²⁸ are relative to
/// the arrival, so a redelivered message with such a time is a second reading. Sums, texts and data are no measures.
func decodeSenML(
    _ payload: [UInt8], site: SiteID?, sources: SourceMap, now: Instant, origin: Origin
) throws(Rejection) -> Decoded {
    var pack = SenMLPack(site: site, sources: sources, now: now, origin: origin)
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
    switch payload.first(where: { !blanks.contains($0) }) {
    case UInt8(ascii: "["), UInt8(ascii: "{"): try takeJSON(payload, into: &pack)
    default: try takeCBOR(payload, into: &pack)
    }
    return try pack.finish()
}

// MARK: - JSON

private func takeJSON(_ payload: [UInt8], into pack: inout SenMLPack) throws(Rejection) {
    var records: [Result<SenMLRecord, Rejection>] = []
    do throws(JSONFailure) {
        var scanner = JSONScanner(payload)
        if try scanner.peek() == .object {
            records.append(try record(&scanner))
        } else {
            try scanner.array { (scanner) throws(JSONFailure) in records.append(try record(&scanner)) }
        }
        try scanner.end()
    } catch {
        throw Rejection(error)
    }
    for record in records { try pack.take(try record.get()) }
}

private func record(_ scanner: inout JSONScanner) throws(JSONFailure) -> Result<SenMLRecord, Rejection> {
    var record = SenMLRecord()
    guard try scanner.peek() == .object else {
        try scanner.skip()
        record.refuse(Rejection(.wrongShape, "a SenML record is an object"))
        return .success(record)
    }
    var fatal: Rejection?
    try scanner.object { (scanner, key) throws(JSONFailure) in
        let value = try value(&scanner)
        do throws(Rejection) { try record.take(key, value) } catch { fatal = error }
    }
    return fatal.map(Result.failure) ?? .success(record)
}

private func value(_ scanner: inout JSONScanner) throws(JSONFailure) -> SenMLValue {
    switch try scanner.peek() {
    case .string: return .text(try scanner.string())
    case .boolean: return .boolean(try scanner.boolean())
    // Beyond a Double it costs its record, not the message.
    case .number: return .number(Double(scanner.text(try scanner.skip())) ?? .nan)
    case .null, .object, .array:
        try scanner.skip()
        return .other("null, an object or an array")
    }
}

// MARK: - CBOR

private func takeCBOR(_ payload: [UInt8], into pack: inout SenMLPack) throws(Rejection) {
    var records: [Result<SenMLRecord, Rejection>] = []
    do throws(CBORFailure) {
        var reader = CBORReader(payload)
        if reader.isAtMap {
            records.append(try record(&reader))
        } else {
            try reader.array { (reader) throws(CBORFailure) in records.append(try record(&reader)) }
        }
        guard reader.isAtEnd else { throw .malformed(at: reader.index) }
    } catch {
        throw Rejection(error)
    }
    for record in records { try pack.take(try record.get()) }
}

private func record(_ reader: inout CBORReader) throws(CBORFailure) -> Result<SenMLRecord, Rejection> {
    var record = SenMLRecord()
    guard reader.isAtMap else {
        _ = try reader.item()
        record.refuse(Rejection(.wrongShape, "a SenML record is a map"))
        return .success(record)
    }
    var fatal: Rejection?
    try reader.map { (reader) throws(CBORFailure) in
        let (label, value) = (try reader.item(), SenMLValue(try reader.item()))
        switch label {
        case .integer(let number):
            if let field = SenMLField(number: number) { record.take(field, value) }
        case .text(let name): do throws(Rejection) { try record.take(name, value) } catch { fatal = error }
        default: record.refuse(Rejection(.wrongShape, "a label is an integer or a text"))
        }
    }
    return fatal.map(Result.failure) ?? .success(record)
}

extension SenMLValue {
    fileprivate init(_ item: CBORReader.Item) {
        switch item {
        case .integer(let n): self = .number(Double(n))
        case .number(let n): self = .number(n)
        case .text(let text): self = .text(text)
        case .boolean(let boolean): self = .boolean(boolean)
        case .bytes: self = .other("bytes")
        case .null: self = .other("null")
        case .other(let what): self = .other(what)
        }
    }
}

extension Rejection {
    fileprivate init(_ failure: CBORFailure) {
        switch failure {
        case .truncated: self.init(.truncated, "the CBOR ends in the middle; SenML as JSON begins with [")
        case .malformed(let at): self.init(.badPayload, "no SenML: neither JSON ([) nor CBOR at byte \(at)")
        case .tooDeep: self.init(.badPayload, "CBOR nested deeper than \(Limits.jsonDepth)")
        }
    }
}
