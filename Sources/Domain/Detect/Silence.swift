/// When a measure of a point was heard of, by our own clock.
public struct Heard: Hashable, Sendable {
    /// When the newest reading came that was newer than all before it.
    public var current: Instant
    /// `current` as it is stored.
    public var saved: Instant

    public init(current: Instant, saved: Instant) {
        self.current = current
        self.saved = saved
    }

    /// Not every reading is worth a write: what is stored is at most this part of the silence behind.
    public static let precision = 16
}

extension Detector {
    /// - Returns: what changed, and whether it is to be saved.
    ///
    /// - Parameter saveEvery: milliseconds.
    mutating func hear(_ at: Instant, at now: Instant, saveEvery: Int64) -> (Event?, isChanged: Bool) {
        guard case .heard(var heard) = memory else {
            (last, memory) = (at, .heard(Heard(current: now, saved: now)))
            return (nil, true)
        }
        var isWritten = false
        if last.map({ at > $0 }) ?? true {
            (last, heard.current) = (at, now)
            // A clock of ours that was set back saves at once.
            isWritten = hasEpisode || now.milliseconds - heard.saved.milliseconds >= saveEvery || now < heard.saved
        }
        if isWritten { heard.saved = now }
        memory = .heard(heard)
        return (hasEpisode && isWritten ? .cleared : nil, isWritten)
    }
}

extension Decide {
    /// Points that have long said nothing: the sender, its gateway or its network is at fault.
    ///
    /// Points of one site that fall silent together are one fault, and one ticket: a switch, a gateway, a cut of power.
    ///
    /// - Parameters:
    ///   - points: those that may be silent; loaded in `state`.
    ///   - recent: by site the newest open ticket of this kind.
    ///   - since: since when we have been listening; what nobody listened to was not silent.
    public static func silence(
        _ points: [PointID], _ recent: [SiteID: Ticket], since: Instant, _ state: inout BurstState, at now: Instant,
        _ policy: Policy
    ) -> [Effect] {
        var recent = recent
        var effects: [Effect] = []
        for index in points.compactMap({ state.index(of: $0) }) {
            for (watch, limit) in state.points[index].silent(since: since, at: now) {
                let scene = BreachScene(Watched(point: index, watch: watch, at: now), in: state)
                guard !state.assets[state.points[index].asset].isWorkedOn(at: now) else { continue }
                let limits = Thresholds(raise: limit.inMinutes, clear: 0)
                if let known = recent[scene.asset.site], known.state.isOpen,
                    now - known.openedAt <= policy.silentTogether,
                    let (ticket, joined) = join(
                        known, scene.breach(limit: limits.raise), scene.rule.severity, at: now, policy)
                {
                    recent[scene.asset.site] = ticket
                    effects += joined + begin(scene, limits, scene.rule.severity, on: ticket.id, &state)
                } else {
                    effects += raise(scene, scene.rule.severity, limits, &state, at: now, policy)
                    if let ticket = state[scene.fault] { recent[scene.asset.site] = ticket }
                }
            }
        }
        state.takeChanges(into: &effects)
        return effects
    }
}

extension PointState {
    /// The rules that say that this point is silent, with how long it may be.
    fileprivate func silent(since: Instant, at now: Instant) -> [(watch: Int, after: Duration)] {
        watches.indices.compactMap { index in
            guard case .silence(let span) = watches[index].rule.basis, !watches[index].detector.hasEpisode,
                case .heard(let heard) = watches[index].detector.memory, now - max(heard.current, since) >= span
            else { return nil }
            return (index, span)
        }
    }
}
