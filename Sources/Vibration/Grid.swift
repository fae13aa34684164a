/// The frequencies of a transform's bins.
struct Grid {
    let length: Int
    let sampleRate: Double

    var bins: Int { length / 2 + 1 }
    var resolution: Double { sampleRate / Double(length) }
    var nyquist: Double { sampleRate / 2 }

    func frequency(_ bin: Int) -> Double { Double(bin) * sampleRate / Double(length) }

    /// Bins inside a band, its edges included.
    func bins(in band: ClosedRange<Double>) -> Range<Int> {
        let (lower, upper) = (nearest(band.lowerBound), nearest(band.upperBound))
        // Rounding may put either edge on the wrong side of its bin.
        var first = max(0, lower - 1)
        while first < bins, frequency(first) < band.lowerBound { first += 1 }
        var end = min(bins, upper + 2)
        while end > first, frequency(end - 1) > band.upperBound { end -= 1 }
        return first..<max(first, end)
    }

    /// Bins not farther from `centre` than a share of it, at least two bins.
    func bins(about centre: Double, within share: Double) -> Range<Int> {
        let reach = max(share * centre, 2 * sampleRate / Double(length))
        let near = bins(in: centre - 2 * reach...centre + 2 * reach)
        let inside = near.filter { abs(frequency($0) - centre) <= reach }
        guard let first = inside.first, let last = inside.last else { return 0..<0 }
        return first..<last + 1
    }

    private func nearest(_ frequency: Double) -> Int {
        Int(min(max(frequency / resolution, 0), Double(bins)))
    }

    /// 2 for bins that stand for their mirror image too.
    func sides(_ bin: Int) -> Double { bin == 0 || 2 * bin == length ? 1 : 2 }
}
