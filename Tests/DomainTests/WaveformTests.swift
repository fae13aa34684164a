import Testing

@testable import Domain

/// What a part must be, whatever else is stored.
@Suite struct WaveformTests {
    static let now = Instant(milliseconds: 1_767_225_600_000)

    static func refusal(
        _ part: Int = 1, of: Int = 1, at: Instant = now, site: String? = nil, samples: Int = 6, bytes: Int = 12
    ) -> RejectionReason? {
        let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
        return WaveformPart(
            point: point, site: site.map { SiteID(stored: $0) }, at: at, sampleRate: 25_600, unit: .g,
            encoding: .int16le, scale: 0.001, rpm: nil, sequence: nil, samples: samples, part: part, of: of,
            bytes: Array(repeating: 0, count: bytes)
        ).refusal(site: SiteID(stored: "beilun"), at: now, Policy())?.reason
    }

    @Test func aPartIsOfItsRecord() {
        #expect(Self.refusal() == nil)
        #expect(Self.refusal(2, of: 3, bytes: 4) == nil)
        #expect(Self.refusal(0, of: 3, bytes: 4) == .badWaveform)
        #expect(Self.refusal(4, of: 3, bytes: 4) == .badWaveform)
        #expect(Self.refusal(1, of: 0) == .badWaveform)
        #expect(Self.refusal(bytes: 1) == .badWaveform)
        #expect(Self.refusal(1, of: 2, bytes: 0) == .badWaveform)
        #expect(Self.refusal(1, of: 2, bytes: 13) == .badWaveform)
        #expect(Self.refusal(samples: .max, bytes: 1) == .tooLarge)
        #expect(Self.refusal(1, of: 2, samples: Limits.openWaveformBytes / 2 + 1, bytes: 1) == .tooLarge)
    }

    @Test func aPartIsOfItsSite() {
        #expect(Self.refusal(site: "beilun") == nil)
        #expect(Self.refusal(site: "daxie") == .wrongSite)
    }

    /// The same bounds as a reading's.
    @Test func aPartIsOfItsTime() {
        #expect(Self.refusal(at: Self.now + .minutes(1)) == nil)
        #expect(Self.refusal(at: Self.now + .minutes(1) + .milliseconds(1)) == .inTheFuture)
        #expect(Self.refusal(at: Self.now - .days(30)) == nil)
        #expect(Self.refusal(at: Self.now - .days(30) - .milliseconds(1)) == .tooOld)
        #expect(Self.refusal(at: Instant(milliseconds: .max)) == .inTheFuture)
        #expect(Self.refusal(at: Instant(milliseconds: .min)) == .tooOld)
    }
}
