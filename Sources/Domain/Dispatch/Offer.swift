extension Decide {
    /// Offers a pending ticket to the nearest eligible engineer, or says why there is none.
    public static func dispatch(
        _ ticket: Ticket, _ asset: AssetFacts, _ candidates: [Candidate], at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard ticket.state == .pending else { return [] }
        let ledger = Ledger.rank(candidates, for: asset, at: now, policy)
        var change = Change(ticket, at: now, policy)
        guard let chosen = candidates.first(where: { $0.id.text == ledger.chosen }) else {
            nobody(&change, ledger)
            return change.effects
        }
        change.ticket.engineer = chosen.id
        change.ticket.epoch += 1
        change.ticket.state = .offered
        change.ticket.stateSince = now
        change.ticket.lacksEngineer = false
        let until = now + policy.offerFor
        change.append(.offer(change.ticket, until: until, cap: chosen.loadCap))
        change.append(.saveLedger(ticket.id, epoch: change.ticket.epoch, ledger, at: now))
        change.append(.cancelTimer(.dispatchAgain, ticket.id))
        change.append(.setTimer(Timer(.offerExpires, ticket.id, at: until)))
        change.log(.offered, offerDetail(chosen.id, ledger))
        let offer = Notice(.offer, to: .engineer(chosen.id), about: change.ticket, expiresAt: until)
        change.append(.notify(offer, at: now))
        return change.effects
    }

    private static func offerDetail(_ engineer: EngineerID, _ ledger: Ledger) -> [String: String] {
        var detail = ["engineer": engineer.text]
        if let arrival = ledger.lines.first?.arrival {
            detail["minutes"] = decimal(arrival.minutes)
            detail["km"] = decimal(arrival.metres / 1000)
            detail["basis"] = arrival.basis.rawValue
        }
        detail["candidates"] = String(ledger.lines.count)
        detail["eligible"] = String(ledger.lines.count { $0.ineligible == nil })
        return detail
    }

    /// Told once; looked at again and again.
    private static func nobody(_ change: inout Change, _ ledger: Ledger) {
        let ticket = change.ticket
        // Under the offer that could not be made: the last one made keeps its own.
        change.append(.saveLedger(ticket.id, epoch: ticket.epoch + 1, ledger, at: change.now))
        change.append(.setTimer(Timer(.dispatchAgain, ticket.id, at: change.now + change.policy.dispatchAgainAfter)))
        guard !ticket.lacksEngineer else { return }
        change.update { $0.lacksEngineer = true }
        change.log(.nobodyEligible, ledger.counts.mapValues(String.init))
        change.notify(.nobodyEligible, to: .supervisor)
    }
}
