extension Decide {
    /// After "done" the machine itself must prove it: running time and readings below the clear limits, of every
    /// measure that had breached. Another measure that is fine proves nothing; one that is not spoils the proof.
    static func prove(
        _ news: Reading, _ moment: MachineRun.Moment, at index: Int, _ state: inout BurstState, _ now: Instant,
        _ policy: Policy
    ) -> [Effect] {
        let point = state.points[index]
        var effects: [Effect] = []
        let tickets = (state.assets[point.asset].tickets ?? [:]).values.sorted { $0.id < $1.id }
        for ticket in tickets where ticket.state == .verifying && news.at >= ticket.stateSince {
            let fault = ticket.fault
            let judged = judge(news, of: point, fault)
            let proof = advance(ticket.proof, judged, point.key, news.at, moment, fault, policy)
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
                change.close(
                    .verified, endedAt: end,
                    [
                        "minutes": decimal(minutes), "readings": String(readings), "repair": state.repair(proof),
                    ])
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
        /// In `limits`' unit.
        var verdict: Double
        var limits: Thresholds
        var isBad: Bool { verdict > limits.clear }
    }

    private static func judge(_ news: Reading, of point: PointState, _ fault: Fault) -> [Judged] {
        // What a broken sensor says proves nothing.
        guard fault.point == nil || fault.point == point.id.name,
            fault.kind.isOfPoint || !point.isMuted(fault.kind, at: news.at)
        else { return [] }
        return point.watches.compactMap { watch in
            let measure = watch.rule.measure
            guard watch.rule.faultKind == fault.kind, let value = news.values[measure] else { return nil }
            return watch.verdict(on: news, value).map {
                Judged(measure: measure, value: value, verdict: $0.value, limits: $0.limits)
            }
        }
    }

    private static func advance(
        _ proof: [ProofKey: Proof], _ judged: [Judged], _ point: PointKey, _ at: Instant, _ moment: MachineRun.Moment,
        _ fault: Fault, _ policy: Policy
    ) -> [ProofKey: Proof] {
        guard !judged.isEmpty else { return proof }
        var proof = proof
        let stands = !runs(moment.isRunning, judged, fault)
        let isBad = !stands && judged.contains(where: \.isBad)
        for key in proof.keys where key.point == point {
            if stands {
                proof[key]?.pause()
            } else if isBad {
                proof[key]?.reset()
            } else if let fine = judged.first(where: { $0.measure == key.measure }) {
                proof[key]?.take(fine.value, at: at, in: moment.band, gap: policy.proofGap)
            }
        }
        return proof
    }

    /// A sender that never tells the run state is believed to run while something shakes: a machine at rest shows
    /// less than a tenth of its clear limit, and a quiet sensor must not prove a repair.
    private static func runs(_ running: Bool?, _ judged: [Judged], _ fault: Fault) -> Bool {
        fault.kind.isOfPoint ? true : running ?? judged.contains { $0.verdict >= $0.limits.clear / 10 }
    }
}

extension BurstState {
    /// Before and after, in one line: `DE-H velocity_rms_mm_s 5.10 → 1.10`.
    fileprivate func repair(_ proof: [ProofKey: Proof]) -> String {
        let lines = proof.compactMap { key, proof -> String? in
            guard let before = proof.before?.mean, let after = proof.mean,
                let point = points.first(where: { $0.key == key.point })?.id.name
            else { return nil }
            return "\(point) \(key.measure.name) \(decimal(before)) → \(decimal(after))"
        }
        return lines.sorted().joined(separator: ", ")
    }
}

extension Watch {
    /// How a reading that has been judged stands to the limits; nil when there are none, or it was not.
    fileprivate func verdict(on news: Reading, _ value: Double) -> (value: Double, limits: Thresholds)? {
        switch rule.basis {
        case .fixed, .learned: thresholds.map { (value, $0) }
        case .rate(let limits, _): detector.last == news.at ? (detector.lastValue, limits) : nil
        case .sensor:
            detector.last == news.at ? (detector.wasBad(at: news.at) ? 1 : 0, Thresholds(raise: 1, clear: 0)) : nil
        case .silence: (0, Thresholds(raise: 1, clear: 0))
        }
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
