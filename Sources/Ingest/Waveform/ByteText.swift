/// Bytes as text: what gateways do to get binary through JSON.
public enum ByteText {
    /// RFC 4648 base64, also its URL-safe alphabet, padded or not; blanks and line ends between are skipped.
    /// nil when anything else stands there.
    public static func base64(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var (bits, count, padding) = (UInt32(0), 0, 0)
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            if isBlank(character) { continue }
            guard padding == 0, let digit = digit64(character) else { return nil }
            bits = bits << 6 | digit
            count += 1
            if count % 4 == 0 {
                bytes.append(UInt8(bits >> 16 & 0xFF))
                bytes.append(UInt8(bits >> 8 & 0xFF))
                bytes.append(UInt8(bits & 0xFF))
                bits = 0
            }
        }
        switch count % 4 {
        case 0 where padding == 0: return bytes
        case 2 where padding == 0 || padding == 2: return bytes + [UInt8(bits >> 4 & 0xFF)]
        case 3 where padding < 2: return bytes + [UInt8(bits >> 10 & 0xFF), UInt8(bits >> 2 & 0xFF)]
        default: return nil
        }
    }

    /// Pairs of hexadecimal digits, with or without blanks, `:` or `-` between. nil when anything else stands there.
    public static func hex(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text {
            if isBlank(character) || character == UInt8(ascii: ":") || character == UInt8(ascii: "-") { continue }
            guard let digit = digit16(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }

    private static func isBlank(_ c: UInt8) -> Bool { c == 0x20 || c == 0x0A || c == 0x0D || c == 0x09 }

    private static func digit64(_ c: UInt8) -> UInt32? {
        switch c {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(c - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(c - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(c - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }

    private static func digit16(_ c: UInt8) -> UInt8? {
        switch c {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): c - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): c - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): c - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
