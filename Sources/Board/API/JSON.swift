import Domain

/// An answer of the API, written as it is shaped: keys in order, null where there is nothing.
enum JSON: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([(String, JSON)])
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSON {
    init(_ value: Bool) { self = .bool(value) }
    init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
    init(_ value: Int64?) { self = value.map(JSON.int) ?? .null }
    init(_ value: Double?) { self = value.map(JSON.double) ?? .null }
    init(_ value: String?) { self = value.map(JSON.string) ?? .null }
    init(_ time: Instant?) { self.init(time?.milliseconds) }
    init(_ name: LocalName?) { self = name.map { ["zh": .string($0.zh), "en": .string($0.en)] } ?? .null }
    init(_ values: [String: String]) {
        self = .object(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }
    init(_ values: [JSON]) { self = .array(values) }

    /// An object with the fields of both.
    func with(_ more: JSON) -> JSON {
        guard case .object(let mine) = self, case .object(let others) = more else { return self }
        return .object(mine + others)
    }

    var text: String {
        var out = ""
        write(to: &out)
        return out
    }

    private func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .int(let value): out += String(value)
        // JSON has no word for what is not a number.
        case .double(let value): out += value.isFinite ? "\(value)" : "null"
        case .string(let value): JSON.quote(value, to: &out)
        case .array(let values):
            out += "["
            for (index, value) in values.enumerated() {
                if index > 0 { out += "," }
                value.write(to: &out)
            }
            out += "]"
        case .object(let fields):
            out += "{"
            for (index, (key, value)) in fields.enumerated() {
                if index > 0 { out += "," }
                JSON.quote(key, to: &out)
                out += ":"
                value.write(to: &out)
            }
            out += "}"
        }
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            // Control characters may not stand bare; the two separators end a line in a script; "<" opens a tag.
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}", "<":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
