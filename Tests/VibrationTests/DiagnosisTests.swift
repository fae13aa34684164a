import RealModule
import Testing

@testable import Vibration

/// Made faults, and what is no fault.
@Suite struct DiagnosisTests {
    private static let rate = 12_800.0
    private static let rpm = 1_480.0
    private static let turns = rpm / 60
    /// A 6205's.
    private static let bearing = Bearing(bpfo: 3.5848, bpfi: 5.4152, bsf: 2.35675, ftf: 0.39828)!
    private static let norm = Diagnosis.Norm(velocity: 2.8)

    private static func diagnose(
        _ samples: [Float], rpm: Double? = rpm, bearing: Bearing? = bearing, norm: Diagnosis.Norm? = norm
    ) -> Diagnosis {
        let recording = Recording(samples: samples, sampleRate: rate, rpm: rpm)
        let features = Analyser().analyse(recording, bearing: bearing).features
        return Diagnosis(features, norm: norm, knowsBearing: bearing != nil)
    }

    /// Strikes on a part, harder and softer with the part's way through the load zone, in noise, on a shaft that is heard.
    private static func struck(
        _ count: Int = 65_536, order: Double, modulatedBy turn: Double, depth: Double, seed: UInt64,
        shaft: Double = 0.02
    ) -> [Float] {
        var random = SplitMix(seed: seed)
        let hertz = order * turns
        return Signal.sum(count, rate: rate) { t in
            let number = (t * hertz).rounded(.down)
            let since = t - number / hertz
            let load = 1 + depth * .cos(2 * .pi * turn * turns * number / hertz)
            return load * .exp(-900 * since) * .sin(2 * .pi * 3_200 * since) + 0.05 * random.normal()
                + shaft * .sin(2 * .pi * turns * t)
        }
    }

    /// Velocities in mm/s RMS at multiples of the shaft's speed, as acceleration in g, in noise.
    private static func shaft(_ velocities: [Double: Double], seed: UInt64) -> [Float] {
        var random = SplitMix(seed: seed)
        return Signal.sum(65_536, rate: rate) { t in
            velocities.reduce(0.01 * random.normal()) { sum, part in
                let pulsation = 2 * .pi * part.key * turns
                return sum + 2.0.squareRoot() * part.value * pulsation / 9_806.65 * .sin(pulsation * t + part.key)
            }
        }
    }

    /// At the mains' double frequency a motor's iron says what a bearing would: no more than a hint.
    @Test(arguments: [1_466.0, 1_480]) func theMainsAreNoBearing(rpm: Double) throws {
        // Ten balls of a 6210: 4.093 passes a turn, 100.0 Hz at 1,466 rpm.
        let bearing = try #require(Bearing(bpfo: 4.093, bpfi: 5.907, bsf: 2.665, ftf: 0.409))
        var random = SplitMix(seed: 77)
        let samples = Signal.sum(65_536, rate: Self.rate) { t in
            (1 + 0.3 * .cos(2 * .pi * 100 * t)) * 0.3 * random.normal() + 0.01 * .sin(2 * .pi * rpm / 60 * t)
        }
        let recording = Recording(samples: samples, sampleRate: Self.rate, rpm: rpm)
        let features = Analyser().analyse(recording, bearing: bearing).features
        let diagnosis = Diagnosis(features, norm: Self.norm, knowsBearing: true)
        #expect(diagnosis.findings.allSatisfy { $0.confidence <= 0.45 }, "\(diagnosis.findings)")
        #expect(features.bearingRatio ?? 0 < Envelope.Line.outstanding)
    }

    /// A motor with two poles: twice its speed and twice the mains' frequency lie side by side.
    @Test func theMainsAreNoMisalignment() throws {
        let rate = 2_970.0 / 60
        let samples = Signal.sum(65_536, rate: Self.rate) { t in
            func part(_ hertz: Double, _ velocity: Double) -> Double {
                2.0.squareRoot() * velocity * 2 * .pi * hertz / 9_806.65 * .sin(2 * .pi * hertz * t)
            }
            return part(rate, 1) + part(100, 3.2)
        }
        let diagnosis = Self.diagnose(samples, rpm: 2_970, bearing: nil)
        #expect(diagnosis.findings.allSatisfy { $0.confidence <= 0.45 }, "\(diagnosis.findings)")
    }

