import RealModule

// The whole kernel stands in one file: the optimiser has to see through all of it, and without whole-module
// optimisation it sees one file at a time.

/// Two registers of the smallest machines, one of the others.
typealias Vector = SIMD4<Double>

/// Where a butterfly reads and writes.
protocol Site {
    associatedtype V: Lanes
    subscript(index: Int) -> Complex<V> { get }
    /// Multiplied by its twiddle.
    func put(_ index: Int, _ value: Complex<V>)
}

/// One pass of Stockham's transform, which sorts itself: no bit reversal, but a second buffer.
///
/// Source: C. Van Loan, "Computational Frameworks for the Fast Fourier Transform" (SIAM 1992), §1.7.
struct Pass: Sendable {
    let radix: Int
    /// Transforms side by side: the product of the radices before.
    let side: Int
    /// Butterflies of one transform.
    let groups: Int
    /// e^(−2πikp/left) for result k of butterfly p, one k after the other.
    private let twiddles: Split
    /// Of a turn in `radix` parts.
    private let turns: Split

    /// `left` is the length still to be split, this radix included.
    init(radix: Int, side: Int, left: Int) {
        (self.radix, self.side) = (radix, side)
        groups = left / radix
        turns = Split.turns(radix)
        var twiddles = Split(count: left)
        for k in 0..<radix {
            for p in 0..<groups {
                let angle = -2 * .pi * Double(k * p) / Double(left)
                (twiddles.re[k * groups + p], twiddles.im[k * groups + p]) = (.cos(angle), .sin(angle))
            }
        }
        self.twiddles = twiddles
    }

    func callAsFunction(_ source: borrowing Split, into target: inout Split) {
        source.withPointers { x in
            twiddles.withPointers { w in
                target.withMutablePointers { y in run(Field(x: x, w: w, y: y)) }
            }
        }
    }

    private func run(_ field: Field) {
        switch radix {
        case 2: sweep(field, Two())
        case 3: sweep(field, Three())
        case 4: sweep(field, Four())
        case 5: sweep(field, Five())
        default: sweep(field, Odd(count: radix, turns: turns))
        }
    }

    @inline(__always) private func sweep(_ field: Field, _ butterfly: some Butterfly) {
        if side == 1 {
            if groups >= Vector.scalarCount {
                each(groups, Vector.self) { butterfly.apply(Columns<Vector>(field, self, $0)) }
            } else {
                each(groups, Double.self) { butterfly.apply(Columns<Double>(field, self, $0)) }
            }
        } else if side >= Vector.scalarCount {
            for group in 0..<groups {
                each(side, Vector.self) { butterfly.apply(Rows<Vector>(field, self, group, $0)) }
            }
        } else {
            for group in 0..<groups {
                each(side, Double.self) { butterfly.apply(Rows<Double>(field, self, group, $0)) }
            }
        }
    }

    /// 0, 4, 8 … the last step overlaps the one before rather than reach over the end.
    @inline(__always) private func each<V: Lanes>(_ count: Int, _: V.Type, _ body: (Int) -> Void) {
        var at = 0
        while at < count {
            body(min(at, count - V.scalarCount))
            at += V.scalarCount
        }
    }
}

/// The arrays of a pass: source, twiddles, target.
struct Field {
    let x: Split.Pointers
    let w: Split.Pointers
    let y: Split.MutablePointers
}

/// The same butterfly of neighbouring transforms: one twiddle for all lanes.
struct Rows<V: Lanes>: Site {
    private let field: Field
    private let (x, y, w): (Int, Int, Int)
    private let (read, write, twiddle): (Int, Int, Int)

    @inline(__always) init(_ field: Field, _ pass: Pass, _ group: Int, _ at: Int) {
        self.field = field
        x = at + pass.side * group
        y = at + pass.side * group * pass.radix
        w = group
        (read, write, twiddle) = (pass.side * pass.groups, pass.side, pass.groups)
    }

    @inline(__always) subscript(index: Int) -> Complex<V> {
        Complex(re: V.load(field.x.re + (x + index * read)), im: V.load(field.x.im + (x + index * read)))
    }

    @inline(__always) func put(_ index: Int, _ value: Complex<V>) {
        let at = w + index * twiddle
        let turned =
            index == 0
            ? value : value * Complex(re: V(repeating: field.w.re[at]), im: V(repeating: field.w.im[at]))
        turned.re.store(field.y.re + (y + index * write))
        turned.im.store(field.y.im + (y + index * write))
    }
}

/// Neighbouring butterflies of the first pass: a twiddle for each lane, and results that stand apart.
struct Columns<V: Lanes>: Site {
    private let field: Field
    private let (at, groups, radix): (Int, Int, Int)

    @inline(__always) init(_ field: Field, _ pass: Pass, _ at: Int) {
        (self.field, self.at, groups, radix) = (field, at, pass.groups, pass.radix)
    }

    @inline(__always) subscript(index: Int) -> Complex<V> {
        let x = at + index * groups
        return Complex(re: V.load(field.x.re + x), im: V.load(field.x.im + x))
    }

