/// The flow, from a reading to a closed ticket. Everything here is pure: state in, effects out, time an argument.
///
///     readings ─▶ is it new, is it current? ─▶ record ─▶ detect ─▶ raised ─▶ ticket ─▶ dispatch ─▶ offer
///                                                          │                             ▲  │
///                                                          └▶ proof ─▶ closed   decline, expiry  accept ─▶ … ─▶ done
///
/// - `readings`: this file.
/// - `dispatch`: `Dispatch/Offer.swift`, with eligibility, arrival and the ledger beside it.
/// - `action`: what people do, `Ticket/Act.swift`.
/// - `due`: what time does, `Ticket/Due.swift`.
public enum Decide {
    /// A burst of readings, in order of arrival.
    public static func readings(
        _ readings: [Reading], _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        var effects: [Effect] = []
        for reading in readings {
            effects += one(reading, &state, at: now, policy)
        }
        effects += state.takeChangedDetectors()
        // The search for an engineer changes tickets that later readings of the burst have been decided on here; saving
        // those afterwards would take the offer back. So it comes last.
        return effects.filter { !$0.isSearch } + effects.filter(\.isSearch)
    }

    private static func one(
        _ reading: Reading, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard let point = state.points[reading.point] else {
            return [reading.rejected(.unknownPoint, "\(reading.point) is not in the plant; import it first")]
        }
        guard point.asset.site == reading.site else {
            return [reading.rejected(.wrongSite, "\(reading.point) stands in \(point.asset.site)")]
        }
        if let rejected = implausibleTime(reading, now, policy) { return [rejected] }

        var (effects, news) = record(reading, point, &state)
        guard !news.isEmpty, now - reading.at <= policy.historyAfter else { return effects }
        effects += detect(reading, news, &state, at: now, policy)
        effects += prove(reading, news, &state, at: now, policy)
        return effects
    }

    private static func implausibleTime(_ reading: Reading, _ now: Instant, _ policy: Policy) -> Effect? {
        let ts = reading.at.iso8601
        if reading.at > now + policy.aheadAtMost {
            return reading.rejected(.inTheFuture, "ts \(ts) is ahead of \(now.iso8601); check the sender's clock")
        }
        if reading.at < now - policy.rejectAfter {
            let days = policy.rejectAfter.milliseconds / 86_400_000
            return reading.rejected(.tooOld, "ts \(ts) is older than \(days) days (ts is milliseconds since 1970)")
        }
        return nil
    }

    /// Delivery is at least once: a value seen before is dropped, another value under the same key is a conflict and
    /// the first wins. Returns what is new.
    private static func record(
        _ reading: Reading, _ point: PointState, _ state: inout BurstState
    ) -> (effects: [Effect], news: Measures) {
        var effects: [Effect] = []
        var news = Measures()
        for measure in Measure.allCases {
            guard let value = reading.values[measure] else { continue }
            let key = ValueKey(point: point.key, measure: measure, at: reading.at)
            if let known = state.known[key] {
                if known == value { continue }
                let detail = "\(reading.point) \(measure.name) at \(reading.at.iso8601) is \(known), not \(value)"
                effects.append(reading.rejected(.conflict, detail))
                continue
            }
            state.known[key] = value
            news[measure] = value
            effects.append(.record(key, value))
        }
        if !news.isEmpty, reading.sequence != nil || reading.extra != nil {
            effects.append(.keepAside(point.key, reading.at, sequence: reading.sequence, extra: reading.extra))
        }
        return (effects, news)
    }

    /// Runs the point's rules on what is new. A machine at rest says nothing about its vibration.
    private static func detect(
        _ reading: Reading, _ news: Measures, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard let point = state.points[reading.point] else { return [] }
        var effects: [Effect] = []
        for rule in point.rules {
            if rule.measure.needsRunning, reading.running == false {
                state.points[reading.point]?.stand(rule.measure, at: reading.at)
                continue
            }
            guard let value = news[rule.measure] else { continue }
            guard let event = state.points[reading.point]?.advance(value, at: reading.at, by: rule) else { continue }
            let scene = BreachScene(point: point, rule: rule, value: value, at: reading.at)
            switch event {
            case .raised(let severity, let limits):
                effects += raise(scene, severity, limits, &state, at: now, policy)
            case .worsened(let severity):
                effects += worsen(scene, severity, &state, at: now, policy)
            case .cleared:
                effects += clear(scene, &state, at: now, policy)
            }
        }
        return effects
    }

