extension Decide {
    /// A timer is due. One that no longer fits the ticket does nothing: the ticket decides, not the clock.
    public static func due(_ timer: Timer, _ ticket: Ticket, at now: Instant, _ policy: Policy) -> [Effect] {
        var change = Change(ticket, at: now, policy)
        change.append(.cancelTimer(timer.kind, ticket.id))
        switch timer.kind {
        case .offerExpires where ticket.state == .offered:
            if let engineer = ticket.engineer {
                change.log(.expired, ["engineer": engineer.text])
                change.notify(.withdrawn, to: .engineer(engineer))
            }
            change.release(.expired)
        case .dispatchAgain where ticket.state == .pending:
            change.append(.dispatch(ticket.id))
        case .stale where ticket.state.isWorked:
            change.update { $0.isOverdue = true }
            change.log(.stale, ["state": ticket.state.rawValue])
            change.notify(.stale, to: .supervisor)
        case .escalate where ticket.state.isOpen:
            change.update { $0.isOverdue = true }
            change.log(.escalated)
            change.notify(.escalated, to: .supervisor)
        case .proofDeadline where ticket.state == .verifying:
            change.close(.unverified)
        default: break
        }
        return change.effects
    }
}
