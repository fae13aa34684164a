/// Eight rows of eight numbers.
typealias Rows<Scalar: SIMDScalar> = InlineArray<8, SIMD8<Scalar>>

/// The discrete cosine transform of 8 × 8 samples, ITU-T T.81 A.3.3, in its orthonormal form: the inverse is the
/// transpose. Rows are vectors, so a pass transforms all eight columns at once.
enum DCT {
    /// cos(kπ/16) / 2.
    private static let c1: Float = 0.490_392_640
    private static let c2: Float = 0.461_939_766
    private static let c3: Float = 0.415_734_806
    private static let c4: Float = 0.353_553_391
    private static let c5: Float = 0.277_785_117
    private static let c6: Float = 0.191_341_716
    private static let c7: Float = 0.097_545_161

    /// Samples to coefficients.
    static func forward(_ samples: Rows<Float>) -> Rows<Float> {
        transposed(forwardColumns(transposed(forwardColumns(samples))))
    }

    /// Coefficients to samples, not clamped to what a sample can hold: what overshoots comes back as it was.
    static func inverse(_ coefficients: Rows<Float>) -> Rows<Float> {
        transposed(inverseColumns(transposed(inverseColumns(coefficients))))
    }

    @inline(__always)
    private static func forwardColumns(_ x: Rows<Float>) -> Rows<Float> {
        let (s0, s1, s2, s3) = (x[0] + x[7], x[1] + x[6], x[2] + x[5], x[3] + x[4])
        let (d0, d1, d2, d3) = (x[0] - x[7], x[1] - x[6], x[2] - x[5], x[3] - x[4])
        let (outer, inner) = (s0 - s3, s1 - s2)
        let x1 = c1 * d0 + c3 * d1 + c5 * d2 + c7 * d3
        let x3 = c3 * d0 - c7 * d1 - c1 * d2 - c5 * d3
        let x5 = c5 * d0 - c1 * d1 + c7 * d2 + c3 * d3
        let x7 = c7 * d0 - c5 * d1 + c3 * d2 - c1 * d3
        return [
            c4 * (s0 + s1 + s2 + s3), x1, c2 * outer + c6 * inner, x3,
            c4 * (s0 - s1 - s2 + s3), x5, c6 * outer - c2 * inner, x7,
        ]
    }

    @inline(__always)
    private static func inverseColumns(_ x: Rows<Float>) -> Rows<Float> {
        let (e0, e1) = (c4 * (x[0] + x[4]), c4 * (x[0] - x[4]))
        let (f0, f1) = (c2 * x[2] + c6 * x[6], c6 * x[2] - c2 * x[6])
        let (s0, s1, s2, s3) = (e0 + f0, e1 + f1, e1 - f1, e0 - f0)
        let d0 = c1 * x[1] + c3 * x[3] + c5 * x[5] + c7 * x[7]
        let d1 = c3 * x[1] - c7 * x[3] - c1 * x[5] - c5 * x[7]
        let d2 = c5 * x[1] - c1 * x[3] + c7 * x[5] + c3 * x[7]
        let d3 = c7 * x[1] - c5 * x[3] + c3 * x[5] - c1 * x[7]
        return [s0 + d0, s1 + d1, s2 + d2, s3 + d3, s3 - d3, s2 - d2, s1 - d1, s0 - d0]
    }

    /// Rows and columns change places: three times, the upper half's numbers are dealt between the lower half's, which
    /// turns a number's place, row and column in one, by a bit.
    @inline(__always)
    private static func transposed(_ x: Rows<Float>) -> Rows<Float> { dealt(dealt(dealt(x))) }

    @inline(__always)
    private static func dealt(_ x: Rows<Float>) -> Rows<Float> {
        let (a, b, c, d) = (dealt(x[0], x[4]), dealt(x[1], x[5]), dealt(x[2], x[6]), dealt(x[3], x[7]))
        return [
            a.lowHalf, a.highHalf, b.lowHalf, b.highHalf, c.lowHalf, c.highHalf, d.lowHalf, d.highHalf,
        ]
    }

    @inline(__always)
    private static func dealt(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD16<Float> {
        var both = SIMD16<Float>()
        both.evenHalf = a
        both.oddHalf = b
        return both
    }
}
