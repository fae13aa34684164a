import RealModule
import Testing

@testable import Vibration

@Suite struct FourierTests {
    /// By the definition, one bin; the angle is kept small so that it stays exact.
    static func bin(_ k: Int, of x: Split, count: Int) -> (re: Double, im: Double) {
        var sum = (re: 0.0, im: 0.0)
        var turn = 0
        for n in 0..<count {
            let angle = -2 * .pi * Double(turn) / Double(count)
            let (cos, sin) = (Double.cos(angle), Double.sin(angle))
            sum.re += x.re[n] * cos - x.im[n] * sin
            sum.im += x.re[n] * sin + x.im[n] * cos
            turn = (turn + k) % count
        }
        return sum
    }

    static func random(_ count: Int, seed: UInt64, real: Bool = false) -> Split {
        var random = SplitMix(seed: seed)
        var x = Split(count: count)
        for n in 0..<count {
            x.re[n] = .random(in: -1...1, using: &random)
            if !real { x.im[n] = .random(in: -1...1, using: &random) }
        }
        return x
    }

    static func forward(_ x: Split) -> Split {
        let transform = ComplexTransform(x.count)
        var work = Self.work(x, transform)
        transform.forward(&work)
        return first(x.count, work.data)
    }

    static func work(_ x: Split, _ transform: ComplexTransform) -> Workspace {
        var work = Workspace()
        work.reserve(transform.room)
        for n in 0..<x.count { (work.data.re[n], work.data.im[n]) = (x.re[n], x.im[n]) }
        return work
    }

    static func first(_ count: Int, _ x: Split) -> Split {
        var first = Split(count: count)
        for n in 0..<count { (first.re[n], first.im[n]) = (x.re[n], x.im[n]) }
        return first
    }

    /// Every small length, each radix and their products, primes, and powers that leave vectors half full.
    static let lengths =
        Array(1...64) + [67, 72, 77, 81, 91, 97, 100, 101, 125, 127, 143, 169, 210, 243, 256, 257, 343, 500, 509]
        + [625, 1001, 1024, 2187, 2560, 2639]

    @Test(arguments: lengths) func isTheDefinition(length: Int) {
        let x = Self.random(length, seed: UInt64(length))
        let y = Self.forward(x)
        // Errors grow with the square root of the sum's terms.
        let near = 1e-14 * Double(length).squareRoot() * 4
        for k in length <= 128 ? Array(0..<length) : [0, 1, 2, length / 3, length / 2, length - 1] {
            let truth = Self.bin(k, of: x, count: length)
            #expect(abs(y.re[k] - truth.re) < near && abs(y.im[k] - truth.im) < near, "bin \(k)")
        }
    }

    @Test(arguments: lengths + [44_100, 99_991, 100_000, 131_072]) func realIsTheDefinition(length: Int) {
        let x = Self.random(length, seed: UInt64(length), real: true)
        var y = Split(count: length / 2 + 1)
        var work = Workspace()
        RealTransform(length).forward(x.re.span, into: &y, &work)
        let near = 1e-14 * Double(length).squareRoot() * 4
        for k in length <= 128 ? Array(0...length / 2) : [0, 1, 2, length / 5, length / 4, length / 3, length / 2] {
            let truth = Self.bin(k, of: x, count: length)
            #expect(abs(y.re[k] - truth.re) < near && abs(y.im[k] - truth.im) < near, "bin \(k)")
        }
    }

    @Test(arguments: lengths + [99_991, 100_000]) func inverseComesBack(length: Int) {
        let x = Self.random(length, seed: UInt64(length) + 1)
        let transform = ComplexTransform(length)
        var work = Self.work(x, transform)
        transform.forward(&work)
        transform.inverse(&work)
        let off = (0..<length).map {
            max(abs(work.data.re[$0] / Double(length) - x.re[$0]), abs(work.data.im[$0] / Double(length) - x.im[$0]))
        }
        #expect((off.max() ?? 1) < 1e-13)
    }

    /// Σ|X|² = N·Σ|x|².
    @Test(arguments: [64, 97, 2560, 100_000, 99_991]) func energyStays(length: Int) {
        let x = Self.random(length, seed: 3)
        let y = Self.forward(x)
        let energy = { (z: Split) in zip(z.re, z.im).reduce(0.0) { $0 + $1.0 * $1.0 + $1.1 * $1.1 } }
        #expect(isClose(energy(y), Double(length) * energy(x), 1e-12))
    }

    @Test(arguments: [60, 97, 2560]) func isLinear(length: Int) {
        let (a, b) = (Self.random(length, seed: 4), Self.random(length, seed: 5))
        var both = Split(count: length)
        for n in 0..<length { (both.re[n], both.im[n]) = (2 * a.re[n] - b.re[n], 2 * a.im[n] - b.im[n]) }
        let (ya, yb, y) = (Self.forward(a), Self.forward(b), Self.forward(both))
        for k in 0..<length {
            #expect(abs(y.re[k] - 2 * ya.re[k] + yb.re[k]) < 1e-11)
            #expect(abs(y.im[k] - 2 * ya.im[k] + yb.im[k]) < 1e-11)
        }
    }

    @Test func radices() {
        #expect(ComplexTransform.radices(of: 2560) == [4, 4, 4, 4, 5, 2])
        #expect(ComplexTransform.radices(of: 1) == [])
        #expect(ComplexTransform.radices(of: 34) == nil)
        for least in 1...5000 {
            let length = ComplexTransform.goodLength(atLeast: least)
            #expect(length >= least && length < 2 * least && ComplexTransform.radices(of: length) != nil)
        }
    }

    @Test func windowInBinsIsTheWindow() {
        for length in [3, 4, 5, 16, 33, 100] {
            let x = Self.random(length, seed: 6, real: true)
            var windowed = x
            for n in 0..<length { windowed.re[n] *= 0.5 - 0.5 * .cos(2 * .pi * Double(n) / Double(length)) }
            let (bins, truth) = (Self.forward(x), Self.forward(windowed))
            for k in 0...length / 2 {
                let power = truth.re[k] * truth.re[k] + truth.im[k] * truth.im[k]
                #expect(abs(Hann.power(Self.first(length / 2 + 1, bins), k, length: length) - power) < 1e-12)
            }
        }
    }

    @Test func plansAreBounded() {
        let plans = Plans(limit: 100) { $0 }
        for length in [40, 50, 40, 30, 101] { #expect(plans[length] == length) }
        // 50 was the longest unused, 101 never fits.
        #expect(plans.lengths == [40, 30])
    }

    @Test func plansServeManyAtOnce() async {
        let analyser = Analyser()
        let records = [1000, 1024, 997].map {
            Recording(samples: Signal.noise($0, deviation: 1, seed: 7), sampleRate: 1000)
        }
        let alone = records.map { Analyser().analyse($0) }
        await withTaskGroup(of: Bool.self) { group in
            for n in 0..<30 { group.addTask { analyser.analyse(records[n % 3]) == alone[n % 3] } }
            for await same in group { #expect(same) }
        }
    }
}
