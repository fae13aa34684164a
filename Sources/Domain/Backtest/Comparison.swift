/// What would have opened, beside what did.
public struct Comparison: Sendable {
    /// Tickets of one fault belong together that were open at the same time, or began within this.
    public static let tolerance = Duration.hours(1)

    /// A ticket in both, or in one only.
    public struct Pair: Sendable {
        public let would: PastTicket?
        public let did: PastTicket?

        /// How much earlier than live the rules would have opened it.
        public var lead: Duration? {
            guard let would, let did else { return nil }
            return did.beganAt - would.beganAt
        }

        /// From the backtest's breach to the moment that the fault was critical; to the minute.
        public var leadBeforeCritical: Duration? {
            guard let would, let critical = would.criticalAt ?? did?.criticalAt else { return nil }
            return critical - would.beganAt
        }

        public enum Difference: String, Sendable, CaseIterable {
            case point, measure, rule, value, limit, breachAt = "breach_at", severity
        }

        /// In what the two are not the same; empty unless there are two.
        public var differences: [Difference] {
            guard let would, let did else { return [] }
            return Difference.allCases.filter { difference in
                switch difference {
                case .point: would.breach?.point != did.breach?.point
                case .measure: would.breach?.measure != did.breach?.measure
                case .rule: would.breach?.kind != did.breach?.kind
                case .value: would.breach?.value != did.breach?.value
                case .limit: would.breach?.limit != did.breach?.limit
                case .breachAt: would.beganAt != did.beganAt
                case .severity: would.severity != did.severity
                }
            }
        }

        var beganAt: Instant { [would?.beganAt, did?.beganAt].compactMap(\.self).min() ?? Instant(milliseconds: 0) }
    }

    /// A rule as the plant states it: one row of limits, for however many points.
    public struct RuleKey: Hashable, Sendable {
        public let id: RuleID
        /// Empty: where something was live there is no such rule now.
        public let source: String
    }

    public struct RuleFigures: Sendable {
        public let rule: RuleKey
        /// That it is for.
        public internal(set) var points: [PointID] = []
        public internal(set) var episodes = Count()
        public internal(set) var tickets = Count()
        /// How long its breaches would have been on.
        public internal(set) var timeOn = Duration.zero
        /// Of its tickets that were live too.
        public internal(set) var leads: [Duration] = []

        /// Anything, then or in the backtest.
        public var hasRaised: Bool { tickets != Count() || episodes != Count() }

        public var medianLead: Duration? {
            leads.isEmpty ? nil : leads.sorted()[leads.count / 2]
        }
    }

    public struct Count: Hashable, Sendable {
        public internal(set) var would = 0
        public internal(set) var did = 0
    }

    /// By time.
    public let pairs: [Pair]
    /// Those that raised something first.
    public let rules: [RuleFigures]

    /// - Parameters:
    ///   - span: what began outside of it is not told, unless it belongs to what began inside.
    ///   - newest: the newest reading's time; what is on then is counted so far.
    ///   - plant: every point with the rules of the backtest.
    public init(
        would: (tickets: [PastTicket], episodes: [PastEpisode]), did: (tickets: [PastTicket], episodes: [PastEpisode]),
        in span: ClosedRange<Instant>, heardUntil newest: Instant?, _ plant: BurstState
    ) {
        pairs = Self.pairs(would.tickets, did.tickets.filter { $0.beganAt <= span.upperBound })
            .filter { pair in
                [pair.would, pair.did].contains { $0.map { span.contains($0.beganAt) } ?? false }
            }
            .sorted { $0.beganAt < $1.beganAt }
        var figures = FiguresByRule(plant)
        figures.add(pairs, in: span)
        figures.add(would.episodes, did.episodes, in: span, until: newest ?? span.upperBound)
        rules = figures.all
    }

