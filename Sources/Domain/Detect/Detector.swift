/// The state of one rule at one point; it advances on event time, one new reading at a time.
public struct Detector: Hashable, Sendable {
    /// Newest event time judged; what comes later but is older fills history only.
    public var last: Instant?
    public var lastValue: Double
    /// Verdicts of the last readings, newest in bit 0.
    public var over: UInt64
    public var under: UInt64
    public var critical: UInt64
    public var baseline: Baseline
    /// The breach that is on, if one is.
    public var episode: Episode?

    public init(
        last: Instant? = nil, lastValue: Double = 0, over: UInt64 = 0, under: UInt64 = 0, critical: UInt64 = 0,
        baseline: Baseline = Baseline(), episode: Episode? = nil
    ) {
        self.last = last
        self.lastValue = lastValue
        self.over = over
        self.under = under
        self.critical = critical
        self.baseline = baseline
        self.episode = episode
    }

    /// What one reading changed.
    public enum Event: Hashable, Sendable {
        case raised(Severity, Thresholds)
        case worsened(Severity)
        case cleared
    }

    /// The limits in force; nil while they are still being learned.
    public func thresholds(of rule: Rule) -> Thresholds? {
        switch rule.basis {
        case .fixed(let thresholds): thresholds
        case .learned(let count): baseline.count >= count ? baseline.thresholds : nil
        }
    }

    /// Judges one value. The caller has seen to it that the value is new, current and of a machine that runs.
    ///
    /// The caller starts and ends the episode; a running one's peak and count are kept here.
    public mutating func advance(_ value: Double, at: Instant, by rule: Rule) -> Event? {
        if let last, at <= last { return nil }
        last = at
        lastValue = value
        guard let limits = thresholds(of: rule) else {
            baseline.add(value)
            return nil
        }
        over = over << 1 | (value >= limits.raise ? 1 : 0)
        under = under << 1 | (value <= limits.clear ? 1 : 0)
        critical = critical << 1 | (limits.critical.map { value >= $0 } == true ? 1 : 0)
        let severity: Severity = rule.confirmation.holds(critical) ? .critical : .warning

        guard var episode else {
            guard rule.confirmation.holds(over) else { return nil }
            under = 0
            return .raised(severity, limits)
        }
        if rule.confirmation.holds(under) {
            (over, critical) = (0, 0)
            return .cleared
        }
        episode.take(value, at: at)
        self.episode = episode
        return severity > episode.severity ? .worsened(severity) : nil
    }

    /// Forgets the window: after a standstill the next verdict starts from nothing.
    public mutating func forget() { (over, under, critical) = (0, 0, 0) }
}

extension Confirmation {
    /// Whether at least `needed` of the newest `of` verdicts are set.
    func holds(_ verdicts: UInt64) -> Bool {
        let window = of == 64 ? UInt64.max : (1 << UInt64(of)) - 1
        return (verdicts & window).nonzeroBitCount >= needed
    }
}

/// One breach from raise to clear.
public struct Episode: Hashable, Sendable {
    public var id: EpisodeID
    public var ticket: TicketID?
    public var raisedAt: Instant
    public var limits: Thresholds
    public var severity: Severity
    public var peak: Double
    public var peakAt: Instant
    /// Readings since the raise.
    public var count: Int

    public init(
        id: EpisodeID, ticket: TicketID?, raisedAt: Instant, limits: Thresholds, severity: Severity, peak: Double,
        peakAt: Instant, count: Int = 1
    ) {
        self.id = id
        self.ticket = ticket
        self.raisedAt = raisedAt
        self.limits = limits
        self.severity = severity
        self.peak = peak
        self.peakAt = peakAt
        self.count = count
    }

    mutating func take(_ value: Double, at: Instant) {
        count += 1
        if value > peak { (peak, peakAt) = (value, at) }
    }
}
