/// The loudness of a band over time: what strikes a resonance is read from its rhythm, not its pitch.
///
/// Source: P. D. McFadden, J. D. Smith, "Vibration monitoring of rolling element bearings by the high-frequency
/// resonance technique — a review", Tribology International 17 (1984) 3–10.
public struct Envelope: Sendable, Hashable {
    /// Hz.
    public var band: ClosedRange<Double>
    /// g.
    public var mean: Double
    /// About the mean, g.
    public var rms: Double
    /// Highest value, g.
    public var peak: Double
    /// At the bearing's orders, as far as they are known and below half the sample rate.
    public var lines: [Line]

    /// The envelope's spectrum at a bearing order.
    public struct Line: Sendable, Hashable {
        public var line: Bearing.Line
        /// Hz, by geometry and speed.
        public var expected: Double
        /// Hz, of the largest line within 2 %: elements slip.
        public var frequency: Double
        /// Peak, g.
        public var amplitude: Double
        /// Amplitude ÷ median of the lines within 20 %; nil when they are all zero, or none.
        public var ratio: Double?
        /// Multiples 1, 2 … 5 that stand out, up to the first that does not.
        public var harmonics: Int
        /// Not the skirt of a line beyond the 2 %.
        public var isPeak: Bool
    }
}

extension Envelope.Line {
    /// From this ratio a line stands out. Measured on public records: 8 of 9 damaged bearings found, the healthy one
    /// clean.
    public static let outstanding = 10.0
}

/// Envelope of one record, with its spectrum.
struct EnvelopeSpectrum {
    let statistics: Statistics
    let peak: Double
    let amplitudes: [Double]
    let grid: Grid

    /// From the unwindowed `bins` of a whole record; nil without a bin in the band.
    init?(
        _ bins: borrowing Split, _ grid: Grid, band: ClosedRange<Double>, _ plans: TransformPlans,
        _ work: inout Workspace
    ) {
        let length = grid.length
        let inside = grid.bins(in: band).clamped(to: 0..<(length + 1) / 2)
        guard !inside.isEmpty else { return nil }
        let inverse = plans.complex[length]
        work.reserve(inverse.room)
        work.data.fill(length, with: bins, inside)
        inverse.inverse(&work)
        // The analytic signal has twice the positive side.
        var envelope = work.data.magnitudes(length, times: 2 / Double(length))
        let mean = envelope.sum / Double(length)
        envelope.subtract(mean)
        var spectrum = Split(count: grid.bins)
        plans.real[length].forward(envelope.span, into: &spectrum, &work)
        statistics = Statistics(mean: mean, centred: envelope)
        peak = mean + (envelope.max() ?? 0)
        var powers = [Double](repeating: 0, count: grid.bins)
        Hann.addPowers(of: spectrum, length: length, to: &powers)
        amplitudes = powers.roots(times: 4 / Double(length))
        self.grid = grid
    }

    private static let slip = 0.02
    private static let harmonics = 5
    /// A found line is off by less than its multiples are searched: half a bin, or half a per cent.
    private static let harmonicSlip = 0.005

    func line(_ line: Bearing.Line, at expected: Double) -> Envelope.Line? {
        guard expected < grid.nyquist, let found = largest(about: expected, within: Self.slip) else { return nil }
        let frequency = grid.frequency(found)
        let harmonics = (1...Self.harmonics).prefix { harmonic in
            let centre = Double(harmonic) * frequency
            let bin = harmonic == 1 ? found : largest(about: centre, within: Self.harmonicSlip)
            let about = harmonic == 1 ? expected : centre
            return bin.flatMap { ratio($0, about: about) } ?? 0 >= Envelope.Line.outstanding
        }
        return Envelope.Line(
            line: line, expected: expected, frequency: frequency, amplitude: amplitudes[found],
            ratio: ratio(found, about: expected), harmonics: harmonics.count, isPeak: isPeak(found))
    }

    private func largest(about centre: Double, within share: Double) -> Int? {
        var best: Int?
        for k in grid.bins(about: centre, within: share) where amplitudes[k] > best.map({ amplitudes[$0] }) ?? -1 {
            best = k
        }
        return best
    }

    private func isPeak(_ bin: Int) -> Bool {
        let near = max(0, bin - 1)...min(bin + 1, amplitudes.count - 1)
        return near.allSatisfy { amplitudes[$0] <= amplitudes[bin] }
    }

    private func ratio(_ bin: Int, about centre: Double) -> Double? {
        let near = grid.bins(in: 0.8 * centre...1.2 * centre)
        let sorted = amplitudes[near].sorted()
        guard !sorted.isEmpty else { return nil }
        let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        return median > 0 ? amplitudes[bin] / median : nil
    }
}
