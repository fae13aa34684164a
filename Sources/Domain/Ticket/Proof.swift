/// What must prove itself: the measure that breached, where it breached.
public struct ProofKey: Hashable, Sendable {
    public var point: PointKey
    public var measure: Measure
    public init(_ point: PointKey, _ measure: Measure) {
        self.point = point
        self.measure = measure
    }
}

/// What one breached measure has shown since the engineer's "done": running time and readings below the clear limits.
public struct Proof: Hashable, Sendable {
    /// Newest event time counted.
    public var last: Instant?
    /// Running time believed so far, event time.
    public var time: Duration
    public var readings: Int

    public init(last: Instant? = nil, time: Duration = .zero, readings: Int = 0) {
        self.last = last
        self.time = time
        self.readings = readings
    }

    /// Counts a reading of the running machine below its limits. Silence between two readings is not believed
    /// beyond `gap`.
    public mutating func take(at: Instant, gap: Duration) {
        if let last {
            guard at > last else { return }
            time += min(at - last, gap)
        }
        last = at
        readings += 1
    }

    /// The machine stood still: the time until it runs again is not running time.
    public mutating func pause() { last = nil }

    public func isEnough(_ policy: Policy) -> Bool {
        time >= policy.proofTime && readings >= policy.proofReadings
    }
}
