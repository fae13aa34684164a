/// A transform of any length as a convolution with a chirp.
///
/// Source: L. Bluestein, "A linear filtering approach to the computation of the discrete Fourier transform",
/// IEEE Trans. Audio Electroacoust. 18 (1970) 451–455.
final class Chirp: Sendable {
    private let length: Int
    private let inner: ComplexTransform
    /// e^(−πik²/N).
    private let chirp: Split
    /// Transform of the conjugate chirp, divided by the inner length.
    private let filter: Split

    init(_ length: Int) {
        self.length = length
        inner = ComplexTransform(ComplexTransform.goodLength(atLeast: 2 * length - 1))
        let wide = inner.length
        let turns = Split.turns(2 * length)
        var chirp = Split(count: length)
        var work = Workspace()
        work.reserve(wide)
        // k², kept small: a large angle has no exact sine.
        var square = 0
        for k in 0..<length {
            let (cos, sin) = (turns.re[square], turns.im[square])
            (chirp.re[k], chirp.im[k]) = (cos, -sin)
            for at in [k, (wide - k) % wide] {
                (work.data.re[at], work.data.im[at]) = (cos / Double(wide), sin / Double(wide))
            }
            square = (square + 2 * k + 1) % (2 * length)
        }
        inner.forward(&work)
        (self.chirp, filter) = (chirp, work.data)
    }

    /// Numbers that the workspace must have room for.
    var room: Int { inner.length }

    /// Of the first N numbers of `work.data`, in place.
    func forward(_ work: inout Workspace) {
        for k in 0..<length { multiply(&work.data, k, chirp) }
        for k in length..<inner.length { (work.data.re[k], work.data.im[k]) = (0, 0) }
        inner.forward(&work)
        for k in 0..<inner.length { multiply(&work.data, k, filter) }
        inner.inverse(&work)
        for k in 0..<length { multiply(&work.data, k, chirp) }
    }

    @inline(__always) private func multiply(_ data: inout Split, _ k: Int, _ by: borrowing Split) {
        let (re, im) = (data.re[k], data.im[k])
        data.re[k] = re * by.re[k] - im * by.im[k]
        data.im[k] = re * by.im[k] + im * by.re[k]
    }
}
