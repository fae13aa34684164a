import Testing

@testable import Vibration

@Suite struct SpectrumTests {
    @Test func outlineKeepsThePeaks() {
        var amplitudes = [Double](repeating: 0.1, count: 8193)
        (amplitudes[700], amplitudes[701], amplitudes[8192]) = (3, 5, 2)
        let outline = Spectrum(resolution: 0.5, amplitudes: amplitudes).outline(columns: 300)
        #expect(outline.count == 300)
        #expect(outline.max { $0.amplitude < $1.amplitude } == Peak(frequency: 350.5, amplitude: 5))
        #expect(outline.last == Peak(frequency: 4096, amplitude: 2))
        #expect(zip(outline, outline.dropFirst()).allSatisfy { $0.frequency < $1.frequency })
    }

    @Test func outlineOfABand() {
        let spectrum = Spectrum(resolution: 2, amplitudes: (0...100).map(Double.init))
        let outline = spectrum.outline(columns: 50, in: 10...20)
        // Fewer bins than columns: one each.
        #expect(outline.map(\.frequency) == [10, 12, 14, 16, 18, 20])
        #expect(outline.map(\.amplitude) == [5, 6, 7, 8, 9, 10])
        #expect(spectrum.outline(columns: 2, in: 10...20).map(\.amplitude) == [7, 10])
        #expect(spectrum.outline(columns: 1).map(\.amplitude) == [100])
        #expect(spectrum.outline(columns: 9, in: 300...400) == [])
        #expect(spectrum.outline(columns: 0) == [] && spectrum.outline(columns: -1) == [])
        #expect(Spectrum(resolution: 1, amplitudes: []).outline(columns: 5) == [])
        #expect(Spectrum(resolution: .nan, amplitudes: [1]).outline(columns: 5) == [])
    }

    /// 1 g at 100 Hz is 15.608 mm/s peak.
    @Test func velocityOfATone() throws {
        let tone = Signal.tone(16_384, rate: 16_384, hertz: 100)
        let spectrum = try #require(Analyser().analyse(Recording(samples: tone, sampleRate: 16_384)).spectrum)
        #expect(spectrum.resolution == 1 && spectrum.amplitudes.count == 8193)
        #expect(isClose(spectrum.amplitudes[100], 1, 1e-6))
        #expect(isClose(spectrum.velocity.amplitudes[100], 15.6078, 1e-5))
        #expect(spectrum.velocity.amplitudes[0] == 0 && spectrum.velocity.amplitudes[1] == 0)
    }
}
