import Crypto
public import Domain
import Foundation

/// A way in for one engineer, without a password: signed, expiring, good for one exchange.
///
/// `engineer.expires.nonce.signature`: the text says whom it is for and until when (epoch milliseconds); the nonce
/// makes it one of a kind; HMAC-SHA256 over all three makes it ours.
public struct PersonalLink: Sendable, Hashable {
    public let engineer: EngineerID
    public let expires: Instant
    let nonce: String

    /// A new link's token; the link is `{public URL}/l/{token}`, with `?t=12` to open at ticket 12.
    ///
    /// - Parameters:
    ///   - validFor: at most `Limits.linkFor`: used links are remembered for that long.
    public static func make(
        engineer: EngineerID, now: Instant, validFor: Duration, secret: [UInt8]
    ) -> String {
        let expires = now + min(validFor, Limits.linkFor)
        let link = PersonalLink(engineer: engineer, expires: expires, nonce: randomKey(bytes: 16))
        return "\(link.signed).\(base64URL(link.signature(secret)))"
    }

    /// Why a token is not taken.
    enum Fault: Error { case forged, expired }

    /// What `token` says, if it is ours and not over.
    init(_ token: String, now: Instant, secret: [UInt8]) throws(Fault) {
        // An engineer's id may hold dots; the other three parts never do.
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= 256, parts.count >= 4,
            let engineer = EngineerID(parts.dropLast(3).joined(separator: ".")),
            let expires = Int64(parts[parts.count - 3])
        else { throw .forged }
        self.init(
            engineer: engineer, expires: Instant(milliseconds: expires), nonce: String(parts[parts.count - 2]))
        guard isSame(Array(base64URL(signature(secret)).utf8), Array(parts[parts.count - 1].utf8)) else {
            throw .forged
        }
        guard now < self.expires else { throw .expired }
    }

    private init(engineer: EngineerID, expires: Instant, nonce: String) {
        self.engineer = engineer
        self.expires = expires
        self.nonce = nonce
    }

    private var signed: String { "\(engineer).\(expires.milliseconds).\(nonce)" }

    private func signature(_ secret: [UInt8]) -> [UInt8] {
        // The prefix keeps a signature made for another purpose from being a link.
        Array(HMAC<SHA256>.authenticationCode(for: Data("link:\(signed)".utf8), using: SymmetricKey(data: secret)))
    }
}

/// Random bytes from the system as base64url.
func randomKey(bytes count: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return base64URL((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
}

/// Without padding (RFC 4648 §5).
func base64URL(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
        .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

/// Takes the same time wherever the difference is.
func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
