import Domain

/// A field of a SenML record (RFC 8428, table 4), by its label in JSON; `number` is the one in CBOR.
enum SenMLField: String {
    case baseVersion = "bver", baseName = "bn", baseTime = "bt", baseUnit = "bu", baseValue = "bv", baseSum = "bs"
    case name = "n", unit = "u", value = "v", text = "vs", boolean = "vb", sum = "s", time = "t", update = "ut"
    case data = "vd"

    init?(number: Int64) {
        switch number {
        case -1: self = .baseVersion
        case -2: self = .baseName
        case -3: self = .baseTime
        case -4: self = .baseUnit
        case -5: self = .baseValue
        case -6: self = .baseSum
        case 0: self = .name
        case 1: self = .unit
        case 2: self = .value
        case 3: self = .text
        case 4: self = .boolean
        case 5: self = .sum
        case 6: self = .time
        case 7: self = .update
        case 8: self = .data
        default: return nil
        }
    }
}

/// A field's value, from JSON or CBOR.
enum SenMLValue: Equatable {
    case number(Double)
    case text(String)
    case boolean(Bool)
    /// Nothing that any field takes; the word says what.
    case other(String)
}

/// A record as it stands in the message, before the base is applied.
struct SenMLRecord {
    private var fields: [SenMLField: SenMLValue] = [:]
    /// The first thing that is wrong with it.
    private(set) var problem: Rejection?

    /// A field of a JSON object, or one with a text label in CBOR.
    mutating func take(_ label: String, _ value: SenMLValue) throws(Rejection) {
        if let field = SenMLField(rawValue: label) { return take(field, value) }
        if label == "e", case .other = value {
            let detail = "“e” held the entries in drafts before RFC 8428; now a pack is an array of records"
            return refuse(Rejection(.noMeasure, detail))
        }
        // What we don't know we may ignore, unless its name ends so (§4.4): then nothing it touches can be trusted,
        // and a base field touches all that follows.
        guard label.hasSuffix("_") else { return }
        let rejection = Rejection(
            .wrongShape, "“\(label.prefix(64))” must be understood (RFC 8428 §4.4), and we don't know it")
        if label.hasPrefix("b") { throw rejection }
        refuse(rejection)
    }

    mutating func take(_ field: SenMLField, _ value: SenMLValue) {
        if fields.updateValue(value, forKey: field) != nil {
            refuse(Rejection(.wrongShape, "“\(field.rawValue)” stands twice in one record"))
        }
    }

    mutating func refuse(_ rejection: Rejection) { problem = problem ?? rejection }

    func contains(_ field: SenMLField) -> Bool { fields[field] != nil }

    var isEmpty: Bool { fields.isEmpty }

    /// nil when the field is absent.
    func number(_ field: SenMLField) throws(Rejection) -> Double? {
        switch fields[field] {
        case nil: return nil
        case .number(let number)? where number.isFinite: return number
        case .number(let number)?: throw Rejection(.notFinite, "“\(field.rawValue)” is \(number)")
        case let other?: throw wrong(field, "number", other)
        }
    }

    /// nil when the field is absent.
    func text(_ field: SenMLField) throws(Rejection) -> String? {
        switch fields[field] {
        case nil: return nil
        case .text(let text)?: return text
        case let other?: throw wrong(field, "text", other)
        }
    }

    /// nil when the field is absent.
    func boolean(_ field: SenMLField) throws(Rejection) -> Bool? {
        switch fields[field] {
        case nil: return nil
        case .boolean(let boolean)?: return boolean
        case let other?: throw wrong(field, "boolean", other)
        }
    }

    /// Its value as JSON, to be kept aside; nil when that can't be.
    var json: String? {
        for field in [SenMLField.value, .text, .boolean, .sum] {
            switch fields[field] {
            case .number(let number)? where number.isFinite: return "\(number)"
            case .text(let text)?: return jsonString(text)
            case .boolean(let boolean)?: return "\(boolean)"
            default: continue
            }
        }
        return nil
    }

    private func wrong(_ field: SenMLField, _ expected: String, _ value: SenMLValue) -> Rejection {
        let found =
            switch value {
            case .number: "a number"
            case .text: "a text"
            case .boolean: "a boolean"
            case .other(let what): what
            }
        return Rejection(.wrongType, "“\(field.rawValue)” is \(found), no \(expected)")
    }
}
