import Domain

extension Instant {
    /// ISO 8601 as senders write it: `2026-01-01T08:00:00.123Z`, with a blank for the `T`, with an offset (`+08:00`,
    /// `+0800`), with any number of decimals. A text without a zone is `offset` seconds east of UTC.
    init?(iso8601 text: String, offset: Int = 0) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits, rest.prefix(digits).allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            defer { rest = rest.dropFirst(digits) }
            return rest.prefix(digits).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            (1...12).contains(month), (1...31).contains(day), take("T t"), let hour = number(2), take(":"),
            let minute = number(2), hour < 25, minute < 60
        else { return nil }
        var milliseconds = 0
        if take(":") {
            guard let second = number(2), second < 61 else { return nil }
            milliseconds = second * 1000
            if take(".,") {
                var unit = 100
                guard let first = rest.first, (0x30...0x39).contains(first) else { return nil }
                while let digit = number(1) {
                    milliseconds += digit * unit
                    unit /= 10
                }
            }
        }
        var east = offset
        if take("Zz") {
            east = 0
        } else if let sign = rest.first, take("+-") {
            guard let hours = number(2) else { return nil }
            _ = take(":")
            east = (hours * 3600 + (number(2) ?? 0) * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        guard rest.isEmpty else { return nil }
        let seconds = Self.days(year, month, day) * 86400 + hour * 3600 + minute * 60 - east
        self.init(milliseconds: Int64(seconds * 1000 + milliseconds))
    }

    /// Days since 1970-01-01, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
