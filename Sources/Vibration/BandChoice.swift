/// The band whose envelope is the most impulsive: an impact rings the machine's resonances, noise does not.
///
/// After J. Antoni, "Fast computation of the kurtogram for the detection of transient faults", Mech. Syst. Signal
/// Process. 21 (2007) 108–124: kurtosis of the complex envelope over a tree of bands. Ours are cut from one transform,
/// the lowest of each level is left to the shaft, and the kurtosis is the median over pieces of the record, so that one
/// knock does not choose the band.
struct BandChoice {
    /// The range from 0 to half the sample rate is cut in so many; Antoni's tree of halves and thirds.
    private static let cuts = [2, 3, 4, 6, 8, 12, 16]
    /// Hz; a narrower band cannot follow a few harmonics of a bearing line.
    private static let narrowest = 500.0
    private static let pieces = 8
    /// s; a piece holds several impacts.
    private static let shortestPiece = 0.25
    /// Below this nothing is impulsive, and the widest band is as good as any. Gaussian noise has 0, a tone −1.
    private static let impulsive = 0.5

    /// From the unwindowed `bins` of a whole record.
    static func band(
        _ bins: borrowing Split, _ grid: Grid, _ plans: TransformPlans, _ work: inout Workspace
    ) -> ClosedRange<Double> {
        let widest = grid.nyquist / 8...grid.nyquist
        let narrow = cuts.map { (grid.nyquist / Double($0), $0) }.filter { $0.0 >= narrowest }.flatMap { width, cuts in
            (1..<cuts).map { Double($0) * width...Double($0 + 1) * width }
        }
        var best = (band: widest, kurtosis: impulsive)
        for band in [widest] + narrow {
            let kurtosis = kurtosis(bins, grid, band, plans, &work)
            if kurtosis > best.kurtosis { best = (band, kurtosis) }
        }
        return best.band
    }

    /// E|z|⁴ ÷ (E|z|²)² − 2 of the band's analytic signal, moved to 0 Hz so that few samples hold it.
    private static func kurtosis(
        _ bins: borrowing Split, _ grid: Grid, _ band: ClosedRange<Double>, _ plans: TransformPlans,
        _ work: inout Workspace
    ) -> Double {
        let inside = grid.bins(in: band)
        let length = ComplexTransform.goodLength(atLeast: max(1, inside.count))
        let inverse = plans.complex[length]
        work.reserve(inverse.room)
        for k in 0..<length { (work.data.re[k], work.data.im[k]) = (0, 0) }
        for (at, k) in inside.enumerated() { (work.data.re[at], work.data.im[at]) = (bins.re[k], bins.im[k]) }
        inverse.inverse(&work)
        let duration = Double(grid.length) / grid.sampleRate
        let pieces = max(1, min(Self.pieces, Int(duration / shortestPiece)))
        let found = (0..<pieces).map { piece in
            var (m2, m4) = (0.0, 0.0)
            let range = piece * length / pieces..<(piece + 1) * length / pieces
            for n in range {
                let square = work.data.re[n] * work.data.re[n] + work.data.im[n] * work.data.im[n]
                m2 += square
                m4 += square * square
            }
            return m2 > 0 ? m4 * Double(range.count) / (m2 * m2) - 2 : 0
        }.sorted()
        return found[found.count / 2]
    }
}