    /// The right record and the wrong speed: the damage is looked for where it is not.
    @Test func aWrongSpeedIsNeverClean() {
        let struck = Self.struck(order: 3.5848, modulatedBy: 0, depth: 0, seed: 5)
        #expect(Self.diagnose(struck, rpm: 1_000).verdict != .clean)
    }

    /// What is sampled at 2.56 kHz holds nothing of a bearing's ringing.
    @Test func whatCannotBeHeardIsNotClean() {
        let samples = Signal.sum(8_192, rate: 2_560) { t in 0.02 * .sin(2 * .pi * Self.turns * t) }
        let recording = Recording(samples: samples, sampleRate: 2_560, rpm: Self.rpm)
        let features = Analyser().analyse(recording, bearing: Self.bearing).features
        #expect(features.doubts.contains(.lowBandwidth))
        #expect(Diagnosis(features, norm: Self.norm, knowsBearing: true).verdict == .unknown)
    }

    @Test(arguments: [51, 52, 53] as [UInt64])
    func thePartThatIsStruck(seed: UInt64) throws {
        let parts: [(Double, Double, Double, Diagnosis.Finding.Cause)] = [
            (3.5848, 0, 0, .outerRace), (5.4152, 1, 0.8, .innerRace), (2 * 2.35675, 0.39828, 0.8, .rollingElement),
        ]
        for (order, turn, depth, cause) in parts {
            let diagnosis = Self.diagnose(Self.struck(order: order, modulatedBy: turn, depth: depth, seed: seed))
            #expect(diagnosis.verdict == .found)
            let first = try #require(diagnosis.findings.first, "\(cause), seed \(seed)")
            #expect(first.cause == cause, "seed \(seed)")
            #expect(first.confidence > 0.8, "\(cause), seed \(seed)")
            // Its sidebands are no second fault.
            #expect(diagnosis.findings.count == 1, "\(cause), seed \(seed): \(diagnosis.findings)")
        }
    }

    /// Too faint and too short to name, and no all-clear.
    @Test(arguments: [91, 92, 93] as [UInt64]) func damageInAShortRecordIsNeverClean(seed: UInt64) {
        for amplitude in stride(from: 0.05, through: 0.5, by: 0.05) {
            let samples = Self.struck(16_384, order: 5.4152, modulatedBy: 1, depth: 0.8, seed: seed)
            let faint = zip(samples, Signal.noise(16_384, deviation: 0.25, seed: seed)).map {
                $0 * Float(amplitude) + $1 * Float(1 - amplitude)
            }
            let recording = Recording(samples: faint, sampleRate: Self.rate, rpm: Self.rpm)
            let features = Analyser().analyse(recording, bearing: Self.bearing).features
            let diagnosis = Diagnosis(features, norm: Self.norm, knowsBearing: true)
            guard features.bearingRatio ?? 0 >= 5 else { continue }
            #expect(diagnosis.verdict != .clean, "seed \(seed), \(amplitude)")
        }
    }

    /// A speed that nothing turns at may be wrong, and then the line is another part's.
    @Test func aSpeedThatIsNotSeenOrdersNoPart() throws {
        let samples = Self.struck(order: 3.5848, modulatedBy: 0, depth: 0, seed: 51, shaft: 0)
        let found = try #require(Self.diagnose(samples).findings.first)
        #expect(found.cause == .outerRace)
        #expect(found.confidence <= 0.7, "\(found)")
    }

    /// A belt that strikes 3 % beside a roller, in a record too short to part the two but by the peak.
    @Test(arguments: stride(from: 2.41, through: 2.45, by: 0.005).map(\.self)) func aNeighboursSkirtIsNoLine(
        order: Double
    ) {
        let samples = Self.struck(25_600, order: order, modulatedBy: 0, depth: 0, seed: 95)
        #expect(Self.diagnose(samples).findings.isEmpty, "\(order)")
    }

