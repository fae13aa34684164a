/// The flow, from a reading to a closed ticket. Everything here is pure: state in, effects out, time an argument.
///
///     readings ─▶ new? current? ─▶ record ─▶ number ─▶ detect ─▶ raised ─▶ ticket ─▶ dispatch ─▶ offer
///                                              │          │                             ▲  │
///                                    gap ◀────┘          └▶ proof ─▶ closed   decline, expiry  accept ─▶ … ─▶ done
///
/// - `readings`: this file; `silence`: `Detect/Silence.swift`; `analysis`: `Detect/Analysis.swift`.
/// - `dispatch`: `Dispatch/Offer.swift`, with eligibility, arrival and the ledger beside it.
/// - `action`: what people do, `Ticket/Act.swift`.
/// - `due`: what time does, `Ticket/Due.swift`.
public enum Decide {
    /// A burst of readings, in order of arrival.
    public static func readings(
        _ burst: [Series], _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        var effects: [Effect] = []
        for series in burst { take(series, &state, at: now, policy, &effects) }
        state.takeChanges(into: &effects)
        // The search for an engineer changes tickets that later readings of the burst have been decided on here; saving
        // those afterwards would take the offer back. So it comes last.
        guard effects.contains(where: \.isSearch) else { return effects }
        return effects.filter { !$0.isSearch } + effects.filter(\.isSearch)
    }

    private static func take(
        _ series: Series, _ state: inout BurstState, at now: Instant, _ policy: Policy, _ effects: inout [Effect]
    ) {
        guard let index = state.index(of: series.point) else {
            effects.append(series.rejected(.unknownPoint, "\(series.point) is not in the plant; import it first"))
            return
        }
        let asset = state.points[index].asset
        if let site = series.site, site != state.assets[asset].facts.site {
            let detail = "\(series.point) stands in \(state.assets[asset].facts.site)"
            effects.append(series.rejected(.wrongSite, detail))
            return
        }
        let series = state.owned(series, at: index)
        let news = news(of: series, at: index, &state, now, policy, &effects)
        number(series, at: index, &state, now, policy, &effects)
        guard !news.isEmpty else { return }
        effects.append(.record(state.points[index].key, news))
        if !series.extras.isEmpty { effects.append(.keepAside(state.points[index].key, series.extras)) }
        state.took(news, at: index)
        // A ticket begins to wait for its proof by what people do, never within a burst.
        let isProving = state.assets[asset].isProving
        for reading in news where now - reading.at <= policy.historyAfter {
            let moment = state.run(reading, ofAssetAt: asset, policy)
            let isWorkedOn = state.assets[asset].isWorkedOn(at: reading.at)
            for (watch, event) in state.judge(reading, moment, at: index, now, isWorkedOn: isWorkedOn) {
                follow(event, Watched(point: index, watch: watch, at: reading.at), &state, now, policy, &effects)
            }
            if isProving { effects += prove(reading, moment, at: index, &state, now, policy) }
        }
    }

    /// Delivery is at least once: a value seen before is dropped, another value under the same key is a conflict and
    /// the first wins. What cannot be is rejected. Returns the rest.
    private static func news(
        of series: Series, at index: Int, _ state: inout BurstState, _ now: Instant, _ policy: Policy,
        _ effects: inout [Effect]
    ) -> [Reading] {
        let (earliest, latest) = (now - policy.rejectAfter, now + policy.aheadAtMost)
        // As nearly all are: newer than all before, in order, in time.
        var newest = state.points[index].newest ?? Instant(milliseconds: .min)
        let isPlain = series.readings.allSatisfy { reading in
            defer { newest = reading.at }
            return reading.at > newest && reading.at >= earliest && reading.at <= latest
        }
        if isPlain { return series.readings }

        var news: [Reading] = []
        newest = state.points[index].newest ?? Instant(milliseconds: .min)
        for reading in series.readings {
            if let (reason, detail) = implausibleTime(reading, now, policy) {
                effects.append(series.rejected(reason, detail))
            } else if reading.at > newest {
                news.append(reading)
                newest = reading.at
            } else if let new = new(of: reading, in: series, after: news, at: index, &state, &effects) {
                news.append(new)
            }
        }
        return news
    }

