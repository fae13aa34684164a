/// The discrete Fourier transform of one length, X[k] = Σ x[n]·e^(−2πikn/N), unscaled.
///
/// In Double throughout: single precision would do for 1e-5, but lines 1e-8 below the largest are read too, and the
/// whole call takes milliseconds either way.
struct ComplexTransform: Sendable {
    let length: Int
    private let passes: [Pass]
    private let chirp: Chirp?

    init(_ length: Int) {
        self.length = length
        guard let radices = Self.radices(of: length) else {
            (passes, chirp) = ([], Chirp(length))
            return
        }
        var side = 1
        passes = radices.map { radix in
            defer { side *= radix }
            return Pass(radix: radix, side: side, left: length / side)
        }
        chirp = nil
    }

    /// nil for a length with a large prime, or none. Fours first: they fill the vectors of the passes after.
    static func radices(of length: Int) -> [Int]? {
        guard length > 0 else { return nil }
        var radices: [Int] = []
        var left = length
        for radix in [4, 5, 3, 2, 7, 11, 13] {
            while left % radix == 0 {
                radices.append(radix)
                left /= radix
            }
        }
        return left == 1 ? radices : nil
    }

    /// Numbers that the workspace must have room for.
    var room: Int { chirp?.room ?? length }

    /// Of the first N numbers of `work.data`, in place.
    func forward(_ work: inout Workspace) {
        precondition(work.data.count >= room && work.scratch.count >= room, "passes check no bounds")
        if let chirp { return chirp.forward(&work) }
        for pass in passes {
            pass(work.data, into: &work.scratch)
            swap(&work.data, &work.scratch)
        }
    }

    /// As above, N times too large.
    func inverse(_ work: inout Workspace) {
        swap(&work.data.re, &work.data.im)
        forward(&work)
        swap(&work.data.re, &work.data.im)
    }
}

extension ComplexTransform {
    /// A length at least `least` that has small factors only.
    static func goodLength(atLeast least: Int) -> Int {
        var best = 1
        while best < least { best *= 2 }
        // 5·2^n and 3·2^n and 9·2^n and 15·2^n stand between powers of two.
        for odd in [3, 5, 9, 15] {
            var length = odd
            while length < least { length *= 2 }
            best = min(best, length)
        }
        return best
    }
}
