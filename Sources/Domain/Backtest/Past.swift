/// A ticket in retrospect: one that was, or one that rules would have opened.
public struct PastTicket: Hashable, Sendable {
    public let id: TicketID
    public let fault: Fault
    /// nil for one that a person reported.
    public let breach: Breach?
    /// Event time of the breach; of a report when it was made.
    public let beganAt: Instant
    /// The worst that it came to.
    public internal(set) var severity: Severity
    /// When it first was critical.
    public internal(set) var criticalAt: Instant?
    /// nil: open to the end.
    public internal(set) var endedAt: Instant?
    public internal(set) var outcome: Outcome?
    /// How often the fault came back within the warranty of its repair.
    public internal(set) var reopened: Int

    public init(
        id: TicketID, fault: Fault, breach: Breach?, beganAt: Instant, severity: Severity, criticalAt: Instant? = nil,
        endedAt: Instant? = nil, outcome: Outcome? = nil, reopened: Int = 0
    ) {
        self.id = id
        self.fault = fault
        self.breach = breach
        self.beganAt = beganAt
        self.severity = severity
        self.criticalAt = criticalAt
        self.endedAt = endedAt
        self.outcome = outcome
        self.reopened = reopened
    }

    func isOpen(at: Instant) -> Bool { beganAt <= at && endedAt.map { at <= $0 } ?? true }
}

/// How a ticket ended; one that came back ends again.
public struct TicketEnd: Hashable, Sendable {
    public let fault: Fault
    public let at: Instant
    public let outcome: Outcome

    public init(fault: Fault, at: Instant, outcome: Outcome) {
        self.fault = fault
        self.at = at
        self.outcome = outcome
    }
}

/// One breach in retrospect.
public struct PastEpisode: Hashable, Sendable {
    public let point: PointID
    public let rule: RuleID
    public let raisedAt: Instant
    /// nil: on to the end.
    public internal(set) var clearedAt: Instant?

    public init(point: PointID, rule: RuleID, raisedAt: Instant, clearedAt: Instant?) {
        self.point = point
        self.rule = rule
        self.raisedAt = raisedAt
        self.clearedAt = clearedAt
    }
}
