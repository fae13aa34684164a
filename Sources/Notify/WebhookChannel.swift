import Crypto
import Domain
import Foundation
import Store

/// Where every notice is posted, and the key that signs it: after Standard Webhooks (standardwebhooks.com).
public struct WebhookEndpoint: Sendable {
    let url: SecretURL
    let key: SymmetricKey

    /// - Parameters:
    ///   - url: http or https.
    ///   - secret: `whsec_` and 24 to 64 bytes in base64.
    /// - Throws: what is wrong, without the secret itself.
    public init(url: String, secret: String) throws(InvalidChannel) {
        guard let address = SecretURL(url) else { throw InvalidChannel("the webhook's url must start with http(s)://") }
        let prefix = "whsec_"
        guard secret.hasPrefix(prefix), let bytes = Data(base64Encoded: String(secret.dropFirst(prefix.count))),
            (24...64).contains(bytes.count)
        else { throw InvalidChannel("the webhook's secret must be whsec_ and 24 to 64 bytes in base64") }
        self.url = address
        key = SymmetricKey(data: bytes)
    }

    /// The value of `webhook-signature`.
    ///
    /// - Parameter timestamp: seconds since the Unix epoch, as in `webhook-timestamp`.
    func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Array("\(id).\(timestamp).".utf8) + body, using: key)
        return "v1,\(Data(code).base64EncodedString())"
    }
}

/// Why a channel's configuration can't be used; says nothing of its secret.
public struct InvalidChannel: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

struct WebhookChannel: Sendable {
    let endpoint: WebhookEndpoint
    let post: Post
    let language: Language
    let publicURL: String
    let wallClock: @Sendable () -> Instant

    func send(_ departure: Departure) async throws(NotSent) {
        let body: [UInt8]
        do { body = try json(WebhookMessage(departure, language, publicURL: publicURL)) } catch {
            throw .refused("\(error)")
        }
        // The time of the attempt: receivers refuse what is older than a few minutes of real time.
        let timestamp = wallClock().milliseconds / 1000
        let answer = try await post(
            body, to: endpoint.url,
            headers: [
                ("webhook-id", departure.publicID), ("webhook-timestamp", String(timestamp)),
                ("webhook-signature", endpoint.signature(id: departure.publicID, timestamp: timestamp, body: body)),
            ])
        if answer.status == 410 { throw .refused("HTTP 410: the receiver is gone for good") }
        guard answer.isSuccess else { throw answer.failure }
    }
}

/// The envelope that Standard Webhooks recommends.
struct WebhookMessage: Codable, Equatable {
    /// `ticket.offer` and so on.
    var type: String
    /// When it happened, ISO 8601.
    var timestamp: String
    var data: NoticePayload

    init(_ departure: Departure, _ language: Language, publicURL: String) {
        type = "ticket.\(departure.kind.rawValue)"
        timestamp = departure.createdAt.iso8601
        data = NoticePayload(departure, language, publicURL: publicURL)
    }
}