    /// What of a reading that may be a repeat is new; `before` stands in front of it in the same series.
    private static func new(
        of reading: Reading, in series: Series, after before: [Reading], at index: Int, _ state: inout BurstState,
        _ effects: inout [Effect]
    ) -> Reading? {
        var new = Reading(at: reading.at, sequence: reading.sequence, values: Measures())
        for measure in Measure.allCases {
            guard let value = reading.values[measure] else { continue }
            let key = ValueKey(point: state.points[index].key, measure: measure, at: reading.at)
            let twin = before.last { $0.at == reading.at && $0.values[measure] != nil }
            switch twin?.values[measure] ?? state.known(key, at: index) {
            case nil: new.values[measure] = value
            case value?: break
            case let known?:
                let detail = "\(series.point) \(measure.name) at \(reading.at.iso8601) is \(known), not \(value)"
                effects.append(series.rejected(.conflict, detail))
            }
        }
        return new.values.isEmpty ? nil : new
    }

    private static func implausibleTime(
        _ reading: Reading, _ now: Instant, _ policy: Policy
    ) -> (RejectionReason, String)? {
        let ts = reading.at.iso8601
        if reading.at > now + policy.aheadAtMost {
            return (.inTheFuture, "ts \(ts) is ahead of \(now.iso8601); check the sender's clock")
        }
        if reading.at < now - policy.rejectAfter {
            let days = policy.rejectAfter.milliseconds / 86_400_000
            return (.tooOld, "ts \(ts) is older than \(days) days (ts is milliseconds since 1970)")
        }
        return nil
    }

    /// Counts the sender's numbers, of what was refused too; a hole is recorded and asked for.
    private static func number(
        _ series: Series, at index: Int, _ state: inout BurstState, _ now: Instant, _ policy: Policy,
        _ effects: inout [Effect]
    ) {
        let site = state.assets[state.points[index].asset].facts.site
        var newest = state.points[index].newest
        let inTime = now - policy.rejectAfter...now + policy.aheadAtMost
        var changes: [Numbering.Change] = []
        var setBack: Instant?
        state.number(at: index) { numbering in
            for number in series.refused {
                if let change = numbering.take(number, .same) { changes.append(change) }
            }
            for reading in series.readings {
                // A wrong time says nothing of the order.
                let age: Numbering.Age =
                    !inTime.contains(reading.at)
                    ? .older : newest.map { reading.at > $0 ? .newer : reading.at == $0 ? .same : .older } ?? .newer
                if age == .newer { newest = reading.at }
                guard let number = reading.sequence else { continue }
                // The next number, and dated long before the last: the sender's clock was set back.
                if age == .older, let newest, number == numbering.last.map({ $0 &+ 1 }), inTime.contains(reading.at),
                    newest - reading.at > policy.aheadAtMost
                {
                    setBack = setBack ?? reading.at
                }
                if let change = numbering.take(number, age) { changes.append(change) }
            }
        }
        if let setBack { state.rewind(index, to: setBack) }
        for change in changes {
            let sender = series.point.description
            switch change {
            case .gap(let missing):
                let gap = Gap(
                    sender: sender, first: missing.lowerBound, last: missing.upperBound, noticedAt: now)
                effects.append(.openGap(gap))
            case .filled(let number): effects.append(.fillGap(sender: sender, number, at: now))
            }
        }
        if let request = state.update(index, { $0.numbering.ask(of: series, in: site, at: now) }) {
            effects.append(.ask(request))
        }
    }

    /// What a rule's new verdict leads to.
    private static func follow(
        _ event: Detector.Event, _ watched: Watched, _ state: inout BurstState, _ now: Instant, _ policy: Policy,
        _ effects: inout [Effect]
    ) {
        let scene = BreachScene(watched, in: state)
        switch event {
        case .raised(let severity, let limits): effects += raise(scene, severity, limits, &state, at: now, policy)
        case .worsened(let severity): effects += worsen(scene, severity, &state, at: now, policy)
        case .goesOn: effects += goOn(scene, &state, at: now, policy)
        case .cleared: effects += clear(scene, &state, at: now, policy)
        }
    }

    /// A breach is on: one ticket per fault, whatever shape it is in; none while work is planned.
    static func raise(
        _ scene: BreachScene, _ severity: Severity, _ limits: Thresholds, _ state: inout BurstState, at now: Instant,
        _ policy: Policy
    ) -> [Effect] {
        if state.isWorkedOn(scene) { return begin(scene, limits, severity, on: nil, &state) }
        guard let (ticket, attached) = attach(scene, severity, limits, &state, at: now, policy) else { return [] }
        return attached + begin(scene, limits, severity, on: ticket.id, &state)
    }

