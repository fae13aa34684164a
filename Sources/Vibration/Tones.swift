/// A line of a spectrum.
public struct Peak: Sendable, Hashable {
    /// Of the bin's centre, Hz.
    public var frequency: Double
    /// Peak of the tone, in the spectrum's unit.
    public var amplitude: Double
}

/// What turns with the shaft, or a multiple of it.
public struct Order: Sendable, Hashable {
    /// Times the shaft's speed: ½, 1, 2 … 10.
    public var order: Double
    /// Where the line was found, Hz; within 2 % of where it was looked for.
    public var frequency: Double
    /// Of the line with its skirts, mm/s.
    public var velocityRMS: Double
}

extension MeanPower {
    static let peakSegment = 16_384
    static let peaks = 5
    static let lowestPeak = 2.0
    /// Bins between two peaks, at least: the Hann main lobe is four wide.
    private static let apart = 3

    /// The largest local maxima, largest first.
    var peaks: [Peak] {
        var candidates = (2..<max(2, grid.length / 2 - 1)).filter { k in
            values[k] > values[k - 1] && values[k] >= values[k + 1] && grid.frequency(k) >= Self.lowestPeak
        }
        var found: [Int] = []
        // Five walks are shorter than sorting thousands; of equals the first counts.
        while found.count < Self.peaks, let first = candidates.first {
            let largest = candidates.reduce(first) { values[$1] > values[$0] ? $1 : $0 }
            found.append(largest)
            candidates.removeAll { abs($0 - largest) < Self.apart }
        }
        return found.map { Peak(frequency: grid.frequency($0), amplitude: amplitude($0)) }
    }
}

extension Order {
    static let all = [0.5] + (1...10).map(Double.init)
    /// A shaft's speed is known this well.
    static let slip = 0.02
    /// Turns of the shaft in a record that keep 3 bins on each side of half an order apart from the next.
    static let fewestTurns = 16.0
    /// Bins on each side of a line that its energy spreads over.
    private static let skirt = 3

    /// From the unwindowed `bins` of a whole record; nil beyond half the sample rate.
    init?(_ order: Double, shaftRate: Double, bins: borrowing Split, _ grid: Grid) {
        let centre = order * shaftRate
        guard centre < grid.nyquist else { return nil }
        let scale = 8 / (3 * Double(grid.length) * Double(grid.length))
        var line: (bin: Int, power: Double)?
        for k in grid.bins(about: centre, within: Self.slip) {
            let power = grid.sides(k) * Hann.power(bins, k, length: grid.length)
            if power > line?.power ?? -1 { line = (k, power) }
        }
        guard let line else { return nil }
        var square = 0.0
        for k in max(1, line.bin - Self.skirt)...max(1, min(line.bin + Self.skirt, grid.bins - 1)) {
            let power = grid.sides(k) * Hann.power(bins, k, length: grid.length) * scale
            square += velocitySquare(power, grid.frequency(k))
        }
        self.order = order
        frequency = grid.frequency(line.bin)
        velocityRMS = square.squareRoot()
    }
}
