import Domain

/// The text forms of Exif 2.32: `YYYY:MM:DD HH:MM:SS`, `YYYY:MM:DD`, `+08:00`.
enum EXIFText {
    static func dateAndTime(_ text: [UInt8]) -> Result<CivilTime, EXIFAbsence> {
        if isUnset(text) { return .failure(.unset) }
        if case .success = date(text) { return .failure(.dateOnly) }
        guard let n = numbers(text, "dddd:dd:dd dd:dd:dd") else { return .failure(.malformed) }
        let time = CivilTime(year: n[0], month: n[1], day: n[2], hour: n[3], minute: n[4], second: n[5])
        return time.map { .success($0) } ?? .failure(.outOfRange)
    }

    /// Midnight UTC of the day.
    static func date(_ text: [UInt8]) -> Result<Instant, EXIFAbsence> {
        if isUnset(text) { return .failure(.unset) }
        guard let n = numbers(text, "dddd:dd:dd") else { return .failure(.malformed) }
        let day = CivilTime(year: n[0], month: n[1], day: n[2], hour: 0, minute: 0, second: 0)
        return day.map { .success(Instant($0, offsetSeconds: 0)) } ?? .failure(.outOfRange)
    }

    static func offset(_ text: [UInt8]) -> Result<Int, EXIFAbsence> {
        if text.isEmpty { return .failure(.unset) }
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let n = numbers(Array(text.dropFirst()), "dd:dd")
        else { return .failure(isUnset(text) ? .unset : .malformed) }
        guard n[0] <= 14, n[1] < 60 else { return .failure(.outOfRange) }
        let seconds = n[0] * 3600 + n[1] * 60
        return .success(sign == UInt8(ascii: "-") ? -seconds : seconds)
    }

    /// However it is spelt: "WGS-84", "WGS84", "WGS 84"; blank says nothing and the standard's default is WGS-84.
    /// CGCS2000 differs from it by centimetres.
    static func isWGS84(_ text: [UInt8]) -> Bool {
        let name = text.filter { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) }.map {
            $0 >= 0x41 ? $0 & 0xDF : $0
        }
        return name.isEmpty || name == Array("WGS84".utf8) || name == Array("CGCS2000".utf8)
    }

    /// The standard's way to say "unknown" is blanks between the colons; cameras also write zeros.
    private static func isUnset(_ text: [UInt8]) -> Bool {
        text.allSatisfy { $0 == 0x20 || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "0") }
    }

    /// The numbers in `text` where `pattern` has runs of `d`; nil unless everything else is equal.
    private static func numbers(_ text: [UInt8], _ pattern: StaticString) -> [Int]? {
        guard text.count == pattern.utf8CodeUnitCount else { return nil }
        var found: [Int] = []
        var inNumber = false
        for (i, byte) in text.enumerated() {
            let expected = pattern.utf8Start[i]
            if expected == UInt8(ascii: "d") {
                guard (0x30...0x39).contains(byte) else { return nil }
                if !inNumber { found.append(0) }
                found[found.count - 1] = found[found.count - 1] * 10 + Int(byte - 0x30)
                inNumber = true
            } else {
                guard byte == expected else { return nil }
                inNumber = false
            }
        }
        return found
    }
}
