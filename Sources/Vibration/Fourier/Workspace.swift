import RealModule

/// Complex numbers as two arrays, so that neighbours load into one register; exchanging the two turns a forward
/// transform into the inverse.
package struct Split: Sendable {
    package var re: [Double]
    package var im: [Double]

    package init(count: Int) {
        re = [Double](repeating: 0, count: count)
        im = re
    }

    var count: Int { re.count }

    typealias Pointers = (re: UnsafePointer<Double>, im: UnsafePointer<Double>)
    typealias MutablePointers = (re: UnsafeMutablePointer<Double>, im: UnsafeMutablePointer<Double>)

    /// cos + i·sin of the first of `count` equal parts of a turn.
    static func turns(_ count: Int, first: Int? = nil) -> Split {
        var turns = Split(count: first ?? count)
        for k in 0..<turns.count {
            let angle = 2 * .pi * Double(k) / Double(count)
            (turns.re[k], turns.im[k]) = (.cos(angle), .sin(angle))
        }
        return turns
    }

    /// Pointers are good inside `body` only; nothing happens to no numbers.
    func withPointers(_ body: (Pointers) -> Void) {
        re.withUnsafeBufferPointer { re in
            im.withUnsafeBufferPointer { im in
                if let re = re.baseAddress, let im = im.baseAddress { body((re, im)) }
            }
        }
    }

    /// As above.
    mutating func withMutablePointers(_ body: (MutablePointers) -> Void) {
        re.withUnsafeMutableBufferPointer { re in
            im.withUnsafeMutableBufferPointer { im in
                if let re = re.baseAddress, let im = im.baseAddress { body((re, im)) }
            }
        }
    }
}

/// The two buffers of a transform. One pair serves a whole record: fresh pages would cost more than the arithmetic.
package struct Workspace {
    var data = Split(count: 0)
    var scratch = Split(count: 0)

    package init() {}

    /// Room for `count` numbers; what stood there may be lost.
    mutating func reserve(_ count: Int) {
        guard data.count < count else { return }
        data = Split(count: count)
        scratch = Split(count: count)
    }
}
