import RealModule
import Testing

@testable import Vibration

@Suite struct DoubtTests {
    private let analyser = Analyser()

    /// Noise turns at no speed; that doubt has a test of its own.
    private func doubts(_ samples: [Float], _ rate: Double = 12_800, rpm: Double? = 3000) -> Set<Doubt> {
        analyse(samples, rate, rpm: rpm).features.doubts
    }

    private func analyse(
        _ samples: [Float], _ rate: Double = 12_800, rpm: Double? = 3000, band: ClosedRange<Double>? = nil
    ) -> Analysis {
        var found = analyser.analyse(Recording(samples: samples, sampleRate: rate, rpm: rpm), envelopeBand: band)
        found.features.doubts.remove(.unconfirmedSpeed)
        return found
    }

    @Test func aSpeedThatNothingTurnsAt() {
        func found(_ hertz: Double) -> Set<Doubt> {
            let tone = Signal.tone(16_384, rate: 12_800, hertz: hertz, amplitude: 0.7, phase: 0.4)
            return analyser.analyse(Recording(samples: tone, sampleRate: 12_800, rpm: 3000)).features.doubts
        }
        #expect(found(50) == [] && found(49.9) == [])
        #expect(found(48) == [.unconfirmedSpeed])
    }

    private let noise = Signal.noise(16_384, deviation: 0.3, seed: 61)

    @Test func aGoodRecordHasNone() { #expect(doubts(noise) == []) }

    @Test func noRecord() {
        #expect(doubts([]) == [.empty])
        for bad in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            var samples = noise
            samples[77] = bad
            let found = analyser.analyse(Recording(samples: samples, sampleRate: 12_800, rpm: 3000))
            #expect(found == Analysis(features: Features(doubts: [.notFinite], shaftRate: 50)))
        }
    }

    @Test(arguments: [0, -1, .nan, .infinity, 1e-300, 1e300] as [Double]) func noSampleRate(rate: Double) {
        let found = analyser.analyse(Recording(samples: noise, sampleRate: rate, rpm: 3000)).features
        #expect(found.doubts == [.noSampleRate])
        // What needs no time is there.
        #expect(isClose(found.statistics?.rms, 0.3, 0.02))
        #expect(found.velocity == nil && found.peaks == [] && found.orders == [] && found.envelope == nil)
    }

    @Test(arguments: [0, -5, .nan, .infinity, nil] as [Double?]) func noSpeed(rpm: Double?) {
        let found = analyser.analyse(Recording(samples: noise, sampleRate: 12_800, rpm: rpm)).features
        #expect(found.doubts == [.noSpeed] && found.orders == [] && found.velocity != nil)
    }

