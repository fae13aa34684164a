/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z, the resolution that readings carry.
///
/// Time is an argument everywhere in the domain; nothing here reads a clock.
public struct Instant: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }

    /// Saturates at the ends of the range: a hostile timestamp must not trap.
    public static func + (a: Instant, span: Duration) -> Instant {
        let (sum, overflow) = a.milliseconds.addingReportingOverflow(span.milliseconds)
        return Instant(milliseconds: overflow ? (span.milliseconds > 0 ? .max : .min) : sum)
    }

    public static func - (a: Instant, span: Duration) -> Instant { a + .milliseconds(-span.milliseconds) }

    /// The time from `b` to `a`, saturated.
    public static func - (a: Instant, b: Instant) -> Duration {
        let (difference, overflow) = a.milliseconds.subtractingReportingOverflow(b.milliseconds)
        return .milliseconds(overflow ? (a.milliseconds > b.milliseconds ? Int64.max : Int64.min + 1) : difference)
    }
}

extension Duration {
    /// Whole milliseconds, truncated towards zero, saturated.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds > 0 ? .max : .min + 1 }
        return product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
    }

    public static func minutes(_ n: some BinaryInteger) -> Duration { .seconds(Int64(n) * 60) }
    public static func hours(_ n: some BinaryInteger) -> Duration { .seconds(Int64(n) * 3600) }
    public static func days(_ n: some BinaryInteger) -> Duration { .seconds(Int64(n) * 86400) }

    /// Fractional minutes, for people and for cost terms.
    public var inMinutes: Double { Double(milliseconds) / 60_000 }
}

/// A date and a time of day on the wall at some offset from UTC.
public struct CivilTime: Hashable, Sendable {
    public var year: Int
    /// 1…12.
    public var month: Int
    /// 1…31.
    public var day: Int
    /// 1 = Monday … 7 = Sunday (ISO 8601).
    public var weekday: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    /// Minutes since midnight.
    public var minuteOfDay: Int { hour * 60 + minute }

    /// `instant` as the wall shows it `offset` seconds east of UTC.
    ///
    /// Days to civil date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    public init(_ instant: Instant, offsetSeconds offset: Int = 0) {
        let seconds = instant.milliseconds.flooredDivision(1000) + Int64(offset)
        let days = seconds.flooredDivision(86400)
        let ofDay = Int(seconds - days * 86400)
        let shifted = days + 719_468
        let era = shifted.flooredDivision(146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
        weekday = Int((days + 3) - (days + 3).flooredDivision(7) * 7) + 1
        hour = ofDay / 3600
        minute = ofDay / 60 % 60
        second = ofDay % 60
    }

    /// `2026-01-01 08:00:00`.
    public var text: String {
        "\(pad(year, 4))-\(pad(month))-\(pad(day)) \(pad(hour)):\(pad(minute)):\(pad(second))"
    }
}

extension Instant {
    /// `2026-01-01T00:00:00.123Z`.
    public var iso8601: String {
        let t = CivilTime(self)
        let ms = Int((milliseconds % 1000 + 1000) % 1000)
        return "\(pad(t.year, 4))-\(pad(t.month))-\(pad(t.day))T"
            + "\(pad(t.hour)):\(pad(t.minute)):\(pad(t.second)).\(pad(ms, 3))Z"
    }
}

/// `+08:00` for 28800.
public func utcOffsetText(_ offsetSeconds: Int) -> String {
    let minutes = abs(offsetSeconds) / 60
    return "\(offsetSeconds < 0 ? "-" : "+")\(pad(minutes / 60)):\(pad(minutes % 60))"
}

private func pad(_ n: Int, _ width: Int = 2) -> String {
    let digits = String(n)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Int64 {
    fileprivate func flooredDivision(_ d: Int64) -> Int64 {
        let q = self / d
        return self % d != 0 && (self < 0) != (d < 0) ? q - 1 : q
    }
}