    @inline(__always) func put(_ index: Int, _ value: Complex<V>) {
        let w = at + index * groups
        let turned = index == 0 ? value : value * Complex(re: V.load(field.w.re + w), im: V.load(field.w.im + w))
        for lane in 0..<V.scalarCount {
            field.y.re[(at + lane) * radix + index] = turned.re[lane]
            field.y.im[(at + lane) * radix + index] = turned.im[lane]
        }
    }
}

// MARK: Butterflies

/// A transform of a few points, as the passes of a longer one need it.
///
/// Formulas: C. Temperton, "Self-sorting mixed-radix fast Fourier transforms", J. Comput. Phys. 52 (1983) 1–23.
protocol Butterfly {
    func apply(_ site: some Site)
}

struct Two: Butterfly {
    @inline(__always) func apply(_ site: some Site) {
        let (a, b) = (site[0], site[1])
        site.put(0, a + b)
        site.put(1, a - b)
    }
}

struct Three: Butterfly {
    @inline(__always) func apply(_ site: some Site) {
        let (a, b, c) = (site[0], site[1], site[2])
        let sum = b + c
        let half = a - sum * 0.5
        let side = ((b - c) * 0.866_025_403_784_438_6).turned
        site.put(0, a + sum)
        site.put(1, half + side)
        site.put(2, half - side)
    }
}

struct Four: Butterfly {
    @inline(__always) func apply(_ site: some Site) {
        let (a, b, c, d) = (site[0], site[1], site[2], site[3])
        let (even, odd) = (a + c, b + d)
        let (half, side) = (a - c, (b - d).turned)
        site.put(0, even + odd)
        site.put(1, half + side)
        site.put(2, even - odd)
        site.put(3, half - side)
    }
}

struct Five: Butterfly {
    @inline(__always) func apply(_ site: some Site) {
        let (cos1, cos2) = (0.309_016_994_374_947_45, -0.809_016_994_374_947_45)
        let (sin1, sin2) = (0.951_056_516_295_153_5, 0.587_785_252_292_473_1)
        let (a, b, c, d, e) = (site[0], site[1], site[2], site[3], site[4])
        let (outer, inner) = (b + e, c + d)
        let (outerSide, innerSide) = ((b - e).turned, (c - d).turned)
        let (near, far) = (a + outer * cos1 + inner * cos2, a + outer * cos2 + inner * cos1)
        let (nearSide, farSide) = (outerSide * sin1 + innerSide * sin2, outerSide * sin2 - innerSide * sin1)
        site.put(0, a + outer + inner)
        site.put(1, near + nearSide)
        site.put(2, far + farSide)
        site.put(3, far - farSide)
        site.put(4, near - nearSide)
    }
}

/// Any odd count, in as many multiplications as its square; for the small primes that are left.
struct Odd: Butterfly {
    let count: Int
    let turns: Split

    @inline(__always) func apply<S: Site>(_ site: S) {
        let first = site[0]
        var sum = first
        for j in 1..<count { sum = sum + site[j] }
        site.put(0, sum)
        for k in 1...count / 2 {
            var half = first
            var side = Complex(re: S.V(repeating: 0), im: S.V(repeating: 0))
            for j in 1...count / 2 {
                let (a, b) = (site[j], site[count - j])
                let turn = j * k % count
                half = half + (a + b) * turns.re[turn]
                side = side + (a - b).turned * turns.im[turn]
            }
            site.put(k, half + side)
            site.put(count - k, half - side)
        }
    }
}

// MARK: Numbers side by side

/// What a butterfly computes with: one number, or neighbouring ones side by side in a vector register.
protocol Lanes {
    init(repeating value: Double)
    static var scalarCount: Int { get }
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    subscript(lane: Int) -> Double { get }
}

extension Lanes {
    @inline(__always) static func load(_ source: UnsafePointer<Double>) -> Self {
        UnsafeRawPointer(source).loadUnaligned(as: Self.self)
    }

    @inline(__always) func store(_ target: UnsafeMutablePointer<Double>) {
        UnsafeMutableRawPointer(target).storeBytes(of: self, as: Self.self)
    }
}

extension Double: Lanes {
    static var scalarCount: Int { 1 }
    @inline(__always) init(repeating value: Double) { self = value }
    @inline(__always) subscript(lane: Int) -> Double { self }
}

extension SIMD4<Double>: Lanes {}

/// A complex number in each lane.
struct Complex<V: Lanes> {
    var re: V
    var im: V

    @inline(__always) static func + (a: Self, b: Self) -> Self { Self(re: a.re + b.re, im: a.im + b.im) }
    @inline(__always) static func - (a: Self, b: Self) -> Self { Self(re: a.re - b.re, im: a.im - b.im) }
    @inline(__always) static func * (a: Self, b: Self) -> Self {
        Self(re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re)
    }
    @inline(__always) static func * (a: Self, b: Double) -> Self {
        Self(re: a.re * V(repeating: b), im: a.im * V(repeating: b))
    }
    /// Times −i: a quarter turn clockwise.
    @inline(__always) var turned: Self { Self(re: im, im: V(repeating: 0) - re) }
}
