// Loops over a whole record, four numbers at a time where the compiler cannot do so itself: sums may not be reordered
// unless we do it.

extension Vector {
    /// Those at `index` and after, of which there must be four.
    @inline(__always) init(_ numbers: UnsafeBufferPointer<Double>, _ index: Int) {
        self = UnsafeRawPointer(numbers.baseAddress! + index).loadUnaligned(as: Vector.self)
    }
}

extension [Double] {
    var sum: Double {
        withUnsafeBufferPointer { x in
            var sums = Vector.zero
            let whole = x.count & ~3
            for n in stride(from: 0, to: whole, by: 4) { sums += Vector(x, n) }
            return x[whole...].reduce(sums.sum(), +)
        }
    }

    mutating func subtract(_ value: Double) {
        withUnsafeMutableBufferPointer { x in for n in x.indices { x[n] -= value } }
    }

    /// √x of each, times `scale`.
    func roots(times scale: Double) -> [Double] {
        withUnsafeBufferPointer { x in
            [Double](unsafeUninitializedCapacity: x.count) { roots, count in
                for n in x.indices { roots[n] = x[n].squareRoot() * scale }
                count = x.count
            }
        }
    }
}

extension Split {
    /// `bins` where they are `inside`, and 0 elsewhere, in the first `length`.
    mutating func fill(_ length: Int, with bins: borrowing Split, _ inside: Range<Int>) {
        precondition(count >= length && bins.count >= inside.upperBound && length >= inside.upperBound)
        bins.withPointers { x in
            withMutablePointers { y in
                for (to, from) in [(y.re, x.re), (y.im, x.im)] {
                    (to).update(repeating: 0, count: length)
                    (to + inside.lowerBound).update(from: from + inside.lowerBound, count: inside.count)
                }
            }
        }
    }

    /// |z| of the first `length`, times `scale`.
    func magnitudes(_ length: Int, times scale: Double) -> [Double] {
        precondition(count >= length)
        return [Double](unsafeUninitializedCapacity: length) { magnitudes, count in
            withPointers { z in
                for n in 0..<length {
                    magnitudes[n] = (z.re[n] * z.re[n] + z.im[n] * z.im[n]).squareRoot() * scale
                }
            }
            count = length
        }
    }
}