    private static func pairs(_ would: [PastTicket], _ did: [PastTicket]) -> [Pair] {
        var open = would
        var pairs: [Pair] = []
        // What a machine reported first; what people did may be about any of it.
        let byReport = { (ticket: PastTicket) in ticket.fault.kind == .reported ? 1 : 0 }
        for ticket in did.sorted(by: { (byReport($0), $0.beganAt) < (byReport($1), $1.beganAt) }) {
            let candidates = open.indices.filter { open[$0].isSame(as: ticket) }
            let nearest = candidates.min { open[$0].distance(to: ticket) < open[$1].distance(to: ticket) }
            pairs.append(Pair(would: nearest.map { open.remove(at: $0) }, did: ticket))
        }
        return pairs + open.map { Pair(would: $0, did: nil) }
    }
}

extension PastTicket {
    /// Whether the two are about one fault at one time.
    fileprivate func isSame(as did: PastTicket) -> Bool {
        let isReport = did.fault.kind == .reported && did.fault.asset == fault.asset
        guard fault == did.fault || isReport else { return false }
        return distance(to: did) <= Comparison.tolerance || isOpen(at: did.beganAt) || did.isOpen(at: beganAt)
    }

    fileprivate func distance(to other: PastTicket) -> Duration {
        max(beganAt - other.beganAt, other.beganAt - beganAt)
    }
}

/// Live figures count for the rule that stands at their point now: an edited limit is held against the one before it.
private struct FiguresByRule {
    private var figures: [Comparison.RuleKey: Comparison.RuleFigures] = [:]
    private var keys: [PointID: [RuleID: Comparison.RuleKey]] = [:]

    init(_ plant: BurstState) {
        for point in plant.points {
            for watch in point.watches {
                let key = Comparison.RuleKey(id: watch.rule.id, source: watch.rule.source)
                keys[point.id, default: [:]][key.id] = key
                figures[key, default: Comparison.RuleFigures(rule: key)].points.append(point.id)
            }
        }
    }

    mutating func add(_ pairs: [Comparison.Pair], in span: ClosedRange<Instant>) {
        for pair in pairs {
            if let would = pair.would, span.contains(would.beganAt), let breach = would.breach {
                update(key(of: breach)) { figures in
                    figures.tickets.would += 1
                    if let lead = pair.lead { figures.leads.append(lead) }
                }
            }
            if let did = pair.did, span.contains(did.beganAt), let breach = did.breach {
                update(key(of: breach)) { $0.tickets.did += 1 }
            }
        }
    }

    mutating func add(
        _ would: [PastEpisode], _ did: [PastEpisode], in span: ClosedRange<Instant>, until newest: Instant
    ) {
        for episode in would where span.contains(episode.raisedAt) {
            update(key(episode.rule, at: episode.point)) { figures in
                figures.episodes.would += 1
                figures.timeOn += (episode.clearedAt ?? newest) - episode.raisedAt
            }
        }
        for episode in did where span.contains(episode.raisedAt) {
            update(key(episode.rule, at: episode.point)) { $0.episodes.did += 1 }
        }
    }

    var all: [Comparison.RuleFigures] {
        figures.values.sorted { a, b in
            if a.weight != b.weight { return a.weight > b.weight }
            let (left, right) = (a.rule, b.rule)
            return (left.id.measure.rawValue, left.id.kind.rawValue, left.source)
                < (right.id.measure.rawValue, right.id.kind.rawValue, right.source)
        }
    }

    private func key(of breach: Breach) -> Comparison.RuleKey {
        key(RuleID(breach.measure, breach.kind), at: breach.point)
    }

    private func key(_ rule: RuleID, at point: PointID) -> Comparison.RuleKey {
        keys[point]?[rule] ?? Comparison.RuleKey(id: rule, source: "")
    }

    private mutating func update(_ key: Comparison.RuleKey, _ change: (inout Comparison.RuleFigures) -> Void) {
        change(&figures[key, default: Comparison.RuleFigures(rule: key)])
    }
}

extension Comparison.RuleFigures {
    /// Tickets count before episodes.
    fileprivate var weight: Int { (tickets.would + tickets.did) << 20 + episodes.would + episodes.did }
}
