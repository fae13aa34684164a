/// The state of one rule at one point; it advances on event time, one new reading at a time.
///
/// A plant has hundreds of thousands: what is not there takes no room.
public struct Detector: Hashable, Sendable {
    /// What a rule remembers besides, by its kind.
    public enum Memory: Hashable, Sendable {
        case nothing
        /// What was learned, by speed.
        case learned(Baselines)
        case slope(Slope)
        case sensor(SensorRecord)
        case heard(Heard)
    }

    private var lastTime: Int64
    /// As judged: a rate is the measure's unit an hour.
    public var lastValue: Double
    /// Verdicts of the last readings, newest in bit 0: over the limit or not; in a breach, below where it ends or not.
    private var verdicts: UInt64
    public private(set) var critical: UInt64
    private var heldTime: Int64
    /// One or none.
    private var episodes: [Episode]
    public var memory: Memory
    /// Of the newest reading.
    public private(set) var band: SpeedBand

    public init(
        last: Instant? = nil, lastValue: Double = 0, verdicts: UInt64 = 0, critical: UInt64 = 0,
        heldSince: Instant? = nil, band: SpeedBand = SpeedBand(number: 0), memory: Memory = .nothing,
        episode: Episode? = nil
    ) {
        lastTime = last?.milliseconds ?? Self.never
        self.lastValue = lastValue
        self.verdicts = verdicts
        self.critical = critical
        heldTime = heldSince?.milliseconds ?? Self.never
        self.band = band
        self.memory = memory
        episodes = episode.map { [$0] } ?? []
    }

    private static let never = Int64.min

    /// Newest event time judged; what comes later but is older fills history only.
    public var last: Instant? {
        get { lastTime == Self.never ? nil : Instant(milliseconds: lastTime) }
        set { lastTime = newValue?.milliseconds ?? Self.never }
    }

    /// Since when a breach is confirmed that is not raised yet.
    public var heldSince: Instant? {
        get { heldTime == Self.never ? nil : Instant(milliseconds: heldTime) }
        set { heldTime = newValue?.milliseconds ?? Self.never }
    }

    /// The breach that is on, if one is.
    public var episode: Episode? {
        get { episodes.first }
        set {
            // Where one begins or ends, what is asked of a reading changes.
            if hasEpisode != (newValue != nil) { verdicts = 0 }
            episodes = newValue.map { [$0] } ?? []
        }
    }

    /// Verdicts of the last readings, newest in bit 0: whether they were over the limit. None while a breach is on.
    public var over: UInt64 { hasEpisode ? 0 : verdicts }
    /// Whether they were below where the breach that is on ends.
    public var under: UInt64 { hasEpisode ? verdicts : 0 }

    /// What was learned, by speed; of other rules nothing.
    public var baselines: Baselines { if case .learned(let baselines) = memory { baselines } else { Baselines() } }

    public var hasEpisode: Bool { !episodes.isEmpty }

    /// Whether the newest verdict was one of the reading of that time, and bad.
    func wasBad(at: Instant) -> Bool { lastTime == at.milliseconds && (verdicts & 1 == 1) != hasEpisode }

