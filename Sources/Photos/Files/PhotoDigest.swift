import Crypto

/// The SHA-256 of a file's bytes, and the only name a photo ever has on disk: a client's file name is no path.
public struct PhotoDigest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    public init(of bytes: [UInt8]) {
        hex = SHA256.hash(data: bytes).reduce(into: "") { hex, byte in
            hex += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }

    /// nil unless `hex` is 64 digits 0–9 a–f, so that no other path can be asked for.
    public init?(hex: some StringProtocol) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = String(hex)
    }

    public var description: String { hex }
}
