extension Decide {
    /// After "done" the machine itself must prove it: running time and readings below the clear limits, on every
    /// point that had breached.
    static func prove(
        _ reading: Reading, _ news: Measures, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard let point = state.points[reading.point] else { return [] }
        var effects: [Effect] = []
        for kind in [FaultKind.vibration, .temperature] {
            let fault = Fault(asset: point.asset.id, kind: kind)
            guard let ticket = state.tickets[fault], ticket.state == .verifying, reading.at >= ticket.stateSince,
                let before = ticket.proof[point.key],
                let verdict = verdict(on: reading, news, of: point, kind)
            else { continue }
            var proof = before
            switch verdict {
            case .good: proof.take(at: reading.at, gap: policy.proofGap)
            case .standing: proof.pause()
            case .bad: proof = Proof()
            }
            guard proof != before else { continue }
            var change = Change(ticket, at: now, policy)
            change.update { $0.proof[point.key] = proof }
            if case .bad(let measure, let value) = verdict, before.readings > 0 {
                let detail = ["point": point.id.description, "measure": measure.name, "value": decimal(value)]
                change.log(.proofReset, detail)
            }
            if change.ticket.proof.values.allSatisfy({ $0.isEnough(policy) }) {
                let minutes = change.ticket.proof.values.map(\.time.inMinutes).min() ?? 0
                let readings = change.ticket.proof.values.map(\.readings).reduce(0, +)
                change.close(.verified, ["minutes": decimal(minutes), "readings": String(readings)])
            }
            state.tickets[fault] = change.ticket
            effects += change.effects
        }
        return effects
    }

    private enum Verdict {
        case good, standing
        case bad(Measure, Double)
    }

    /// nil when the reading says nothing about this kind of fault.
    private static func verdict(
        on reading: Reading, _ news: Measures, of point: PointState, _ kind: FaultKind
    ) -> Verdict? {
        let judged = point.rules.compactMap { rule -> (Measure, Double, Thresholds)? in
            guard FaultKind(rule.measure) == kind, let value = news[rule.measure] else { return nil }
            return point.thresholds(rule.measure).map { (rule.measure, value, $0) }
        }
        guard !judged.isEmpty else { return nil }
        guard runs(reading, judged.map { ($0.1, $0.2) }) else { return .standing }
        if let (measure, value, _) = judged.first(where: { $0.1 > $0.2.clear }) { return .bad(measure, value) }
        return .good
    }

    /// A sender that never tells the run state is believed to run while something shakes: a machine at rest shows
    /// less than a tenth of its clear limit, and a quiet sensor must not prove a repair.
    private static func runs(_ reading: Reading, _ judged: [(value: Double, limits: Thresholds)]) -> Bool {
        reading.running ?? judged.contains { $0.value >= $0.limits.clear / 10 }
    }
}

extension Change {
    /// The fault is back within the warranty of the repair: the same ticket, from the start.
    mutating func reopen(_ breach: Breach) {
        ticket.closedAt = nil
        ticket.outcome = nil
        ticket.engineer = nil
        move(to: .pending)
        log(.reopened, breach.detail)
        notify(.reopened, to: .supervisor)
        search()
    }
}
