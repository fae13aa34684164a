/// A ticket on its way through one decision: the ticket as it will be, and what must happen for it.
struct Change {
    var ticket: Ticket
    private(set) var effects: [Effect] = []
    let now: Instant
    let policy: Policy

    init(_ ticket: Ticket, at now: Instant, _ policy: Policy) {
        self.ticket = ticket
        self.now = now
        self.policy = policy
    }

    mutating func log(_ kind: Entry.Kind, by actor: Actor = .system, _ detail: [String: String] = [:]) {
        effects.append(.log(ticket.id, Entry(kind, by: actor, at: now, detail)))
    }

    mutating func notify(_ kind: Notice.Kind, to audience: Notice.Audience) {
        effects.append(.notify(Notice(kind, to: audience, about: ticket), at: now))
    }

    /// Who has the ticket; nobody but other systems when nobody has.
    private var holder: Notice.Audience { ticket.engineer.map(Notice.Audience.engineer) ?? .systems }

    mutating func append(_ effect: Effect) { effects.append(effect) }

    /// Every change of state passes here: the red mark goes, and the two-hour clock starts or stops.
    mutating func move(to state: TicketState) {
        ticket.state = state
        ticket.stateSince = now
        ticket.isOverdue = false
        if state != .verifying {
            ticket.proof = [:]
            effects.append(.cancelTimer(.proofDeadline, ticket.id))
        }
        if state.isWorked {
            effects.append(.setTimer(Timer(.stale, ticket.id, at: now + policy.staleAfter)))
        } else {
            effects.append(.cancelTimer(.stale, ticket.id))
        }
        effects.append(.saveTicket(ticket))
    }

    mutating func update(_ mutate: (inout Ticket) -> Void) {
        mutate(&ticket)
        effects.append(.saveTicket(ticket))
    }

    /// The ticket, new or come back, needs somebody; how long it may stay open counts from here.
    mutating func search() {
        if ticket.grade == .B {
            effects.append(.setTimer(Timer(.escalate, ticket.id, at: now + policy.escalateBAfter)))
        }
        effects.append(.dispatch(ticket.id))
    }

    /// Back to the queue, in search of somebody (else).
    mutating func release(_ answer: Answer, reason: String = "") {
        effects.append(.answer(ticket.id, epoch: ticket.epoch, answer, reason: reason))
        effects.append(.cancelTimer(.offerExpires, ticket.id))
        ticket.engineer = nil
        move(to: .pending)
        effects.append(.dispatch(ticket.id))
    }

    /// - Parameter end: when it was over, if that is not now.
    mutating func close(
        _ outcome: Outcome, by actor: Actor = .system, endedAt end: Instant? = nil, _ detail: [String: String] = [:]
    ) {
        let wasOffered = ticket.state == .offered
        if !ticket.proof.isEmpty { effects.append(.saveRepair(ticket.id, ticket.proof)) }
        ticket.outcome = outcome
        ticket.closedAt = end ?? now
        ticket.lacksEngineer = false
        move(to: outcome == .cancelled ? .cancelled : .closed)
        for kind in [Timer.Kind.offerExpires, .dispatchAgain, .escalate] {
            effects.append(.cancelTimer(kind, ticket.id))
        }
        // Nobody has it: the last offer has ended already, in its own way.
        if ticket.engineer != nil {
            let answer: Answer = wasOffered ? .withdrawn : .finished
            effects.append(.answer(ticket.id, epoch: ticket.epoch, answer, reason: ""))
        }
        log(
            outcome == .cancelled ? .cancelled : .closed, by: actor,
            detail.merging(["outcome": outcome.rawValue]) { a, _ in a })
        notify(.closed, to: holder)
    }

    mutating func worsen(to severity: Severity) {
        guard severity > ticket.severity else { return }
        update { $0.severity = severity }
        log(.worsened, ["severity": severity.rawValue])
        notify(.worsened, to: holder)
    }
}
