/// |X|² of a record's Hann-windowed segments, averaged: Welch's method with half overlaps.
///
/// Source: P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra",
/// IEEE Trans. Audio Electroacoust. 15 (1967) 70–73.
struct MeanPower {
    let grid: Grid
    let values: [Double]

    /// Of a record that is one segment, from its unwindowed `bins`.
    init(_ bins: borrowing Split, _ grid: Grid) {
        self.grid = grid
        var values = [Double](repeating: 0, count: grid.bins)
        Hann.addPowers(of: bins, length: grid.length, to: &values)
        self.values = values
    }

    /// Segments of the transform's length, each without its own mean; the record has one at least.
    init(_ samples: [Double], sampleRate: Double, _ transform: RealTransform, _ work: inout Workspace) {
        let length = transform.length
        let grid = Grid(length: length, sampleRate: sampleRate)
        var sum = [Double](repeating: 0, count: grid.bins)
        var bins = Split(count: grid.bins)
        var segments = 0.0
        for start in stride(from: 0, through: samples.count - length, by: max(1, length / 2)) {
            transform.forward(samples.span.extracting(start..<start + length), into: &bins, &work)
            bins.re[0] = 0
            Hann.addPowers(of: bins, length: length, to: &sum)
            segments += 1
        }
        self.grid = grid
        values = sum.map { $0 / segments }
    }

    /// Mean square of one bin; all of them together are the record's, whatever the window took (g²).
    func meanSquare(_ bin: Int) -> Double {
        grid.sides(bin) * values[bin] / (Double(grid.length) * 3 / 8 * Double(grid.length))
    }

    var spectrum: Spectrum {
        Spectrum(resolution: grid.resolution, amplitudes: (0..<grid.bins).map(amplitude))
    }

    /// What a tone at the bin's centre has as its peak (g).
    func amplitude(_ bin: Int) -> Double { 4 * values[bin].squareRoot() / Double(grid.length) }
}
