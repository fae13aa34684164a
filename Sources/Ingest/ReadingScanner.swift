import Domain

/// The native reading format at line rate: what gateways send all day, and nothing else.
///
/// It knows the keys by their length and reads numbers that are exact in a Double. Whatever is not plain (another
/// key, null, an escape, an exponent, a value that cannot be) it leaves to `ReadingDecoder`, which is strict, slow and
/// has the reasons: `scan` answers nil, and nothing was lost but a few nanoseconds.
struct ReadingScanner {
    /// Unsafe for its speed; every access stands behind a comparison with `count`.
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// All readings of a payload, as they stand; nil when the payload is not plain.
    static func scan(_ payload: [UInt8]) -> [Reading]? {
        payload.withUnsafeBufferPointer { bytes in
            var scanner = ReadingScanner(bytes)
            return scanner.readings()
        }
    }

    private mutating func readings() -> [Reading]? {
        var readings: [Reading] = []
        blanks()
        if take(UInt8(ascii: "[")) {
            repeat {
                blanks()
                guard let reading = reading() else { return nil }
                readings.append(reading)
                blanks()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { return nil }
        } else {
            guard let reading = reading() else { return nil }
            readings.append(reading)
        }
        blanks()
        return index == bytes.count ? readings : nil
    }

    private mutating func reading() -> Reading? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var at: Int64?
        var reading = Reading(at: Instant(milliseconds: 0), values: Measures())
        repeat {
            blanks()
            guard let key = key(), skipColon() else { return nil }
            switch key {
            case .time:
                guard let time = integer() else { return nil }
                at = time
            case .sequence:
                guard let sequence = integer() else { return nil }
                reading.sequence = sequence
            case .measure(.running):
                guard let value = truth() else { return nil }
                reading.values[.running] = value
            case .measure(let measure):
                guard let value = decimal(), measure.plausible.contains(value) else { return nil }
                reading.values[measure] = value
            }
            blanks()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")), let at, !reading.values.isEmpty else { return nil }
        reading.at = Instant(milliseconds: at)
        return reading
    }

    // MARK: Keys

    private enum Key {
        case time, sequence
        case measure(Measure)
    }

    /// By length: no two keys have the same.
    private static let keys: [(name: [UInt8], key: Key)?] = {
        let all: [(String, Key)] =
            [("ts", .time), ("seq", .sequence)] + Measure.allCases.map { ($0.name, .measure($0)) }
        var table = [(name: [UInt8], key: Key)?](repeating: nil, count: 32)
        for (name, key) in all {
            precondition(table[name.utf8.count] == nil, "two keys of one length")
            table[name.utf8.count] = (Array(name.utf8), key)
        }
        return table
    }()

    private mutating func key() -> Key? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += 1 }
        let length = index - start
        guard index < bytes.count, length < Self.keys.count, let entry = Self.keys[length] else { return nil }
        for offset in 0..<length where bytes[start + offset] != entry.name[offset] { return nil }
        index += 1
        return entry.key
    }

    private mutating func skipColon() -> Bool {
        blanks()
        guard take(UInt8(ascii: ":")) else { return false }
        blanks()
        return true
    }

    // MARK: Values

    /// Up to 18 digits: more than any time or number needs, less than overflows.
    private mutating func digits() -> (value: UInt64, count: Int)? {
        let start = index
        var value: UInt64 = 0
        while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
            value = value &* 10 &+ UInt64(digit)
            index += 1
        }
        let count = index - start
        guard 1...18 ~= count, count == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        return (value, count)
    }

    private mutating func integer() -> Int64? {
        let isNegative = take(UInt8(ascii: "-"))
        guard let value = digits()?.value, endsNumber() else { return nil }
        return isNegative ? -Int64(value) : Int64(value)
    }

    /// Exact where mantissa and power of ten both are in a Double (Clinger 1990): the quotient is rounded once.
    private mutating func decimal() -> Double? {
        let isNegative = take(UInt8(ascii: "-"))
        guard let (whole, count) = digits() else { return nil }
        var mantissa = whole
        var places = 0
        if take(UInt8(ascii: ".")) {
            while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
                guard count + places < 18 else { return nil }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                places += 1
                index += 1
            }
            guard places > 0 else { return nil }
        }
        guard mantissa < 1 << 53, endsNumber() else { return nil }
        let value = places == 0 ? Double(mantissa) : Double(mantissa) / Self.powers[places]
        return isNegative ? -value : value
    }

    private static let powers: InlineArray<19, Double> = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    ]

    /// Whether the number is over: no fraction, no exponent.
    private func endsNumber() -> Bool {
        guard index < bytes.count else { return false }
        switch bytes[index] {
        case UInt8(ascii: ","), UInt8(ascii: "}"), 0x20, 0x0A, 0x0D, 0x09: return true
        default: return false
        }
    }

    private mutating func truth() -> Double? {
        if word("true") { return 1 }
        if word("false") { return 0 }
        guard let number = integer(), 0...1 ~= number else { return nil }
        return Double(number)
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard index + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
        index += count
        return true
    }

    // MARK: Bytes

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func blanks() {
        while index < bytes.count, bytes[index] <= 0x20 {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }
}
