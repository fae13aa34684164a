/// What a decision wants done. The store applies a burst's effects in one transaction, in order.
public enum Effect: Sendable {
    // Telemetry
    case record(PointKey, [Reading])
    case keepAside(PointKey, [Extra])
    /// How far the point has come, and the detectors among its `changes`; without episodes and baselines.
    indirect case savePoint(PointState)
    case openGap(Gap)
    case fillGap(sender: String, Int64, at: Instant)
    /// Sent after the commit; lost when we stop before that, and asked again at the next gap.
    case ask(Request)
    case reject(Rejection)
    case saveRun(AssetID, MachineRun)
    indirect case saveBaseline(PointKey, RuleID, Baselines.Learned)
    indirect case saveEpisode(Episode, PointKey, RuleID, clearedAt: Instant?)

    // Tickets
    indirect case openTicket(Ticket, Breach)
    indirect case saveTicket(Ticket)
    case log(TicketID, Entry)
    /// What was measured before and after the repair.
    case saveRepair(TicketID, [ProofKey: Proof])

    // Dispatch
    /// Compare-and-set: only while the ticket is at the epoch before and the engineer under the cap.
    indirect case offer(Ticket, until: Instant, cap: Int)
    case answer(TicketID, epoch: Int, Answer, reason: String)
    case saveLedger(TicketID, epoch: Int, Ledger, at: Instant)
    /// Follows in the same transaction: look for an engineer.
    case dispatch(TicketID)

    // Time and the outside
    case setTimer(Timer)
    case cancelTimer(Timer.Kind, TicketID)
    case notify(Notice, at: Instant)
}

/// How an offer ended.
public enum Answer: String, Sendable, CaseIterable {
    case offered, accepted, declined, expired, withdrawn, finished
}

/// A due row: one of each kind a ticket.
public struct Timer: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case offerExpires = "offer_expires"
        case dispatchAgain = "dispatch_again"
        case stale
        case escalate
        case proofDeadline = "proof_deadline"
    }
    public var kind: Kind
    public var ticket: TicketID
    public var dueAt: Instant
    public init(_ kind: Kind, _ ticket: TicketID, at dueAt: Instant) {
        self.kind = kind
        self.ticket = ticket
        self.dueAt = dueAt
    }
}