    /// A breach is on: one ticket per fault, whatever shape it is in.
    private static func raise(
        _ scene: BreachScene, _ severity: Severity, _ limits: Thresholds, _ state: inout BurstState, at now: Instant,
        _ policy: Policy
    ) -> [Effect] {
        guard let (ticket, attached) = attach(scene, severity, limits, &state, at: now, policy) else { return [] }
        let episode = Episode(
            id: state.newEpisode(), ticket: ticket.id, raisedAt: scene.at, limits: limits, severity: severity,
            peak: scene.value, peakAt: scene.at)
        state.points[scene.point.id]?.detectors[scene.rule.measure]?.episode = episode
        return attached + [.saveEpisode(episode, scene.point.key, scene.rule.measure, clearedAt: nil)]
    }

    /// The fault's ticket: the one it joins, or a new one. nil when it has ended already.
    private static func attach(
        _ scene: BreachScene, _ severity: Severity, _ limits: Thresholds, _ state: inout BurstState, at now: Instant,
        _ policy: Policy
    ) -> (Ticket, [Effect])? {
        let breach = scene.breach(limit: limits.raise)
        let fault = scene.fault
        // A late backlog may tell of a breach that the ticket has already ended. Should it still be on after that, the
        // next reading raises it again: an episode begun here would keep it silent.
        if let known = state.tickets[fault], known.state == .closed, let end = known.closedAt, breach.at <= end {
            return nil
        }
        if let known = state.tickets[fault], let joined = join(known, breach, severity, at: now, policy) {
            state.tickets[fault] = joined.0
            return joined
        }
        let ticket = state.newTicket(fault, grade: scene.point.asset.grade, severity: severity, at: now)
        state.tickets[fault] = ticket
        return (ticket, open(ticket, breach, at: now, policy))
    }

    private static func open(_ ticket: Ticket, _ breach: Breach, at now: Instant, _ policy: Policy) -> [Effect] {
        var change = Change(ticket, at: now, policy)
        change.append(.openTicket(ticket, breach))
        change.log(.opened, breach.detail.merging(["severity": ticket.severity.rawValue]) { a, _ in a })
        change.notify(.opened, to: .systems)
        change.search()
        return change.effects
    }

    /// The breach belongs to a ticket that exists: an open one, or one closed so recently that this is a relapse.
    /// nil when it does not.
    private static func join(
        _ ticket: Ticket, _ breach: Breach, _ severity: Severity, at now: Instant, _ policy: Policy
    ) -> (Ticket, [Effect])? {
        var change = Change(ticket, at: now, policy)
        switch ticket.state {
        case .cancelled: return nil
        case .closed:
            guard let closedAt = ticket.closedAt, breach.at - closedAt <= policy.relapseWithin else { return nil }
            change.reopen(breach)
        case .verifying:
            change.move(to: .diagnosing)
            change.log(.relapsed, breach.detail)
            if let engineer = ticket.engineer { change.notify(.relapsed, to: .engineer(engineer)) }
        default:
            change.log(.breach, breach.detail)
        }
        change.worsen(to: severity)
        return (change.ticket, change.effects)
    }

    private static func worsen(
        _ scene: BreachScene, _ severity: Severity, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard var episode = state.points[scene.point.id]?.detectors[scene.rule.measure]?.episode else { return [] }
        episode.severity = severity
        var effects: [Effect] = []
        if let ticket = state.tickets[scene.fault], ticket.state.isOpen {
            var change = Change(ticket, at: now, policy)
            change.worsen(to: severity)
            state.tickets[scene.fault] = change.ticket
            effects = change.effects
        } else if let (ticket, attached) = attach(scene, severity, episode.limits, &state, at: now, policy) {
            // Somebody closed it over a breach that was on. That it is critical now is news.
            episode.ticket = ticket.id
            effects = attached
        }
        state.points[scene.point.id]?.detectors[scene.rule.measure]?.episode = episode
        return effects
    }

    private static func clear(
        _ scene: BreachScene, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard let episode = state.points[scene.point.id]?.detectors[scene.rule.measure]?.episode else { return [] }
        state.points[scene.point.id]?.detectors[scene.rule.measure]?.episode = nil
        var effects: [Effect] = [.saveEpisode(episode, scene.point.key, scene.rule.measure, clearedAt: scene.at)]
        if let ticket = state.tickets[scene.fault], ticket.state.isOpen {
            var change = Change(ticket, at: now, policy)
            change.log(.cleared, scene.breach(limit: episode.limits.clear).detail)
            effects += change.effects
        }
        return effects
    }
}

extension Effect {
    fileprivate var isSearch: Bool { if case .dispatch = self { true } else { false } }
}

extension Reading {
    fileprivate func rejected(_ reason: RejectionReason, _ detail: String) -> Effect {
        .reject(Rejection(reason, detail, origin: origin))
    }
}
