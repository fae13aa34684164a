import Domain

/// Why bytes are not the JSON that was expected.
enum JSONFailure: Error, Equatable {
    /// Not RFC 8259 at this byte.
    case syntax(at: Int)
    /// Deeper than `Limits.jsonDepth`.
    case tooDeep
    /// Another type than expected.
    case type(expected: String)
    /// `NaN`, `Infinity` or a number beyond Double.
    case notFinite
}

/// A strict pull parser over bytes: no tree, no allocation for what the caller doesn't ask for.
///
/// The caller knows the shape and pulls; what it doesn't know it skips, and may keep the raw bytes of.
struct JSONScanner {
    private let bytes: [UInt8]
    private(set) var index: Int
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        index = 0
        // A byte-order mark is what Windows tools leave behind.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        skipBlanks()
    }

    enum Kind { case object, array, string, number, boolean, null }

    /// What comes next.
    func peek() throws(JSONFailure) -> Kind {
        switch try byte() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t") where stands("true"), UInt8(ascii: "f") where stands("false"): return .boolean
        case UInt8(ascii: "n") where stands("null"): return .null
        case UInt8(ascii: "N") where stands("NaN"), UInt8(ascii: "I") where stands("Infinity"): throw .notFinite
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw .syntax(at: index)
        }
    }

    /// Calls `field` for each key with the scanner at its value; `field` must consume the value.
    mutating func object(
        _ field: (inout JSONScanner, _ key: String) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        guard try peek() == .object else { throw .type(expected: "object") }
        try enter()
        if try !consume("}") {
            repeat {
                let key = try string()
                guard try consume(":") else { throw .syntax(at: index) }
                try field(&self, key)
            } while try consume(",")
            guard try consume("}") else { throw .syntax(at: index) }
        }
        depth -= 1
    }

    /// Calls `element` with the scanner at each element; `element` must consume it.
    mutating func array(_ element: (inout JSONScanner) throws(JSONFailure) -> Void) throws(JSONFailure) {
        guard try peek() == .array else { throw .type(expected: "array") }
        try enter()
        if try !consume("]") {
            repeat { try element(&self) } while try consume(",")
            guard try consume("]") else { throw .syntax(at: index) }
        }
        depth -= 1
    }

    /// Consumes one value of any kind; returns where it stood.
    @discardableResult
    mutating func skip() throws(JSONFailure) -> Range<Int> {
        let start = index
        switch try peek() {
        case .object: try object { (scanner, _) throws(JSONFailure) in try scanner.skip() }
        case .array: try array { (scanner) throws(JSONFailure) in try scanner.skip() }
        case .string: _ = try string()
        case .number: _ = try numberText()
        case .boolean: _ = try boolean()
        case .null: try null()
        }
        var end = index
        while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The raw text of a range that `skip` returned.
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Throws unless everything was consumed.
    func end() throws(JSONFailure) {
        if index != bytes.count { throw .syntax(at: index) }
    }

    mutating func double() throws(JSONFailure) -> Double {
        guard try peek() == .number else { throw .type(expected: "number") }
        guard let value = Double(text(try numberText())), value.isFinite else { throw .notFinite }
        return value
    }

    /// An integer, exactly; `17.0` and `1e3` are integers too.
    mutating func integer() throws(JSONFailure) -> Int64 {
        guard try peek() == .number else { throw .type(expected: "integer") }
        let digits = text(try numberText())
        if let value = Int64(digits) { return value }
        guard let value = Double(digits), value.isFinite else { throw .notFinite }
        guard let exact = Int64(exactly: value) else { throw .type(expected: "integer") }
        return exact
    }

    mutating func boolean() throws(JSONFailure) -> Bool {
        guard try peek() == .boolean else { throw .type(expected: "boolean") }
        if literal("true") { return true }
        if literal("false") { return false }
        throw .syntax(at: index)
    }

    mutating func null() throws(JSONFailure) {
        guard try peek() == .null else { throw .type(expected: "null") }
        guard literal("null") else { throw .syntax(at: index) }
    }

    mutating func string() throws(JSONFailure) -> String {
        guard try peek() == .string else { throw .type(expected: "string") }
        index += 1
        let start = index
        var hasEscape = false
        while true {
            switch try byte() {
            case UInt8(ascii: "\""):
                let raw = bytes[start..<index]
                index += 1
                skipBlanks()
                return hasEscape ? try unescape(raw) : try validated(raw)
            case UInt8(ascii: "\\"):
                hasEscape = true
                index += 2
            case 0..<0x20: throw .syntax(at: index)
            default: index += 1
            }
        }
    }
}

