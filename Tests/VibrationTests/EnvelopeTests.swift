import RealModule
import Testing

@testable import Vibration

@Suite struct EnvelopeTests {
    private let analyser = Analyser()

    /// Published for the 6205-2RS JEM: 3.5848, 5.4152, 4.7135 (that is 2 × BSF), 0.39828.
    @Test func ordersOf6205() throws {
        let bearing = try #require(Bearing(elements: 9, elementDiameter: 7.94004, pitchDiameter: 39.0398))
        #expect(isClose(bearing.bpfo, 3.5848, 1e-4) && isClose(bearing.bpfi, 5.4152, 1e-4))
        #expect(isClose(bearing[.twiceBSF], 4.7135, 1e-4) && isClose(bearing.ftf, 0.39828, 1e-4))
        // Each element passes one race or the other.
        #expect(isClose(bearing.bpfo + bearing.bpfi, 9, 1e-12))
        let oblique = try #require(
            Bearing(elements: 9, elementDiameter: 7.94004, pitchDiameter: 39.0398, contactDegrees: 60))
        let half = try #require(Bearing(elements: 9, elementDiameter: 3.97002, pitchDiameter: 39.0398))
        #expect(isClose(oblique.bpfo, half.bpfo, 1e-12) && isClose(oblique.ftf, half.ftf, 1e-12))
    }

    @Test(arguments: [
        (0, 1.0, 5.0, 0.0), (9, 0, 5, 0), (9, -1, 5, 0), (9, 5, 5, 0), (9, 1, .infinity, 0), (9, 1, 5, 90),
        (9, .nan, 5, 0), (9, 1, 5, .nan), (-1, 1, 5, 0),
    ])
    func noBearing(elements: Int, element: Double, pitch: Double, contact: Double) {
        #expect(
            Bearing(elements: elements, elementDiameter: element, pitchDiameter: pitch, contactDegrees: contact) == nil)
    }

    @Test func noOrders() {
        #expect(Bearing(bpfo: 3, bpfi: 5, bsf: 2, ftf: 0.4) != nil)
        #expect(Bearing(bpfo: 0, bpfi: 5, bsf: 2, ftf: 0.4) == nil)
        #expect(Bearing(bpfo: 3, bpfi: .nan, bsf: 2, ftf: 0.4) == nil)
        #expect(Bearing(bpfo: 3, bpfi: 5, bsf: .infinity, ftf: 0.4) == nil)
    }

    /// (1 + m cos 2πft) about a carrier has just that envelope.
    @Test func modulatedCarrier() throws {
        let rate = 10_000.0
        let samples = Signal.sum(50_000, rate: rate) { t in
            2 * (1 + 0.25 * .cos(2 * .pi * 40 * t)) * .sin(2 * .pi * 3000 * t) + .sin(2 * .pi * 100 * t)
        }
        let bearing = try #require(Bearing(bpfo: 4, bpfi: 6.3, bsf: 2.2, ftf: 0.4))
        let analysis = analyser.analyse(
            Recording(samples: samples, sampleRate: rate, rpm: 600), bearing: bearing, envelopeBand: 2000...4000)
        let envelope = try #require(analysis.features.envelope)
        #expect(isClose(envelope.mean, 2, 1e-6))
        #expect(isClose(envelope.rms, 0.5 / 2.0.squareRoot(), 1e-6))
        #expect(isClose(envelope.peak, 2.5, 1e-6))
        let line = try #require(envelope.lines.first { $0.line == .bpfo })
        #expect(line.frequency == 40 && line.expected == 40)
        #expect(isClose(line.amplitude, 0.5, 1e-6))
        #expect(line.ratio ?? 0 > 1000)
        #expect(envelope.lines.map(\.line) == Bearing.Line.allCases)
        #expect(isClose(analysis.envelopeSpectrum?.amplitudes[200], 0.5, 1e-6))
    }

    @Test(arguments: [31, 32, 33, 34] as [UInt64], [nil, 2000.0...5000] as [ClosedRange<Double>?])
    func strikesStandOut(seed: UInt64, band: ClosedRange<Double>?) throws {
        let bearing = try #require(Bearing(elements: 9, elementDiameter: 7.94, pitchDiameter: 39.04))
        // The elements slip 0.8 %.
        let hertz = bearing.bpfo * 1797 / 60 * 0.992
        let samples = Signal.strikes(
            64_000, rate: 12_800, hertz: hertz, resonance: 3200, amplitude: 0.8, deviation: 0.05, seed: seed)
        let envelope = try #require(
            analyser.analyse(
                Recording(samples: samples, sampleRate: 12_800, rpm: 1797), bearing: bearing, envelopeBand: band
            ).features.envelope)
        let outstanding = envelope.lines.filter { $0.ratio ?? 0 >= Envelope.Line.outstanding }
        #expect(outstanding.map(\.line) == [.bpfo])
        #expect(isClose(outstanding.first?.frequency, hertz, 2e-3))
        #expect(outstanding.first?.harmonics == 5)
        #expect(envelope.band.contains(3200), "\(envelope.band)")
    }

    @Test(arguments: [41, 42, 43, 44, 45] as [UInt64]) func noiseHasNoLines(seed: UInt64) throws {
        let bearing = try #require(Bearing(elements: 9, elementDiameter: 7.94, pitchDiameter: 39.04))
        let envelope = try #require(
            analyser.analyse(
                Recording(
                    samples: Signal.noise(64_000, deviation: 0.2, seed: seed), sampleRate: 12_800, rpm: 1797),
                bearing: bearing
            ).features.envelope)
        #expect(envelope.lines.allSatisfy { $0.ratio ?? 0 < 6 && $0.harmonics == 0 })
        // Nothing is impulsive: the widest band.
        #expect(envelope.band == 800...6400)
    }

    /// A hammer once, loud and low, does not take the band from strikes that repeat.
    @Test func oneKnockDoesNotChoose() throws {
        var samples = Signal.strikes(
            64_000, rate: 12_800, hertz: 107, resonance: 4500, amplitude: 0.5, deviation: 0.02, seed: 51)
        for n in 0..<200 { samples[30_000 + n] += Float(20 * .exp(-0.05 * Double(n)) * .sin(1.0 * Double(n))) }
        let found = analyser.analyse(Recording(samples: samples, sampleRate: 12_800)).features.envelope
        #expect(try #require(found).band.contains(4500), "\(String(describing: found?.band))")
    }

    @Test func linesBeyondTheSpectrumAreLeftOut() throws {
        let bearing = try #require(Bearing(bpfo: 3, bpfi: 5, bsf: 2, ftf: 0.4))
        let samples = Signal.noise(4000, deviation: 1, seed: 52)
        let found = analyser.analyse(Recording(samples: samples, sampleRate: 1000, rpm: 60 * 150), bearing: bearing)
        // 450, 300 and 60 Hz; 750 and 600 Hz are none.
        #expect(found.features.envelope?.lines.map(\.line) == [.bpfo, .bsf, .ftf])
        let still = analyser.analyse(Recording(samples: samples, sampleRate: 1000), bearing: bearing)
        #expect(still.features.envelope?.lines == [])
    }
}
