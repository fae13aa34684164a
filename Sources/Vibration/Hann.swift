/// The periodic Hann window, w[n] = ½ − ½ cos(2πn/N), applied to bins: exact, and without a table.
///
/// Source: F. J. Harris, "On the use of windows for harmonic analysis with the DFT", Proc. IEEE 66 (1978) 51–83.
/// Its sums, Σw = N/2 and Σw² = 3N/8, hold from 3 samples on.
enum Hann {
    static let fewest = 3

    /// |X[k]|² of the windowed samples, from the `bins` of the samples as they are.
    static func power(_ bins: borrowing Split, _ k: Int, length: Int) -> Double {
        let (before, after) = (neighbour(bins, k - 1, length), neighbour(bins, k + 1, length))
        let re = bins.re[k] / 2 - (before.re + after.re) / 4
        let im = bins.im[k] / 2 - (before.im + after.im) / 4
        return re * re + im * im
    }

    /// Of all bins at once, which is many times as fast.
    static func addPowers(of bins: borrowing Split, length: Int, to sums: inout [Double]) {
        let last = length / 2
        precondition(bins.count > last && sums.count > last, "the loop below checks no bounds")
        sums[0] += power(bins, 0, length: length)
        if last > 0 { sums[last] += power(bins, last, length: length) }
        guard last > 1 else { return }
        bins.withPointers { x in
            sums.withUnsafeMutableBufferPointer { sums in
                for k in 1..<last {
                    let re = x.re[k] / 2 - (x.re[k &- 1] + x.re[k &+ 1]) / 4
                    let im = x.im[k] / 2 - (x.im[k &- 1] + x.im[k &+ 1]) / 4
                    sums[k] += re * re + im * im
                }
            }
        }
    }

    /// Beyond both ends stand the conjugates.
    @inline(__always) private static func neighbour(
        _ bins: borrowing Split, _ k: Int, _ length: Int
    ) -> (re: Double, im: Double) {
        if k < 0 { return (bins.re[-k], -bins.im[-k]) }
        if 2 * k > length { return (bins.re[length - k], -bins.im[length - k]) }
        return (bins.re[k], bins.im[k])
    }
}
