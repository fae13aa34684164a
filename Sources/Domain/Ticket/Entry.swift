/// One line of a ticket's timeline: what happened, who did it, and the values a page words it with.
public struct Entry: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case opened, breach, worsened, cleared, reopened, relapsed, diagnosed
        case offered, accepted, declined, expired, nobodyEligible = "nobody_eligible"
        case enRoute = "en_route", arrived, awaitingParts = "awaiting_parts", partsArrived = "parts_arrived"
        case done, doneRefused = "done_refused", proofReset = "proof_reset"
        case closed, cancelled, comment, photo, stale, escalated
    }
    public var kind: Kind
    public var actor: Actor
    public var at: Instant
    /// Values by name, unformatted: `value`, `limit`, `engineer`, `reason` …
    public var detail: [String: String]

    public init(_ kind: Kind, by actor: Actor = .system, at: Instant, _ detail: [String: String] = [:]) {
        self.kind = kind
        self.actor = actor
        self.at = at
        self.detail = detail
    }
}