    /// The line that turns is another's, 7 % away: its skirt confirms no speed.
    @Test(arguments: stride(from: 1.03, through: 1.1, by: 0.005).map(\.self)) func aSkirtConfirmsNoSpeed(wrong: Double)
    {
        let samples = Self.struck(25_600, order: 3.5848, modulatedBy: 0, depth: 0, seed: 96)
        let recording = Recording(samples: samples, sampleRate: Self.rate, rpm: Self.rpm * wrong)
        let features = Analyser().analyse(recording, bearing: Self.bearing).features
        #expect(features.doubts.contains(.unconfirmedSpeed), "\(wrong)")
    }

    /// Single strikes that come a little early or late, heard where `load` lets them.
    private static func strikes(order: Double, seed: UInt64, load: (Double) -> Double = { _ in 1 }) -> [Float] {
        var random = SplitMix(seed: seed)
        var samples = (0..<65_536).map { _ in 0.05 * random.normal() }
        var at = 0.0
        while Int(at * rate) < samples.count {
            let first = Int(at * rate)
            for n in first..<min(samples.count, first + 256) {
                let since = Double(n - first) / rate
                samples[n] += 0.7 * load(at) * .exp(-900 * since) * .sin(2 * .pi * 3_200 * since)
            }
            at += (1 + 0.005 * random.normal()) / (order * turns)
        }
        return samples.map(Float.init)
    }

    /// Twelve multiples of the cage's rhythm reach to where a roller is looked for.
    @Test(arguments: 71...78 as ClosedRange<UInt64>) func aStruckCage(seed: UInt64) {
        let found = Self.diagnose(Self.strikes(order: 0.39828, seed: seed)).findings
        #expect(found.contains { $0.cause == .cage }, "seed \(seed): \(found)")
        #expect(found.allSatisfy { $0.cause == .cage || $0.confidence <= 0.45 }, "seed \(seed): \(found)")
    }

    /// It is heard in the rhythm of the cage, and is no cage.
    @Test(arguments: [81, 82, 83] as [UInt64], [0.3, 0.6, 0.8]) func aRollerInANarrowZone(seed: UInt64, edge: Double) {
        let samples = Self.strikes(order: 4.7135, seed: seed) {
            .cos(2 * .pi * 0.39828 * Self.turns * $0) > edge ? 1 : 0
        }
        for finding in Self.diagnose(samples).findings where finding.confidence > 0.6 {
            #expect(finding.cause == .rollingElement, "seed \(seed): \(finding)")
        }
    }

    @Test(arguments: [61, 62, 63] as [UInt64]) func whatTurnsWithTheShaft(seed: UInt64) throws {
        let cases: [([Double: Double], Diagnosis.Finding.Cause)] = [
            ([1: 6, 2: 0.6], .unbalance), ([1: 3, 2: 4.5, 3: 0.5], .misalignment),
            ([1: 3, 2: 2, 3: 1.8, 4: 1.5, 5: 1.2, 6: 1], .looseness), ([0.5: 1.5, 1: 3, 2: 2, 3: 1.5], .looseness),
        ]
        for (velocities, cause) in cases {
            let diagnosis = Self.diagnose(Self.shaft(velocities, seed: seed))
            #expect(diagnosis.findings.map(\.cause) == [cause], "seed \(seed)")
            #expect(diagnosis.findings.allSatisfy { $0.confidence < 0.8 })
        }
    }

    /// In zone A every machine turns at once a turn.
    @Test func aHealthyMachineIsClean() {
        let diagnosis = Self.diagnose(Self.shaft([1: 1, 2: 0.1], seed: 71))
        #expect(diagnosis.verdict == .clean)
        #expect(diagnosis.findings.isEmpty)
    }

    /// Wrong certainty is worse than none.
    @Test func whatIsNotKnownIsSaid() {
        let healthy = Self.shaft([1: 1], seed: 72)
        #expect(Self.diagnose(healthy, rpm: nil).verdict == .unknown)
        #expect(Self.diagnose(healthy, bearing: nil).verdict == .unknown)
        #expect(Self.diagnose(healthy, norm: nil).verdict == .unknown)
        #expect(Self.diagnose(Array(healthy.prefix(4_096))).verdict == .unknown)
        #expect(Self.diagnose([]).verdict == .unknown)
        // Much vibration at no multiple of the shaft's.
        #expect(Self.diagnose(Self.shaft([3.3: 6], seed: 73)).verdict == .unknown)
        #expect(Self.diagnose(healthy.map { $0 * .infinity }).verdict == .unknown)
        #expect(Self.diagnose(healthy.map { _ in 0.5 }).verdict == .unknown)
    }

