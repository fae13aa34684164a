import Domain

/// Why bytes are not the CBOR that was expected.
enum CBORFailure: Error, Equatable {
    /// They end before the item does.
    case truncated
    /// Not RFC 8949 at this byte.
    case malformed(at: Int)
    /// Deeper than `Limits.jsonDepth`.
    case tooDeep
}

/// A strict pull reader of CBOR (RFC 8949): nothing is allocated for what the message only claims to hold.
struct CBORReader {
    private let bytes: [UInt8]
    private(set) var index = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // “This is CBOR” (tag 55799) means nothing more.
        if bytes.starts(with: [0xD9, 0xD9, 0xF7]) { index = 3 }
    }

    /// A data item; what has items inside is read with `array` and `map`.
    enum Item: Equatable {
        case integer(Int64)
        case number(Double)
        case text(String)
        case bytes(ArraySlice<UInt8>)
        case boolean(Bool)
        case null
        /// An integer beyond 64 bits, an array, a map, a tag, a simple value: skipped whole; the word says which.
        case other(String)
    }

    var isAtEnd: Bool { index == bytes.count }

    /// Calls `element` for each element of the array that comes next; it must consume one item.
    mutating func array(_ element: (inout CBORReader) throws(CBORFailure) -> Void) throws(CBORFailure) {
        try container(major: 4, element)
    }

    /// Calls `pair` for each pair of the map that comes next; it must consume two items.
    mutating func map(_ pair: (inout CBORReader) throws(CBORFailure) -> Void) throws(CBORFailure) {
        try container(major: 5, pair)
    }

    /// Whether a map comes next.
    var isAtMap: Bool { index < bytes.count && bytes[index] >> 5 == 5 }

    /// The next item, whatever it is.
    mutating func item() throws(CBORFailure) -> Item {
        let start = index
        let head = try head()
        switch (head.major, head.argument) {
        case (0, let n?): return Int64(exactly: n).map(Item.integer) ?? .number(Double(n))
        case (1, let n?): return Int64(exactly: n).map { .integer(-1 - $0) } ?? .number(-1 - Double(n))
        case (2, _): return .bytes(try string(head, at: start))
        case (3, _):
            guard let text = String(validating: try string(head, at: start), as: UTF8.self) else {
                throw .malformed(at: start)
            }
            return .text(text)
        case (6, 4?) where index < bytes.count && bytes[index] >> 5 == 4: return try decimalFraction()
        case (4, _), (5, _), (6, _):
            index = start
            try skipNested()
            return .other(head.major == 4 ? "an array" : head.major == 5 ? "a map" : "a tagged value")
        case (7, let bits?): return try simple(head, bits, at: start)
        default: throw .malformed(at: start)
        }
    }
}

// MARK: - Below the items

extension CBORReader {
    private struct Head {
        var major: UInt8
        var info: UInt8
        /// nil: of indefinite length.
        var argument: UInt64?
    }

    private mutating func head() throws(CBORFailure) -> Head {
        guard index < bytes.count else { throw .truncated }
        let (major, info) = (bytes[index] >> 5, bytes[index] & 0x1F)
        let start = index
        index += 1
        switch info {
        case 0..<24: return Head(major: major, info: info, argument: UInt64(info))
        case 24...27:
            let width = 1 << Int(info - 24)
            guard bytes.count - index >= width else { throw .truncated }
            var argument: UInt64 = 0
            for byte in bytes[index..<(index + width)] { argument = argument << 8 | UInt64(byte) }
            index += width
            return Head(major: major, info: info, argument: argument)
        case 31 where (2...5).contains(major): return Head(major: major, info: info, argument: nil)
        default: throw .malformed(at: start)
        }
    }

    /// Whether the end of something of indefinite length comes next; consumes it.
    private mutating func isBreak() throws(CBORFailure) -> Bool {
        guard index < bytes.count else { throw .truncated }
        guard bytes[index] == 0xFF else { return false }
        index += 1
        return true
    }

    private mutating func container(
        major: UInt8, _ element: (inout CBORReader) throws(CBORFailure) -> Void
    ) throws(CBORFailure) {
        let start = index
        let head = try head()
        guard head.major == major else { throw .malformed(at: start) }
        try enter()
        if let count = head.argument {
            // Each element takes a byte at least, so a false count ends with the bytes.
            var rest = count
            while rest > 0 {
                try element(&self)
                rest -= 1
            }
        } else {
            while try !isBreak() { try element(&self) }
        }
        depth -= 1
    }

    private mutating func enter() throws(CBORFailure) {
        depth += 1
        guard depth <= Limits.jsonDepth else { throw .tooDeep }
    }

    private mutating func skipNested() throws(CBORFailure) {
        switch bytes[index] >> 5 {
        case 4: try array { (reader) throws(CBORFailure) in _ = try reader.item() }
        case 5:
            try map { (reader) throws(CBORFailure) in
                _ = try reader.item()
                _ = try reader.item()
            }
        default:
            _ = try head()
            try enter()
            _ = try item()
            depth -= 1
        }
    }

    /// `[exponent, mantissa]`: RFC 8949 §3.4.4, the one tag that SenML numbers may have (RFC 8428 §6).
    private mutating func decimalFraction() throws(CBORFailure) -> Item {
        var parts: [Item] = []
        try array { (reader) throws(CBORFailure) in
            let part = try reader.item()
            if parts.count < 3 { parts.append(part) }
        }
        guard parts.count == 2, case .integer(let exponent) = parts[0], case .integer(let mantissa) = parts[1],
            (-400...400).contains(exponent), let number = Double("\(mantissa)e\(exponent)")
        else { return .other("a tagged value") }
        return .number(number)
    }

    private mutating func string(_ head: Head, at start: Int) throws(CBORFailure) -> ArraySlice<UInt8> {
        if let count = head.argument { return try take(count) }
        var whole: [UInt8] = []
        while try !isBreak() {
            let chunk = try self.head()
            guard chunk.major == head.major, let count = chunk.argument else { throw .malformed(at: start) }
            whole += try take(count)
        }
        return whole[...]
    }

    private mutating func take(_ count: UInt64) throws(CBORFailure) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.count - index) else { throw .truncated }
        defer { index += Int(count) }
        return bytes[index..<(index + Int(count))]
    }

    private func simple(_ head: Head, _ bits: UInt64, at start: Int) throws(CBORFailure) -> Item {
        switch head.info {
        case 20: .boolean(false)
        case 21: .boolean(true)
        case 22, 23: .null
        case 25: .number(Double(Float16(bitPattern: UInt16(bits))))
        case 26: .number(Double(Float(bitPattern: UInt32(bits))))
        case 27: .number(Double(bitPattern: bits))
        case 24 where bits < 32: throw .malformed(at: start)
        default: .other("a simple value")
        }
    }
}