    static func begin(
        _ scene: BreachScene, _ limits: Thresholds, _ severity: Severity, on ticket: TicketID?,
        _ state: inout BurstState
    ) -> [Effect] {
        let episode = Episode(
            id: state.newEpisode(), ticket: ticket, raisedAt: scene.at, limits: limits, severity: severity,
            peak: scene.value, peakAt: scene.at, band: scene.band)
        state[scene] = episode
        return [.saveEpisode(episode, scene.key, scene.rule.id, clearedAt: nil)]
    }

    /// A breach that began in planned work goes on after it.
    private static func goOn(
        _ scene: BreachScene, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard var episode = state[scene], !state.isWorkedOn(scene),
            let (ticket, attached) = attach(scene, episode.severity, episode.limits, &state, at: now, policy)
        else { return [] }
        episode.ticket = ticket.id
        state[scene] = episode
        return attached
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
        if let known = state[fault], known.state == .closed, let end = known.closedAt, breach.at <= end {
            return nil
        }
        if let known = state[fault], let joined = join(known, breach, severity, at: now, policy) {
            state[fault] = joined.0
            return joined
        }
        let ticket = state.newTicket(fault, grade: scene.asset.grade, severity: severity, at: now)
        let opened = open(ticket, breach, state.diagnosis(for: breach, policy), at: now, policy)
        state[fault] = opened.0
        return opened
    }

    private static func open(
        _ ticket: Ticket, _ breach: Breach, _ diagnosis: TicketDiagnosis?, at now: Instant, _ policy: Policy
    ) -> (Ticket, [Effect]) {
        var change = Change(ticket, at: now, policy)
        change.append(.openTicket(ticket, breach))
        change.log(.opened, breach.detail.merging(["severity": ticket.severity.rawValue]) { a, _ in a })
        if let diagnosis { change.diagnose(diagnosis, at: breach.point) }
        change.notify(.opened, to: .systems)
        change.search()
        return (change.ticket, change.effects)
    }

    /// The breach belongs to a ticket that exists: an open one, or one closed so recently that this is a relapse.
    /// nil when it does not.
    static func join(
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
        guard var episode = state[scene] else { return [] }
        episode.severity = severity
        var effects: [Effect] = []
        if let ticket = state[scene.fault], ticket.state.isOpen {
            var change = Change(ticket, at: now, policy)
            change.worsen(to: severity)
            state[scene.fault] = change.ticket
            effects = change.effects
        } else if !state.isWorkedOn(scene),
            let (ticket, attached) = attach(scene, severity, episode.limits, &state, at: now, policy)
        {
            // Somebody closed it over a breach that was on. That it is critical now is news.
            episode.ticket = ticket.id
            effects = attached
        }
        state[scene] = episode
        return effects
    }

    private static func clear(
        _ scene: BreachScene, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        guard let episode = state[scene] else { return [] }
        state[scene] = nil
        var effects: [Effect] = [.saveEpisode(episode, scene.key, scene.rule.id, clearedAt: scene.at)]
        // A silence may have joined the ticket of another point.
        if let ticket = episode.ticket,
            state[scene.fault].map({ $0.state.isOpen || $0.id != ticket }) ?? true
        {
            let detail = scene.breach(limit: episode.limits.clear).detail
            effects.append(.log(ticket, Entry(.cleared, at: now, detail)))
        }
        return effects
    }
}

extension BurstState {
    /// Whether work is planned on the scene's machine at that time.
    fileprivate func isWorkedOn(_ scene: BreachScene) -> Bool {
        assets[points[scene.watched.point].asset].isWorkedOn(at: scene.at)
    }

    /// What a waveform has told of the machine lately.
    fileprivate func diagnosis(for breach: Breach, _ policy: Policy) -> TicketDiagnosis? {
        guard breach.kind.isOfMachine, FaultKind(breach.measure) == .vibration,
            let known = index(of: breach.point.asset).flatMap({ assets[$0].diagnosis }),
            breach.at - known.at <= policy.diagnosisTrust
        else { return nil }
        return known
    }
}

extension Effect {
    fileprivate var isSearch: Bool { if case .dispatch = self { true } else { false } }
}

extension Series {
    fileprivate func rejected(_ reason: RejectionReason, _ detail: String) -> Effect {
        .reject(Rejection(reason, detail, origin: origin))
    }
}
