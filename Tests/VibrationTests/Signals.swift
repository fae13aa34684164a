import RealModule

/// The generator of the whole suite; every use names its seed, and a failure shows it.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Standard normal (Box–Muller).
    mutating func normal() -> Double {
        let (u, v) = (Double.random(in: .ulpOfOne..<1, using: &self), Double.random(in: 0..<1, using: &self))
        return (-2 * Double.log(u)).squareRoot() * .cos(2 * .pi * v)
    }
}

/// Records whose features are known by formula.
enum Signal {
    static func sum(_ count: Int, rate: Double, _ value: (_ seconds: Double) -> Double) -> [Float] {
        (0..<count).map { Float(value(Double($0) / rate)) }
    }

    static func tone(_ count: Int, rate: Double, hertz: Double, amplitude: Double = 1, phase: Double = 0) -> [Float] {
        sum(count, rate: rate) { amplitude * .sin(2 * .pi * hertz * $0 + phase) }
    }

    static func noise(_ count: Int, deviation: Double, seed: UInt64) -> [Float] {
        var random = SplitMix(seed: seed)
        return (0..<count).map { _ in Float(deviation * random.normal()) }
    }

    /// Strikes at `hertz` that ring `resonance` for a millisecond or two, in noise.
    static func strikes(
        _ count: Int, rate: Double, hertz: Double, resonance: Double, amplitude: Double, deviation: Double, seed: UInt64
    ) -> [Float] {
        var random = SplitMix(seed: seed)
        return sum(count, rate: rate) { t in
            let since = t - (t * hertz).rounded(.down) / hertz
            let ring = amplitude * .exp(-900 * since) * .sin(2 * .pi * resonance * since)
            return ring + deviation * random.normal()
        }
    }
}

func isClose(_ a: Double?, _ b: Double, _ share: Double, floor: Double = 0) -> Bool {
    a.map { abs($0 - b) <= share * abs(b) + floor } ?? false
}
