/// What a burst of readings is decided on: loaded before, stored after, by the same transaction.
public struct BurstState: Sendable {
    public var points: [PointID: PointState]
    /// Values that the store already has under the burst's keys.
    public var known: [ValueKey: Double]
    /// For each fault of the burst's assets the open ticket, or else the last one closed.
    public var tickets: [Fault: Ticket]
    public var nextTicket: Int64
    public var nextEpisode: Int64

    public init(
        points: [PointID: PointState], known: [ValueKey: Double] = [:], tickets: [Fault: Ticket] = [:],
        nextTicket: Int64 = 1, nextEpisode: Int64 = 1
    ) {
        self.points = points
        self.known = known
        self.tickets = tickets
        self.nextTicket = nextTicket
        self.nextEpisode = nextEpisode
    }

    mutating func newTicket(_ fault: Fault, grade: Grade, severity: Severity, at now: Instant) -> Ticket {
        defer { nextTicket += 1 }
        return Ticket(id: TicketID(nextTicket), fault: fault, grade: grade, severity: severity, openedAt: now)
    }

    mutating func newEpisode() -> EpisodeID {
        defer { nextEpisode += 1 }
        return EpisodeID(nextEpisode)
    }

    /// One save per detector and burst, however many readings moved it.
    mutating func takeChangedDetectors() -> [Effect] {
        var effects: [Effect] = []
        for (id, point) in points where !point.changed.isEmpty {
            for measure in Measure.allCases where point.changed.contains(measure) {
                guard let detector = point.detectors[measure] else { continue }
                effects.append(.saveDetector(point.key, measure, detector))
                if let episode = detector.episode {
                    effects.append(.saveEpisode(episode, point.key, measure, clearedAt: nil))
                }
            }
            points[id]?.changed = []
        }
        return effects
    }
}

/// A point with its rules and where they stand.
public struct PointState: Sendable {
    public let key: PointKey
    public let id: PointID
    public let asset: AssetFacts
    public let rules: [Rule]
    public var detectors: [Measure: Detector]
    var changed: Set<Measure> = []

    public init(key: PointKey, id: PointID, asset: AssetFacts, rules: [Rule], detectors: [Measure: Detector] = [:]) {
        self.key = key
        self.id = id
        self.asset = asset
        self.rules = rules
        self.detectors = detectors
    }

    mutating func advance(_ value: Double, at: Instant, by rule: Rule) -> Detector.Event? {
        changed.insert(rule.measure)
        return detectors[rule.measure, default: Detector()].advance(value, at: at, by: rule)
    }

    /// The machine stands still; its next start is judged afresh.
    mutating func stand(_ measure: Measure, at: Instant) {
        guard var detector = detectors[measure], detector.over | detector.under | detector.critical != 0 else { return }
        // Told late, it says nothing about what was judged since.
        if let last = detector.last, at <= last { return }
        detector.forget()
        detectors[measure] = detector
        changed.insert(measure)
    }

    /// The limits in force for `measure`, if a rule has any yet.
    func thresholds(_ measure: Measure) -> Thresholds? {
        guard let rule = rules.first(where: { $0.measure == measure }) else { return nil }
        return (detectors[measure] ?? Detector()).thresholds(of: rule)
    }
}

/// One judged value, with everything that a breach is described by.
struct BreachScene {
    var point: PointState
    var rule: Rule
    var value: Double
    var at: Instant

    var fault: Fault { Fault(asset: point.asset.id, kind: FaultKind(rule.measure)) }

    func breach(limit: Double) -> Breach {
        Breach(point: point.id, measure: rule.measure, value: value, limit: limit, source: rule.source, at: at)
    }
}

extension Breach {
    /// Values by name for a timeline.
    var detail: [String: String] {
        [
            "point": point.description, "measure": measure.name, "value": decimal(value), "limit": decimal(limit),
            "source": source, "breach_at": String(at.milliseconds),
        ]
    }
}
