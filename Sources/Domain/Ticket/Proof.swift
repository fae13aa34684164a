/// What must prove itself: the measure that breached, where it breached.
public struct ProofKey: Hashable, Sendable {
    public var point: PointKey
    public var measure: Measure
    public init(_ point: PointKey, _ measure: Measure) {
        self.point = point
        self.measure = measure
    }
}

/// What one breached measure has shown since the engineer's "done": running time and readings below the clear limits,
/// at about the speed of the breach.
public struct Proof: Hashable, Sendable {
    /// What it showed while the breach was on.
    public struct Before: Hashable, Sendable {
        public var mean: Double
        public var peak: Double
        public var count: Int
        public var band: SpeedBand

        public init(mean: Double, peak: Double, count: Int, band: SpeedBand) {
            self.mean = mean
            self.peak = peak
            self.count = count
            self.band = band
        }
    }
    public var before: Before?
    /// Newest event time counted.
    public var last: Instant?
    /// Running time believed so far, event time.
    public var time: Duration
    /// So many, and their sum.
    public var readings: Int
    public var sum: Double
    /// Readings at another speed, which prove nothing.
    public var elsewhere: Int

    public init(
        before: Before? = nil, last: Instant? = nil, time: Duration = .zero, readings: Int = 0, sum: Double = 0,
        elsewhere: Int = 0
    ) {
        self.before = before
        self.last = last
        self.time = time
        self.readings = readings
        self.sum = sum
        self.elsewhere = elsewhere
    }

    /// Of the readings counted.
    public var mean: Double? { readings > 0 ? sum / Double(readings) : nil }

    /// Counts a reading of the running machine below its limits. Silence between two readings is not believed
    /// beyond `gap`.
    public mutating func take(_ value: Double, at: Instant, in band: SpeedBand = SpeedBand(number: 0), gap: Duration) {
        if let before, !band.isNear(before.band) {
            elsewhere += 1
            return pause()
        }
        if let last {
            guard at > last else { return }
            time += min(at - last, gap)
        }
        last = at
        readings += 1
        sum += value
    }

    /// The machine stood still: the time until it runs again is not running time.
    public mutating func pause() { last = nil }

    /// From the start; what was before stays.
    mutating func reset() { self = Proof(before: before) }

    public func isEnough(_ policy: Policy) -> Bool {
        time >= policy.proofTime && readings >= policy.proofReadings
    }
}
