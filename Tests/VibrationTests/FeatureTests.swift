import RealModule
import Testing

@testable import Vibration

/// Signals whose truth is a formula.
@Suite struct FeatureTests {
    private let analyser = Analyser()

    private func features(_ samples: [Float], _ rate: Double = 12_800, rpm: Double? = nil) -> Features {
        analyser.analyse(Recording(samples: samples, sampleRate: rate, rpm: rpm)).features
    }

    /// mm/s RMS of a tone with `amplitude` g.
    private func velocity(_ amplitude: Double, _ hertz: Double) -> Double {
        1000 * amplitude * standardGravity / (2 * .pi * hertz * 2.0.squareRoot())
    }

    @Test(arguments: [
        (100.0, 12_800.0, 32_768), (37.3, 12_800, 128_000), (25, 25_600, 100_000), (160, 48_000, 96_000),
        (523.1, 4096, 20_011), (997, 10_000, 12_345), (12, 3000, 60_000),
    ])
    func tone(hertz: Double, rate: Double, count: Int) throws {
        let found = features(
            Signal.tone(count, rate: rate, hertz: hertz, amplitude: 0.7, phase: 0.4), rate, rpm: hertz * 60)
        let statistics = try #require(found.statistics)
        #expect(isClose(found.velocity?.rms, velocity(0.7, hertz), 2e-3))
        #expect(isClose(statistics.rms, 0.7 / 2.0.squareRoot(), 2e-3))
        #expect(isClose(statistics.kurtosis, 1.5, 2e-3))
        #expect(isClose(statistics.excessKurtosis, -1.5, 2e-3))
        #expect(isClose(statistics.crest, 2.0.squareRoot(), 1e-2))
        #expect(isClose(found.orders.first { $0.order == 1 }?.velocityRMS, velocity(0.7, hertz), 2e-3))
        let peak = try #require(found.peaks.first)
        #expect(abs(peak.frequency - hertz) <= rate / Double(min(count, 16_384)) / 2 + 1e-9)
        // Half a bin off, the Hann window shows 85 % of a tone.
        #expect((0.84 * 0.7...0.7001).contains(peak.amplitude))
        #expect(found.doubts.subtracting([.lowBandwidth]).isEmpty)
    }

    @Test func velocityKeepsToItsBand() {
        let rate = 12_800.0
        let outside = Signal.sum(32_768, rate: rate) { t in
            0.1 * .sin(2 * .pi * 5 * t) + 1.0 * .sin(2 * .pi * 3000 * t) + 0.05 * .sin(2 * .pi * 40 * t)
        }
        let found = features(outside)
        #expect(isClose(found.velocity?.rms, velocity(0.05, 40), 1e-3))
        #expect(isClose(found.highFrequencyRMS, 1 / 2.0.squareRoot(), 1e-3))
        #expect(found.velocity?.band == 10...1000)
        #expect(found.velocity?.segment == 16_384)
    }

    @Test func ordersOfAShaft() {
        let wanted: [(order: Double, velocity: Double)] = [(0.5, 0.3), (1, 2), (2, 1), (3, 0.5), (7, 0.1)]
        let rate = 25_600.0
        let samples = Signal.sum(131_072, rate: rate) { t in
            wanted.reduce(0) { sum, line in
                let hertz = 24.63 * line.order
                return sum + line.velocity / velocity(1, hertz) * .sin(2 * .pi * hertz * t + line.order)
            }
        }
        let found = features(samples, rate, rpm: 24.63 * 60)
        #expect(found.orders.map(\.order) == [0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        for line in wanted {
            let order = found.orders.first { $0.order == line.order }
            #expect(isClose(order?.velocityRMS, line.velocity, 2e-3), "\(line)")
        }
        #expect((found.orders.first { $0.order == 5 }?.velocityRMS ?? 1) < 1e-3)
        // Beyond half the sample rate there is no order.
        #expect(features(samples, rate, rpm: 6000 * 60).orders.map(\.order) == [0.5, 1, 2])
    }

    @Test(arguments: [11, 12, 13] as [UInt64]) func noise(seed: UInt64) {
        let found = features(Signal.noise(128_000, deviation: 0.2, seed: seed))
        #expect(isClose(found.statistics?.rms, 0.2, 0.01))
        #expect(isClose(found.statistics?.kurtosis, 3, 0.03))
        #expect(abs(found.statistics?.skewness ?? 1) < 0.03)
        // White noise is spread evenly: 5400 of 6400 Hz lie above 1 kHz.
        #expect(isClose(found.highFrequencyRMS, 0.2 * (5400.0 / 6400).squareRoot(), 0.01))
        #expect(found.doubts == [.noSpeed])
    }

    @Test(arguments: [21, 22, 23] as [UInt64]) func scaleAndShift(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 13_000...30_000, using: &random)
        let samples = Signal.strikes(
            count, rate: 12_800, hertz: 87, resonance: 3100, amplitude: 0.5, deviation: 0.05, seed: seed)
        let bearing = Bearing(bpfo: 3.48, bpfi: 5.5, bsf: 2.3, ftf: 0.4)
        let analyse = { [analyser] (samples: [Float]) in
            analyser.analyse(
                Recording(samples: samples, sampleRate: 12_800, rpm: 1500), bearing: bearing, envelopeBand: 2000...4500
            ).features
        }
        let one = analyse(samples)
        // Exact in Float, so everything doubles to the last bits.
        let two = analyse(samples.map { 2 * $0 })
        let (a, b) = (try #require(one.statistics), try #require(two.statistics))
        #expect(isClose(b.rms, 2 * a.rms, 1e-12) && isClose(b.peak, 2 * a.peak, 1e-12))
        #expect(isClose(b.kurtosis, a.kurtosis ?? 0, 1e-12) && isClose(b.crest, a.crest ?? 0, 1e-12))
        #expect(isClose(b.skewness, a.skewness ?? 0, 1e-12))
        #expect(isClose(two.velocity?.rms, 2 * (one.velocity?.rms ?? 0), 1e-12))
        for (x, y) in zip(one.orders, two.orders) { #expect(isClose(y.velocityRMS, 2 * x.velocityRMS, 1e-9)) }
        for (x, y) in zip(one.envelope?.lines ?? [], two.envelope?.lines ?? []) {
            #expect(isClose(y.amplitude, 2 * x.amplitude, 1e-9) && isClose(y.ratio, x.ratio ?? 0, 1e-9))
            #expect(y.harmonics == x.harmonics && y.frequency == x.frequency)
        }
        // A shift rounds the samples a little.
        let shifted = analyse(samples.map { $0 + 1 })
        #expect(isClose(shifted.statistics?.rms, a.rms, 1e-6) && isClose(shifted.statistics?.mean, a.mean + 1, 1e-6))
        #expect(isClose(shifted.statistics?.kurtosis, a.kurtosis ?? 0, 1e-5))
        #expect(isClose(shifted.velocity?.rms, one.velocity?.rms ?? 0, 1e-4))
    }
}