    /// Whether there is nothing to forget.
    var isFresh: Bool { verdicts | critical == 0 }

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
        case .learned(let learning): learned(learning)
        case .sensor: Self.badOrGood
        case .silence: nil
        }
    }

    private func learned(_ learning: Learning) -> Thresholds? {
        guard case .learned(let baselines) = memory else { return nil }
        return baselines[band]?.thresholds(learning)
    }

    /// A bad reading counts as 1, a good one as 0.
    private static let badOrGood = Thresholds(raise: 1, clear: 0)

    /// Judges one reading's value. The caller has seen to it that the value is current and of a machine that runs.
    ///
    /// The caller starts and ends the episode; a running one's peak and count are kept here.
    ///
    /// - Parameter mayLearn: false while something is known to be wrong: a fault is nothing to learn from.
    mutating func advance(
        _ value: Double, at: Instant, _ moment: MachineRun.Moment, by terms: Terms, mayLearn: Bool
    ) -> Event? {
        guard at.milliseconds > lastTime else { return nil }
        let (before, isFirst) = (Instant(milliseconds: lastTime), lastTime == Self.never)
        lastTime = at.milliseconds
        lastValue = value
        band = moment.band
        switch terms.basis {
        case .fixed(let limits): return judge(value, limits, at: at, by: terms)
        case .learned(let learning):
            // A speed of which nothing is known yet is learned, even while a breach from another speed is on: that one
            // waits to be judged by what is learned here.
            guard let limits = learned(learning) else {
                if mayLearn { learn(value, at: at, moment, learning) }
                return nil
            }
            // What is over the limits is no part of what is normal.
            if mayLearn, episodes.isEmpty, value < limits.raise { learn(value, at: at, moment, learning) }
            return judge(value, limits, at: at, by: terms)
        case .rate(let limits, _):
            guard let slope = slope(value, at: at, since: isFirst ? at : before, over: terms.span) else { return nil }
            lastValue = slope
            return judge(slope, limits, at: at, by: terms)
        case .sensor, .silence: return nil
        }
    }

    private mutating func learn(_ value: Double, at: Instant, _ moment: MachineRun.Moment, _ learning: Learning) {
        // Taken out while it changes, so that there is one of it.
        var baselines = Baselines()
        if case .learned(let known) = memory { baselines = known }
        memory = .nothing
        baselines.add(value, at: at, in: band, isRunning: moment.isRunning, learning)
        memory = .learned(baselines)
    }

    /// What was learned since this was last asked.
    mutating func takeLearned() -> [Baselines.Learned] {
        guard case .learned(var baselines) = memory else { return [] }
        memory = .nothing
        defer { memory = .learned(baselines) }
        return baselines.takeChanges()
    }

    private mutating func slope(_ value: Double, at: Instant, since before: Instant, over span: Int64) -> Double? {
        guard case .slope(var slope) = memory else {
            memory = .slope(Slope(value, at: at))
            return nil
        }
        defer { memory = .slope(slope) }
        return slope.add(value, at: at, after: at.milliseconds - before.milliseconds, over: span)
    }

    /// Judges whether a reading can be one of a sensor that measures.
    mutating func check(
        _ value: Double, of reading: Reading, _ moment: MachineRun.Moment, by terms: Terms, _ check: SensorCheck
    ) -> Event? {
        guard reading.at.milliseconds > lastTime else { return nil }
        var record = SensorRecord()
        if case .sensor(let known) = memory { record = known }
        let before = last.map { (at: $0, value: lastValue) }
        let fault = record.take(reading, value, after: before, isRunning: moment.isRunning, check)
        memory = .sensor(record)
        (lastTime, lastValue, band) = (reading.at.milliseconds, value, moment.band)
        return judge(fault == nil ? 0 : 1, Self.badOrGood, at: reading.at, by: terms)
    }

    private mutating func judge(_ value: Double, _ limits: Thresholds, at: Instant, by terms: Terms) -> Event? {
        critical = critical << 1 | (limits.critical.map { value >= $0 } == true ? 1 : 0)
        let severity: Severity = terms.confirmation.holds(critical) ? .critical : terms.severity

        guard hasEpisode else {
            verdicts = verdicts << 1 | (value >= limits.raise ? 1 : 0)
            return raise(severity, limits, at: at, by: terms)
        }
        verdicts = verdicts << 1 | (value <= limits.clear ? 1 : 0)
        if terms.confirmation.holds(verdicts) {
            critical = 0
            return .cleared
        }
        episodes[0].take(value, at: at)
        if severity > episodes[0].severity { return .worsened(severity) }
        return episodes[0].ticket == nil ? .goesOn : nil
    }

    private mutating func raise(_ severity: Severity, _ limits: Thresholds, at: Instant, by terms: Terms) -> Event? {
        guard terms.confirmation.holds(verdicts) else {
            heldSince = nil
            return nil
        }
        let since = heldSince ?? at
        heldSince = since
        guard at.milliseconds - since.milliseconds >= terms.hold else { return nil }
        heldSince = nil
        return .raised(severity, limits)
    }

    /// Forgets the window: after a standstill the next verdict starts from nothing.
    public mutating func forget() { (verdicts, critical, heldSince) = (0, 0, nil) }
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
    /// Bands that have changed since `takeChanges`, by number.
    private var changed: UInt64 = 0

    public init(_ all: [Learned] = []) { self.all = all }

    public subscript(band: SpeedBand) -> Baseline? { all.first { $0.band == band }?.baseline }

    /// What is as quiet as a machine at rest is not learned from, whatever is said of it: a sensor may lie on a bench.
    ///
    /// - Parameter isRunning: nil when nobody tells; then half of what was learned is rest, too.
    mutating func add(
        _ value: Double, at: Instant, in band: SpeedBand, isRunning: Bool?, _ learning: Learning
    ) {
        let index = all.firstIndex { $0.band == band } ?? all.count
        if index == all.count { all.append(Learned(band, Baseline())) }
        let known = all[index].baseline
        guard known.windows < learning.windows, value >= learning.rest else { return }
        if isRunning == nil, known.isLearned, value < known.mean / 2 { return }
        all[index].baseline.add(value, at: at, learning)
        changed |= 1 << UInt64(band.number)
    }

    mutating func takeChanges() -> [Learned] {
        defer { changed = 0 }
        return changed == 0 ? [] : all.filter { changed & 1 << UInt64($0.band.number) != 0 }
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