    /// 3.05 times a turn is within the slip of three times a turn, which any coupling with three claws does.
    @Test func aMultipleOfTheShaftIsNoBearing() throws {
        let near = try #require(Bearing(bpfo: 3.05, bpfi: 4.95, bsf: 1.99, ftf: 0.381))
        let samples = Self.struck(order: 3, modulatedBy: 0, depth: 0, seed: 81)
        #expect(Self.diagnose(samples, bearing: near).findings.allSatisfy { $0.cause != .outerRace })
        let truly = Self.struck(order: 3.05, modulatedBy: 0, depth: 0, seed: 82)
        #expect(Self.diagnose(truly, bearing: near).findings.first?.cause == .outerRace)
    }

    /// Broadband, three times what is usual; where it is not known what is usual, nothing is said.
    @Test func dryRunning() {
        let hiss = Signal.noise(65_536, deviation: 0.5, seed: 91)
        let usual = Diagnosis.Norm(velocity: 50, highFrequency: 0.1)
        #expect(Self.diagnose(hiss, norm: usual).findings.map(\.cause) == [.lubrication])
        #expect(Self.diagnose(hiss, norm: Diagnosis.Norm(velocity: 50)).findings.isEmpty)
        #expect(Self.diagnose(hiss, norm: Diagnosis.Norm(velocity: 50, highFrequency: 0.4)).findings.isEmpty)
    }

    @Test func clippedRecordsAreLessSure() throws {
        let samples = Self.struck(order: 3.5848, modulatedBy: 0, depth: 0, seed: 92)
        let clipped = Self.diagnose(samples.map { min(max($0, -0.03), 0.03) })
        let sure = try #require(Self.diagnose(samples).findings.first?.confidence)
        let unsure = try #require(clipped.findings.first?.confidence)
        #expect(unsure <= sure / 2)
    }
}

/// Recorded bearings whose damage is known: `shared/data/vibration/manifest.csv`.
@Suite(.enabled(if: SharedRecords.present, Comment(rawValue: SharedRecords.absent)))
struct RecordedBearingTests {
    static let records: [(String, Diagnosis.Finding.Cause?)] = [
        ("cwru_97.f32", nil), ("cwru_105.f32", .innerRace), ("cwru_130.f32", .outerRace), ("cwru_234.f32", .outerRace),
        ("mfpt_outer_v7.f32", .outerRace), ("mfpt_inner_v1.f32", .innerRace),
    ]

    @Test(arguments: records, [true, false])
    func theRightRace(record: (String, Diagnosis.Finding.Cause?), isBandChosen: Bool) throws {
        let row = try #require(try SharedRecords.rows("manifest.csv").first { $0["file"] == record.0 })
        let number = { (key: String) in try #require(row[key].flatMap(Double.init), "\(key)") }
        let bearing = try #require(
            Bearing(
                bpfo: number("bpfo_order"), bpfi: number("bpfi_order"), bsf: number("bsf_order"),
                ftf: number("ftf_order")))
        let recording = Recording(
            samples: try SharedRecords.samples(record.0), sampleRate: try number("sample_rate_hz"),
            rpm: try number("rpm"))
        let band = isBandChosen ? nil : try number("env_lo_hz")...number("env_hi_hz")
        let features = Analyser().analyse(recording, bearing: bearing, envelopeBand: band).features
        // ISO 10816-3, group 2, rigid.
        let diagnosis = Diagnosis(features, norm: Diagnosis.Norm(velocity: 2.8), knowsBearing: true)
        #expect(diagnosis.findings.first?.cause == record.1)
        #expect(diagnosis.verdict == (record.1 == nil ? .clean : .found))
        #expect(diagnosis.findings.first?.confidence ?? 1 > 0.7)
    }
}
