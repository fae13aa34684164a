/// The state of one rule at one point; it advances on event time, one new reading at a time.
public struct Detector: Hashable, Sendable {
    /// What a rule remembers besides, by its kind.
    public enum Memory: Hashable, Sendable {
        case nothing
        case slope(Slope)
        case sensor(SensorRecord)
        case heard(Heard)
    }

    /// Newest event time judged; what comes later but is older fills history only.
    public var last: Instant?
    /// As judged: a rate is the measure's unit an hour.
    public var lastValue: Double
    /// Verdicts of the last readings, newest in bit 0.
    public var over: UInt64
    public var under: UInt64
    public var critical: UInt64
    /// Since when a breach is confirmed that is not raised yet.
    public var heldSince: Instant?
    /// Of the newest reading.
    public var band: SpeedBand
    /// What was learned, by speed.
    public var baselines: Baselines
    public var memory: Memory
    /// The breach that is on, if one is.
    public var episode: Episode?

    public init(
        last: Instant? = nil, lastValue: Double = 0, over: UInt64 = 0, under: UInt64 = 0, critical: UInt64 = 0,
        heldSince: Instant? = nil, band: SpeedBand = SpeedBand(number: 0), baselines: Baselines = Baselines(),
        memory: Memory = .nothing, episode: Episode? = nil
    ) {
        self.last = last
        self.lastValue = lastValue
        self.over = over
        self.under = under
        self.critical = critical
        self.heldSince = heldSince
        self.band = band
        self.baselines = baselines
        self.memory = memory
        self.episode = episode
    }

    /// What one reading changed.
    public enum Event: Hashable, Sendable {
        case raised(Severity, Thresholds)
        case worsened(Severity)
        /// A breach goes on that has no ticket yet.
        case goesOn
        case cleared
    }

    /// The limits in force at the newest reading's speed; nil while they are still being learned.
    public func thresholds(of rule: Rule) -> Thresholds? {
        switch rule.basis {
        case .fixed(let thresholds), .rate(let thresholds, _): thresholds
        case .learned(let learning): baselines[band]?.thresholds(learning)
        case .sensor: Self.badOrGood
        case .silence: nil
        }
    }

    /// A bad reading counts as 1, a good one as 0.
    private static let badOrGood = Thresholds(raise: 1, clear: 0)

    /// Judges one reading's value. The caller has seen to it that the value is current and of a machine that runs.
    ///
    /// The caller starts and ends the episode; a running one's peak and count are kept here.
    mutating func advance(
        _ value: Double, of reading: Reading, _ moment: MachineRun.Moment, by rule: Rule
    ) -> Event? {
        if let last, reading.at <= last { return nil }
        last = reading.at
        lastValue = value
        band = moment.band
        switch rule.basis {
        case .fixed(let limits): return judge(value, limits, at: reading.at, by: rule)
        case .learned(let learning):
            // At a speed of which nothing is known yet a breach ends as it began.
            let limits = thresholds(of: rule) ?? episode?.limits
            // What is over the limits is no part of what is normal.
            if episode == nil, limits.map({ value < $0.raise }) ?? true {
                baselines.add(value, in: band, isRunning: moment.isRunning, learning)
            }
            return limits.flatMap { judge(value, $0, at: reading.at, by: rule) }
        case .rate(let limits, let span):
            guard let slope = slope(value, at: reading.at, over: span) else { return nil }
            lastValue = slope
            return judge(slope, limits, at: reading.at, by: rule)
        case .sensor, .silence: return nil
        }
    }

    private mutating func slope(_ value: Double, at: Instant, over span: Duration) -> Double? {
        guard case .slope(var slope) = memory else {
            memory = .slope(Slope(value, at: at))
            return nil
        }
        defer { memory = .slope(slope) }
        return slope.add(value, at: at, over: span)
    }

    /// Judges whether a reading can be one of a sensor that measures.
    mutating func check(
        _ value: Double, of reading: Reading, _ moment: MachineRun.Moment, by rule: Rule, _ check: SensorCheck
    ) -> Event? {
        if let last, reading.at <= last { return nil }
        last = reading.at
        lastValue = value
        band = moment.band
        var record = SensorRecord()
        if case .sensor(let known) = memory { record = known }
        let fault = record.take(reading, value, isRunning: moment.isRunning, check)
        memory = .sensor(record)
        return judge(fault == nil ? 0 : 1, Self.badOrGood, at: reading.at, by: rule)
    }

