public import AsyncHTTPClient
public import Domain
public import Logging
public import Store

/// Drains the outbox. Nothing else talks to the outside, and nothing leaves that was not committed first.
///
/// Each channel has a lane of its own, so that one that hangs holds no other back. Delivery is at least once: a
/// notice keeps its id over retries, and receivers drop what they have seen. *Sent* means that the other side
/// acknowledged it (PUBACK, 2xx, `errcode` 0), not that anybody has read it.
///
/// Two clocks: what the product decides by (when a retry is due, when an offer lapses, when a day is over) runs on
/// `now`, which may be scaled; what the outside decides by (rate limits, time-outs, `Retry-After`, signatures) is
/// real time, whatever the service believes.
public struct Courier: Sendable {
    /// Publishes `payload` under `topic` and returns when the broker has acknowledged it.
    public typealias Publish = @Sendable (_ topic: String, _ payload: [UInt8]) async throws -> Void
    /// Makes a link that signs the engineer in once and shows the ticket.
    public typealias PersonalLink = @Sendable (EngineerID, TicketID) async throws -> String

    public struct Options: Sendable {
        /// nil: not configured; its notices are dropped from the outbox.
        public var webhook: WebhookEndpoint?
        /// nil: not configured; its notices are dropped from the outbox.
        public var wecom: WeComRobot?
        /// Of texts that go out in one language; the inbox and the webhook carry both.
        public var language = Language.zh
        /// Where people find the board, without a slash at the end.
        public var publicURL: String
        /// For one exchange over HTTP, answer included.
        public var timeout = Duration.seconds(10)
        /// Makes the retries' jitter repeatable; nil for real randomness.
        public var seed: UInt64?
        /// How often a lane looks even if nothing woke it: retries and a scaled clock ring no bell.
        var pollEvery = Duration.seconds(1)
        var wallClock: @Sendable () -> Instant = { .wallClock }

        public init(publicURL: String) { self.publicURL = publicURL }
    }

    private let lanes: [Lane]

    /// - Parameters:
    ///   - http: configured with ``httpConfiguration``, or as strict.
    ///   - now: the service's clock.
    ///   - personalLink: nil: texts in the chat group carry the ticket's plain address.
    public init(
        store: Store, options: Options, http: HTTPClient, logger: Logger, now: @escaping @Sendable () -> Instant,
        publish: @escaping Publish, personalLink: PersonalLink?
    ) {
        let post = Post(http: http, timeout: options.timeout, wallClock: options.wallClock)
        let inbox = InboxChannel(publish: publish, language: options.language, publicURL: options.publicURL)
        let webhook = options.webhook.map {
            WebhookChannel(
                endpoint: $0, post: post, language: options.language, publicURL: options.publicURL,
                wallClock: options.wallClock)
        }
        let wecom = options.wecom.map {
            WeComChannel(
                robot: $0, post: post, store: store, language: options.language, publicURL: options.publicURL,
                personalLink: personalLink, now: now, wallClock: options.wallClock)
        }
        let jitter = Jitter(seed: options.seed)
        lanes = Channel.allCases.map { channel in
            let send: Lane.Send? =
                switch channel {
                case .inbox: inbox.send
                case .webhook: webhook?.send
                case .wecom: wecom?.send
                }
            return Lane(
                channel: channel, send: send, store: store, jitter: jitter, logger: logger, now: now,
                pollEvery: options.pollEvery)
        }
    }

    /// Works until the task is cancelled. What was under way then goes out again at the next start, under its id.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for lane in lanes { group.addTask { await lane.run() } }
        }
    }

    /// Follows no redirect (a signed body is for one address only), and leaves retrying to the outbox.
    public static var httpConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
