/// The transform of real samples: bins 0…N/2; the others are their conjugates.
package struct RealTransform: Sendable {
    package let length: Int
    private let complex: ComplexTransform
    /// Of N parts, the first quarter.
    private let turns: Split

    package init(_ length: Int) {
        self.length = length
        // Two neighbours make one complex number; an odd length has one too few.
        complex = ComplexTransform(length.isMultiple(of: 2) ? length / 2 : length)
        turns = Split.turns(length, first: length / 4 + 1)
    }

    /// Unscaled bins into `bins`, which has room for N/2 + 1.
    package func forward(_ samples: Span<Double>, into bins: inout Split, _ work: inout Workspace) {
        precondition(samples.count == length && bins.count > length / 2, "the loops below check no bounds")
        work.reserve(complex.room)
        guard length.isMultiple(of: 2) else {
            for n in 0..<length { (work.data.re[n], work.data.im[n]) = (samples[n], 0) }
            complex.forward(&work)
            for k in 0...length / 2 { (bins.re[k], bins.im[k]) = (work.data.re[k], work.data.im[k]) }
            return
        }
        samples.withUnsafeBufferPointer { samples in
            work.data.withMutablePointers { z in
                for n in 0..<length / 2 { (z.re[n], z.im[n]) = (samples[2 * n], samples[2 * n + 1]) }
            }
        }
        complex.forward(&work)
        work.data.withPointers { z in
            turns.withPointers { turns in bins.withMutablePointers { untangle(z, turns, into: $0) } }
        }
    }

    /// From the transform Z of even samples + i · odd samples: X[k] = E[k] + e^(−2πik/N)·O[k].
    private func untangle(_ z: Split.Pointers, _ turns: Split.Pointers, into x: Split.MutablePointers) {
        let half = length / 2
        (x.re[0], x.re[half]) = (z.re[0] + z.im[0], z.re[0] - z.im[0])
        (x.im[0], x.im[half]) = (0, 0)
        guard half > 1 else { return }
        for k in 1...half / 2 {
            let mirror = half - k
            let (evenRe, evenIm) = ((z.re[k] + z.re[mirror]) / 2, (z.im[k] - z.im[mirror]) / 2)
            let (oddRe, oddIm) = ((z.im[k] + z.im[mirror]) / 2, (z.re[mirror] - z.re[k]) / 2)
            let (cos, sin) = (turns.re[k], turns.im[k])
            let (turnedRe, turnedIm) = (oddRe * cos + oddIm * sin, oddIm * cos - oddRe * sin)
            (x.re[k], x.im[k]) = (evenRe + turnedRe, evenIm + turnedIm)
            (x.re[mirror], x.im[mirror]) = (evenRe - turnedRe, turnedIm - evenIm)
        }
    }
}
