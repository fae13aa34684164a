/// Shape of the waveform about its mean. Population moments, no bias correction.
public struct Statistics: Sendable, Hashable {
    /// g.
    public var mean: Double
    /// g, about the mean.
    public var rms: Double
    /// Largest distance from the mean, g.
    public var peak: Double
    /// Highest minus lowest, g.
    public var peakToPeak: Double
    /// Peak ÷ RMS; nil when flat. √2 for a sine.
    public var crest: Double?
    /// Pearson's, m₄ ÷ m₂²; nil when flat. 3 for Gaussian noise, 1.5 for a sine; impacts raise it.
    public var kurtosis: Double?
    /// m₃ ÷ RMS³; nil when flat.
    public var skewness: Double?

    /// Fisher's: 0 for Gaussian noise.
    public var excessKurtosis: Double? { kurtosis.map { $0 - 3 } }
}

extension Statistics {
    /// RMS in g that no sensor goes below; smaller is a constant with rounding noise.
    static let flatRMS = 1e-12

    var isFlat: Bool { !(rms > Self.flatRMS) }

    /// Of `centred`, samples less their `mean`; not empty.
    init(mean: Double, centred: [Double]) {
        var (m2, m3, m4) = (0.0, 0.0, 0.0)
        var (low, high) = (Double.infinity, -Double.infinity)
        centred.withUnsafeBufferPointer { x in
            var (squares, cubes, fourths) = (Vector.zero, Vector.zero, Vector.zero)
            var (lows, highs) = (Vector(repeating: low), Vector(repeating: high))
            let whole = x.count & ~3
            for n in stride(from: 0, to: whole, by: 4) {
                let four = Vector(x, n)
                let square = four * four
                squares += square
                cubes += square * four
                fourths += square * square
                lows.replace(with: four, where: four .< lows)
                highs.replace(with: four, where: four .> highs)
            }
            (m2, m3, m4) = (squares.sum(), cubes.sum(), fourths.sum())
            (low, high) = (lows.min(), highs.max())
            for x in x[whole...] {
                let square = x * x
                (m2, m3, m4) = (m2 + square, m3 + square * x, m4 + square * square)
                (low, high) = (min(low, x), max(high, x))
            }
        }
        let count = Double(centred.count)
        (m2, m3, m4) = (m2 / count, m3 / count, m4 / count)
        self.mean = mean
        rms = m2.squareRoot()
        peak = max(high, 0 - low)
        peakToPeak = high - low
        guard !isFlat else { return }
        crest = peak / rms
        kurtosis = m4 / (m2 * m2)
        skewness = m3 / (m2 * rms)
    }
}
