/// Mean and spread of a point's first readings, one value at a time (Welford).
public struct Baseline: Hashable, Sendable {
    public private(set) var count: Int
    public private(set) var mean: Double
    /// Sum of squared differences from the mean.
    public private(set) var sumOfSquares: Double

    public init(count: Int = 0, mean: Double = 0, sumOfSquares: Double = 0) {
        self.count = count
        self.mean = mean
        self.sumOfSquares = sumOfSquares
    }

    public mutating func add(_ value: Double) {
        count += 1
        let difference = value - mean
        mean += difference / Double(count)
        sumOfSquares += difference * (value - mean)
    }

    /// Raise at mean + 6σ, clear at mean + 4σ, critical at twice the raise excess; but nothing under a quarter
    /// above the mean counts as a change: a quiet first minute has a σ that the next hour's drift exceeds.
    ///
    /// The quarter is ISO 10816-3's criterion II (a change of 25 % of the B/C limit), taken of the baseline.
    public var thresholds: Thresholds {
        let σ = count > 0 ? (sumOfSquares / Double(count)).squareRoot() : 0
        let excess = max(6 * σ, abs(mean) / 4)
        return Thresholds(raise: mean + excess, clear: mean + excess * 2 / 3, critical: mean + 2 * excess)
    }
}
