import Domain

/// A moment as people write it for machines, with the offset of the clock that they read: `2026-01-01T08:00:00+08:00`.
///
/// Strict: a date without a time, a time without a zone or the 30th of February is an error, never a guess.
struct StampTime: Hashable, Sendable {
    let instant: Instant
    /// East of UTC.
    let offsetSeconds: Int

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    static let form = "write it like 2026-01-01T08:00:00+08:00 (or …Z for UTC; fractions of a second may follow)"

    init(_ text: String) throws(Malformed) {
        var rest = Substring(text).utf8
        let year = try Self.number(&rest, 4, 1970...9999, "year", until: "-")
        let month = try Self.number(&rest, 2, 1...12, "month", until: "-")
        let day = try Self.number(&rest, 2, 1...Self.days(in: month, of: year), "day", until: "T")
        let hour = try Self.number(&rest, 2, 0...23, "hour", until: ":")
        let minute = try Self.number(&rest, 2, 0...59, "minute", until: ":")
        let second = try Self.number(&rest, 2, 0...59, "second", until: nil)
        let milliseconds = try Self.fraction(&rest)
        offsetSeconds = try Self.offset(&rest)
        let ofDay = Int64(hour * 3600 + minute * 60 + second - offsetSeconds)
        instant = Instant(milliseconds: (Self.day(year, month, day) * 86_400 + ofDay) * 1000 + Int64(milliseconds))
    }

    private static func number(
        _ rest: inout Substring.UTF8View, _ digits: Int, _ range: ClosedRange<Int>, _ name: String,
        until separator: Character?
    ) throws(Malformed) -> Int {
        let text = rest.prefix(digits)
        guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(Substring(text))
        else {
            throw Malformed(description: "the \(name) needs \(digits) digits: \(form)")
        }
        guard range.contains(value) else {
            throw Malformed(description: "the \(name) is \(range.lowerBound)–\(range.upperBound): \(form)")
        }
        rest = rest.dropFirst(digits)
        guard let separator else { return value }
        guard rest.first == separator.asciiValue else {
            throw Malformed(description: "“\(separator)” must follow the \(name): \(form)")
        }
        rest = rest.dropFirst()
        return value
    }

    /// `.5`, `.123456`: cut off to whole milliseconds.
    private static func fraction(_ rest: inout Substring.UTF8View) throws(Malformed) -> Int {
        guard rest.first == UInt8(ascii: ".") else { return 0 }
        let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count) else {
            throw Malformed(description: "a fraction has 1–9 digits: \(form)")
        }
        rest = rest.dropFirst(1 + digits.count)
        return [100, 10, 1].enumerated().reduce(0) { sum, place in
            sum + Int(digits.dropFirst(place.offset).first.map { $0 - 0x30 } ?? 0) * place.element
        }
    }

    /// The whole of what is left.
    private static func offset(_ rest: inout Substring.UTF8View) throws(Malformed) -> Int {
        let sign = rest.first
        rest = rest.dropFirst()
        if sign == UInt8(ascii: "Z"), rest.isEmpty { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { throw Malformed(description: end) }
        let hours = try number(&rest, 2, 0...14, "offset's hour", until: ":")
        let minutes = try number(&rest, 2, 0...59, "offset's minute", until: nil)
        // No clock on earth is further from UTC than 14 hours.
        guard rest.isEmpty, hours * 60 + minutes <= 14 * 60 else { throw Malformed(description: end) }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    private static let end = "the time ends in its offset from UTC, and nothing else: \(form)"

    private static func days(in month: Int, of year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01. Civil date to days after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private static func day(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}