// MARK: - Below the values

extension JSONScanner {
    private func byte() throws(JSONFailure) -> UInt8 {
        guard index < bytes.count else { throw .syntax(at: bytes.count) }
        return bytes[index]
    }

    private static func isBlank(_ c: UInt8) -> Bool { c == 0x20 || c == 0x0A || c == 0x0D || c == 0x09 }

    private mutating func skipBlanks() {
        while index < bytes.count, Self.isBlank(bytes[index]) { index += 1 }
    }

    private mutating func enter() throws(JSONFailure) {
        depth += 1
        guard depth <= Limits.jsonDepth else { throw .tooDeep }
        index += 1
        skipBlanks()
    }

    private mutating func consume(_ character: Unicode.Scalar) throws(JSONFailure) -> Bool {
        guard try byte() == UInt8(ascii: character) else { return false }
        index += 1
        skipBlanks()
        return true
    }

    /// Whether `word` comes next: a letter alone would call any text a boolean.
    private func stands(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard index + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
        return true
    }

    private mutating func literal(_ word: StaticString) -> Bool {
        guard stands(word) else { return false }
        index += word.utf8CodeUnitCount
        skipBlanks()
        return true
    }

    /// RFC 8259 §6; returns where the number stands, without converting it.
    private mutating func numberText() throws(JSONFailure) -> Range<Int> {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        if stands("Infinity") { throw .notFinite }
        if try byte() == UInt8(ascii: "0") { index += 1 } else { try digits() }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            try digits()
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            let sign = try byte()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        let end = index
        skipBlanks()
        return start..<end
    }

    private mutating func digits() throws(JSONFailure) {
        let start = index
        while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 { index += 1 }
        if index == start { throw .syntax(at: index) }
    }

    private func validated(_ raw: ArraySlice<UInt8>) throws(JSONFailure) -> String {
        guard let text = String(validating: raw, as: UTF8.self) else { throw .syntax(at: raw.startIndex) }
        return text
    }

    private func unescape(_ raw: ArraySlice<UInt8>) throws(JSONFailure) -> String {
        var units: [UInt16] = []
        var position = raw.startIndex
        var plain = position
        func flush(to end: Int) throws(JSONFailure) {
            units.append(contentsOf: try validated(raw[plain..<end]).utf16)
        }
        while position < raw.endIndex {
            guard raw[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            try flush(to: position)
            // `string()` never ends a string on a backslash, so one byte follows.
            let (unit, length) = try escape(raw, at: position + 1)
            units.append(unit)
            position += 1 + length
            plain = position
        }
        try flush(to: raw.endIndex)
        guard let text = String(validating: units, as: UTF16.self) else { throw .syntax(at: raw.startIndex) }
        return text
    }

    private func escape(_ raw: ArraySlice<UInt8>, at position: Int) throws(JSONFailure) -> (UInt16, length: Int) {
        switch raw[position] {
        case UInt8(ascii: "n"): return (0x0A, 1)
        case UInt8(ascii: "t"): return (0x09, 1)
        case UInt8(ascii: "r"): return (0x0D, 1)
        case UInt8(ascii: "b"): return (0x08, 1)
        case UInt8(ascii: "f"): return (0x0C, 1)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return (UInt16(raw[position]), 1)
        case UInt8(ascii: "u"):
            let hex = raw[(position + 1)...].prefix(4)
            guard hex.count == 4, hex.allSatisfy(Self.isHexDigit),
                let unit = UInt16(String(decoding: hex, as: UTF8.self), radix: 16)
            else { throw .syntax(at: position) }
            return (unit, 5)
        default: throw .syntax(at: position)
        }
    }

    private static func isHexDigit(_ c: UInt8) -> Bool {
        (0x30...0x39).contains(c) || (0x61...0x66).contains(c | 0x20)
    }
}
