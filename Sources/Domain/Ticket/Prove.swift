extension Decide {
    /// After "done" the machine itself must prove it: running time and readings below the clear limits, of every
    /// measure that had breached. Another measure that is fine proves nothing; one that is not spoils the proof.
    static func prove(
        _ news: Reading, _ running: Bool?, at index: Int, _ state: inout BurstState, _ now: Instant, _ policy: Policy
    ) -> [Effect] {
        let point = state.points[index]
        var effects: [Effect] = []
        for kind in [FaultKind.vibration, .temperature] {
            let fault = Fault(asset: point.id.asset, kind: kind)
            guard let ticket = state[fault], ticket.state == .verifying, news.at >= ticket.stateSince
            else { continue }
            let judged = judge(news, of: point, kind)
            let proof = advance(ticket.proof, judged, point.key, news.at, running, policy)
            guard proof != ticket.proof else { continue }
            var change = Change(ticket, at: now, policy)
            change.update { $0.proof = proof }
            if let bad = judged.first(where: \.isBad), ticket.proof.values.contains(where: { $0.readings > 0 }) {
                let detail = [
                    "point": point.id.description, "measure": bad.measure.name, "value": decimal(bad.value),
                ]
                change.log(.proofReset, detail)
            }
            if proof.values.allSatisfy({ $0.isEnough(policy) }) {
                let minutes = proof.values.map(\.time.inMinutes).min() ?? 0
                let readings = proof.values.map(\.readings).reduce(0, +)
                // Proven when it was measured: a backlog may go on to tell of a relapse after it.
                let end = min(now, news.at)
                change.close(.verified, endedAt: end, ["minutes": decimal(minutes), "readings": String(readings)])
            }
            state[fault] = change.ticket
            effects += change.effects
        }
        return effects
    }

    /// One measure of a reading against its limits.
    private struct Judged {
        var measure: Measure
        var value: Double
        var limits: Thresholds
        var isBad: Bool { value > limits.clear }
    }

    private static func judge(_ news: Reading, of point: PointState, _ kind: FaultKind) -> [Judged] {
        point.watches.compactMap { watch in
            let measure = watch.rule.measure
            guard FaultKind(measure) == kind, let value = news.values[measure] else { return nil }
            return watch.thresholds.map { Judged(measure: measure, value: value, limits: $0) }
        }
    }

    private static func advance(
        _ proof: [ProofKey: Proof], _ judged: [Judged], _ point: PointKey, _ at: Instant, _ running: Bool?,
        _ policy: Policy
    ) -> [ProofKey: Proof] {
        guard !judged.isEmpty else { return proof }
        var proof = proof
        let stands = !runs(running, judged)
        let isBad = !stands && judged.contains(where: \.isBad)
        for key in proof.keys where key.point == point {
            if stands {
                proof[key]?.pause()
            } else if isBad {
                proof[key] = Proof()
            } else if judged.contains(where: { $0.measure == key.measure }) {
                proof[key]?.take(at: at, gap: policy.proofGap)
            }
        }
        return proof
    }

    /// A sender that never tells the run state is believed to run while something shakes: a machine at rest shows
    /// less than a tenth of its clear limit, and a quiet sensor must not prove a repair.
    private static func runs(_ running: Bool?, _ judged: [Judged]) -> Bool {
        running ?? judged.contains { $0.value >= $0.limits.clear / 10 }
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
