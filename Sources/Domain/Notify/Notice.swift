/// Something that somebody outside must hear; one row of the outbox per channel.
public struct Notice: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case opened, offer, withdrawn, worsened, reopened, relapsed
        case nobodyEligible = "nobody_eligible", stale, escalated, closed
        /// A notice could not be delivered for a day.
        case undelivered
        /// About no ticket: ``SessionLoss``.
        case sessionLost = "session_lost"
    }
    public enum Audience: Hashable, Sendable {
        case engineer(EngineerID)
        case supervisor
        /// Other systems only.
        case systems
    }
    public var kind: Kind
    public var audience: Audience
    public var ticket: TicketID
    public var epoch: Int
    /// When an answer is due, for an offer.
    public var expiresAt: Instant?

    public init(_ kind: Kind, to audience: Audience, about ticket: Ticket, expiresAt: Instant? = nil) {
        self.kind = kind
        self.audience = audience
        self.ticket = ticket.id
        self.epoch = ticket.epoch
        self.expiresAt = expiresAt
    }
}

/// A way out of the house.
public enum Channel: String, Sendable, CaseIterable {
    /// `fieldloop/v1/engineers/{id}/inbox`.
    case inbox
    /// Signed after Standard Webhooks.
    case webhook
    /// The WeCom group robot.
    case wecom
}

extension Notice {
    public var channels: [Channel] { audience.channels }
}

extension Notice.Audience {
    /// The way to them: an engineer's own inbox and the chat group, the supervisor's chat group; a webhook hears all.
    public var channels: [Channel] {
        switch self {
        case .engineer: [.inbox, .wecom, .webhook]
        case .supervisor: [.wecom, .webhook]
        case .systems: [.webhook]
        }
    }
}
