/// Velocity of the vibration between 10 and 1000 Hz, the measure of ISO 10816 and 20816.
public struct Velocity: Sendable, Hashable {
    /// mm/s.
    public var rms: Double
    /// Hz, as far as the sample rate reaches.
    public var band: ClosedRange<Double>
    /// Samples of each averaged spectrum.
    public var segment: Int
}

/// Velocity from one spectrum of the whole record, between 10 and 1000 Hz in mm/s: what other programs print.
public struct WholeVelocity: Sendable, Hashable {
    public var hann: Double
    /// Without a window: exact for whole periods, and misled by a drift.
    public var rectangular: Double

    /// From the unwindowed `bins` of a whole record; nil without a bin in the band.
    init?(_ bins: borrowing Split, _ grid: Grid) {
        let inside = grid.bins(in: MeanPower.velocityBand)
        guard !inside.isEmpty else { return nil }
        let count = Double(grid.length)
        var (windowed, plain) = (0.0, 0.0)
        for k in inside {
            let sides = grid.sides(k)
            let power = bins.re[k] * bins.re[k] + bins.im[k] * bins.im[k]
            let underHann = Hann.power(bins, k, length: grid.length)
            windowed += velocitySquare(sides * underHann / (count * count * 3 / 8), grid.frequency(k))
            plain += velocitySquare(sides * power / (count * count), grid.frequency(k))
        }
        (hann, rectangular) = (windowed.squareRoot(), plain.squareRoot())
    }
}

/// m/s² of 1 g.
let standardGravity = 9.80665

extension MeanPower {
    static let velocityBand = 10.0...1000.0

    /// Smallest power of two that lasts a second, or the whole record.
    static func velocitySegment(_ count: Int, sampleRate: Double) -> Int {
        var length = 1
        while Double(length) < sampleRate, length < count { length *= 2 }
        return min(length, count)
    }

    /// Integrated bin by bin, √Σ P/(2πf)²; edge bins count in full. nil without a bin in the band.
    var velocity: Velocity? {
        let bins = grid.bins(in: Self.velocityBand)
        guard !bins.isEmpty else { return nil }
        let square = bins.reduce(0.0) { $0 + velocitySquare(meanSquare($1), grid.frequency($1)) }
        let band = Self.velocityBand
        return Velocity(
            rms: square.squareRoot(), band: band.lowerBound...min(band.upperBound, grid.nyquist), segment: grid.length)
    }

    /// RMS above 1000 Hz, g: where bearings, gears and cavitation speak first. nil when nothing is sampled there.
    var highFrequencyRMS: Double? {
        let first = grid.bins(in: 0...Self.velocityBand.upperBound).upperBound
        guard first < grid.bins else { return nil }
        return (first..<grid.bins).reduce(0.0) { $0 + meanSquare($1) }.squareRoot()
    }
}

/// (mm/s)² of the acceleration's mean square in g² at one frequency.
func velocitySquare(_ meanSquare: Double, _ frequency: Double) -> Double {
    let scale = 1000 * standardGravity / (2 * .pi * frequency)
    return meanSquare * scale * scale
}