    private mutating func judge(_ value: Double, _ limits: Thresholds, at: Instant, by rule: Rule) -> Event? {
        over = over << 1 | (value >= limits.raise ? 1 : 0)
        under = under << 1 | (value <= limits.clear ? 1 : 0)
        critical = critical << 1 | (limits.critical.map { value >= $0 } == true ? 1 : 0)
        let severity = max(rule.severity, rule.confirmation.holds(critical) ? .critical : .warning)

        guard var episode else { return raise(severity, limits, at: at, by: rule) }
        if rule.confirmation.holds(under) {
            (over, critical) = (0, 0)
            return .cleared
        }
        episode.take(value, at: at)
        self.episode = episode
        if severity > episode.severity { return .worsened(severity) }
        return episode.ticket == nil ? .goesOn : nil
    }

    private mutating func raise(
        _ severity: Severity, _ limits: Thresholds, at: Instant, by rule: Rule
    ) -> Event? {
        guard rule.confirmation.holds(over) else {
            heldSince = nil
            return nil
        }
        let since = heldSince ?? at
        heldSince = since
        guard at - since >= rule.hold else { return nil }
        (under, heldSince) = (0, nil)
        return .raised(severity, limits)
    }

    /// Forgets the window: after a standstill the next verdict starts from nothing.
    public mutating func forget() { (over, under, critical, heldSince) = (0, 0, 0, nil) }
}

extension Confirmation {
    /// Whether at least `needed` of the newest `of` verdicts are set.
    func holds(_ verdicts: UInt64) -> Bool {
        let window = of == 64 ? UInt64.max : (1 << UInt64(of)) - 1
        return (verdicts & window).nonzeroBitCount >= needed
    }
}

/// What was learned at each speed; most machines have one.
public struct Baselines: Hashable, Sendable {
    public struct Learned: Hashable, Sendable {
        public var band: SpeedBand
        public var baseline: Baseline

        public init(_ band: SpeedBand, _ baseline: Baseline) { (self.band, self.baseline) = (band, baseline) }
    }
    private var all: [Learned]
    /// Bands that have changed since `takeChanges`.
    private var changed: [SpeedBand] = []

    public init(_ all: [Learned] = []) { self.all = all }

    public subscript(band: SpeedBand) -> Baseline? { all.first { $0.band == band }?.baseline }

    /// - Parameter isRunning: nil when nobody tells; then what is as quiet as a machine at rest is not learned from.
    mutating func add(_ value: Double, in band: SpeedBand, isRunning: Bool?, _ learning: Learning) {
        let index = all.firstIndex { $0.band == band } ?? all.count
        if index == all.count { all.append(Learned(band, Baseline())) }
        let baseline = all[index].baseline
        guard baseline.windows < learning.windows else { return }
        if isRunning == nil, value < max(learning.rest, baseline.isLearned ? baseline.mean / 2 : 0) { return }
        all[index].baseline.add(value, learning)
        if !changed.contains(band) { changed.append(band) }
    }

    mutating func takeChanges() -> [Learned] {
        defer { changed = [] }
        return changed.isEmpty ? [] : all.filter { changed.contains($0.band) }
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
    /// Readings since the raise, and their sum.
    public var count: Int
    public var sum: Double
    /// Of the reading that raised it.
    public var band: SpeedBand

    public init(
        id: EpisodeID, ticket: TicketID?, raisedAt: Instant, limits: Thresholds, severity: Severity, peak: Double,
        peakAt: Instant, count: Int = 1, sum: Double? = nil, band: SpeedBand = SpeedBand(number: 0)
    ) {
        self.id = id
        self.ticket = ticket
        self.raisedAt = raisedAt
        self.limits = limits
        self.severity = severity
        self.peak = peak
        self.peakAt = peakAt
        self.count = count
        self.sum = sum ?? peak
        self.band = band
    }

    public var mean: Double { sum / Double(max(1, count)) }

    mutating func take(_ value: Double, at: Instant) {
        count += 1
        sum += value
        if value > peak { (peak, peakAt) = (value, at) }
    }
}