    @Test(arguments: [0.013, 0, -2, 1e30] as [Float], [16_384, 100_000, 1]) func flat(value: Float, count: Int) {
        let found = analyser.analyse(
            Recording(samples: [Float](repeating: value, count: count), sampleRate: 12_800, rpm: 3000)
        ).features
        #expect(found.doubts.contains(.flat) && found.doubts.isDisjoint(with: [.clipped, .quantised, .offset]))
        #expect(found.statistics?.rms == 0 && found.statistics?.crest == nil)
        #expect(found.statistics?.kurtosis == nil && found.statistics?.skewness == nil)
        #expect(found.peaks == [] && found.envelope == nil)
        if count > 1 { #expect(found.velocity?.rms == 0) }
    }

    /// Of a sine of amplitude A cut at C, 1 − 2/π·asin(C/A) of the samples stand at the rails.
    @Test(arguments: [(8.0, 5.0), (5.1, 5), (50, 5)]) func clipped(amplitude: Double, rail: Double) {
        let samples = Signal.tone(32_768, rate: 12_800, hertz: 60.3, amplitude: amplitude)
            .map { min(max($0, Float(-rail)), Float(rail)) }
        let found = analyser.analyse(Recording(samples: samples, sampleRate: 12_800, rpm: 3618)).features
        #expect(found.doubts == [.clipped])
        #expect(isClose(found.clippedShare, 1 - 2 / .pi * .asin(rail / amplitude), 0.02))
    }

    @Test func oneRailIsEnough() {
        let samples = noise.map { min($0, 0.5) }
        // Few noise samples stand three in a row; they are found all the same.
        #expect(doubts(samples) == [.clipped])
    }

    /// A crest that an honest converter of few bits shows flat.
    @Test(arguments: [20.0, 20.5, 100, 2000]) func aCoarseCrestIsNotClipped(steps: Double) {
        let samples = Signal.tone(64_000, rate: 12_800, hertz: 11.7, amplitude: steps)
            .map { $0.rounded(.toNearestOrAwayFromZero) / 100 }
        let found = analyser.analyse(Recording(samples: samples, sampleRate: 12_800, rpm: 700)).features
        #expect(found.clippedShare == 0 && found.doubts == [])
    }

    @Test func quantised() {
        var random = SplitMix(seed: 62)
        let dead = (0..<16_384).map { _ in Float(0.001 * (0.4 * random.normal()).rounded()) }
        #expect(doubts(dead) == [.quantised])
    }

    @Test func offset() {
        #expect(doubts(noise.map { $0 / 3 + 1 }) == [.offset])
        #expect(doubts(noise.map { $0 / 3 - 1 }) == [.offset])
        #expect(doubts(noise.map { $0 + 0.1 }) == [])
    }

    @Test func short() throws {
        let found = analyse(Array(noise.prefix(12_799)))
        #expect(found.features.doubts == [.underOneSecond])
        #expect(found.features.velocity != nil && found.features.comparableVelocity == nil)
        let whole = analyse(Array(noise.prefix(12_800)))
        #expect(whole.features.doubts == [] && whole.features.comparableVelocity == whole.features.velocity)
        #expect(doubts(noise, rpm: 600) == [.fewTurns])
    }

    @Test func slow() {
        let found = analyse(noise, 1000).features
        #expect(found.doubts == [.narrowBand, .lowBandwidth] && found.velocity?.band == 10...500)
        #expect(found.highFrequencyRMS == nil && found.comparableVelocity == nil)
        #expect(doubts(noise, 2000) == [.lowBandwidth] && doubts(noise, 10_000) == [])
        // Nothing from 10 Hz up.
        let crawl = analyse(noise, 15, rpm: 60).features
        #expect(crawl.velocity == nil && crawl.doubts == [.narrowBand, .lowBandwidth])
    }

    @Test func bandOutside() {
        let found = analyse(noise, band: 7000...9000)
        #expect(found.features.doubts == [.noBand] && found.features.envelope == nil)
        #expect(found.envelopeSpectrum == nil && found.spectrum != nil)
        #expect(analyse(noise, band: 5000...90_000).features.envelope?.band == 5000...6400)
    }

    @Test func tooLong() {
        let long = [Float](repeating: 1, count: Recording.longest) + [100, 100, 100]
        let found = analyse(long, 51_200).features
        #expect(found.doubts == [.cut, .flat] && found.statistics?.mean == 1)
    }

    /// No input ends the service.
    @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 100, 1009])
    func anyLengthAnyRate(count: Int) {
        var random = SplitMix(seed: UInt64(count))
        let bearing = Bearing(bpfo: 3.5, bpfi: 5.5, bsf: 2.3, ftf: 0.4)
        let bands: [ClosedRange<Double>?] = [
            nil, 0...0, -5...(-1), 0...1e300, 1e300...1e300, -.infinity...(.infinity), 100...100,
        ]
        for rate in [1, 1.5, 20, 2000, 12_800, 1e7] {
            for rpm in [nil, 0.01, 59.9, 6000, 1e6] as [Double?] {
                for scale in [1, .greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Float] {
                    let samples = (0..<count).map { _ in Float.random(in: -1...1, using: &random) * scale }
                    let recording = Recording(samples: samples, sampleRate: rate, rpm: rpm)
                    let band = bands.randomElement(using: &random) ?? nil
                    let found = analyser.analyse(recording, bearing: bearing, envelopeBand: band)
                    #expect(isFinite(found), "\(rate) Hz, \(rpm ?? 0)/min, ×\(scale), \(String(describing: band))")
                }
            }
        }
    }

    /// nil says what NaN would.
    private func isFinite(_ analysis: Analysis) -> Bool {
        let found = analysis.features
        var numbers = [found.velocity?.rms, found.highFrequencyRMS, found.envelope?.mean, found.envelope?.rms]
        if let s = found.statistics {
            numbers += [s.mean, s.rms, s.peak, s.peakToPeak, s.crest, s.kurtosis, s.skewness]
        }
        numbers += found.peaks.flatMap { [$0.frequency, $0.amplitude] }
        numbers += found.orders.flatMap { [$0.frequency, $0.velocityRMS] }
        numbers += found.envelope?.lines.flatMap { [$0.frequency, $0.amplitude, $0.ratio] } ?? []
        numbers += (analysis.spectrum?.amplitudes ?? []) + (analysis.spectrum?.velocity.amplitudes ?? [])
        numbers += analysis.envelopeSpectrum?.amplitudes ?? []
        return numbers.allSatisfy { $0?.isFinite ?? true }
    }
}
