import Domain
import Foundation
import Store
import Testing
import Vibration

@testable import fieldloop

/// What the story's gateway records says what the story is about.
@Suite struct StoryWaveformTests {
    @Test(arguments: [
        ("fixtures/telemetry/pump-healthy.i16", Diagnosis.Verdict.clean, nil),
        ("fixtures/telemetry/pump-worn.i16", .found, "outer_race"),
        ("fixtures/telemetry/pump-renewed.i16", .clean, nil),
    ]) func saysWhatTheStoryIsAbout(file: String, verdict: Diagnosis.Verdict, cause: String?) throws {
        let reading = try Self.read(file, rpm: 2966)
        #expect(reading.diagnosis.verdict == verdict)
        #expect(reading.cause?.cause == cause)
        #expect(reading.document.doubts == [])
        #expect((reading.values[.envelopeRatio] ?? 0 > 20) == (cause != nil))
        #expect(reading.values[.speed] == 2966)
        #expect(reading.values[.envelopePeak] == nil)
    }

    /// The nameplate's speed is a guess: the same evidence, less sure; and nothing is told of the speed.
    @Test func theNameplateIsNeverSure() throws {
        let reading = try Self.read("fixtures/telemetry/pump-worn.i16", rpm: nil)
        #expect(reading.cause?.cause == "outer_race")
        #expect(reading.cause?.confidence == 0.7)
        #expect(reading.document.doubts == ["nominal_speed"])
        #expect(reading.values[.speed] == nil)
    }

    @Test func velocityCannotBeTakenBack() throws {
        let reading = try Self.read("fixtures/telemetry/pump-worn.i16", rpm: 2966, unit: .millimetresPerSecond)
        #expect(reading.values.isEmpty)
        #expect(reading.diagnosis.verdict == .unknown)
        #expect(reading.document.doubts == ["no_acceleration"])
    }

    /// Zeros would say that all is well, and five samples say nothing.
    @Test func aDeadSensorAndAHandfulOfSamplesTellNothing() {
        for samples in [[Int16](repeating: 0, count: 16_384), [0, 1, -1, 32_767, -32_768], [7]] {
            let bytes = samples.withUnsafeBytes { Data($0) }
            let reading = Self.read(bytes, rpm: 2966)
            #expect(reading.values.isEmpty && reading.diagnosis.verdict == .unknown)
        }
    }

    /// At the rails a record's peak is the range's, not the machine's.
    @Test func whatIsClippedHasNoPeak() {
        let samples = (0..<16_384).map { Int16(max(-20_000, min(20_000, 40_000 * sin(Double($0) / 9)))) }
        let reading = Self.read(samples.withUnsafeBytes { Data($0) }, rpm: 2966)
        #expect(reading.document.doubts.contains("clipped"))
        #expect(reading.values[.accelerationRMS] != nil && reading.values[.accelerationPeak] == nil)
    }

    /// m/s² are g in other words.
    @Test func unitsAgree() throws {
        let inG = try Self.read("fixtures/telemetry/pump-worn.i16", rpm: 2966)
        let inMetres = try Self.read(
            "fixtures/telemetry/pump-worn.i16", rpm: 2966, unit: .metresPerSecondSquared, scale: 0.000488 * 9.80665)
        let (a, b) = (try #require(inG.values[.accelerationRMS]), try #require(inMetres.values[.accelerationRMS]))
        #expect(abs(a / b - 1) < 1e-6)
    }

    private static func read(
        _ file: String, rpm: Double?, unit: WaveformUnit = .g, scale: Double = 0.000488
    ) throws -> WaveformReading {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let bytes = try Data(contentsOf: root.appending(path: file))
        return read(bytes, rpm: rpm, unit: unit, scale: scale)
    }

    private static func read(
        _ bytes: Data, rpm: Double?, unit: WaveformUnit = .g, scale: Double = 0.000488
    ) -> WaveformReading {
        let facts = WaveformFacts(
            id: 1, at: Instant(milliseconds: 1), sampleRate: 12_800, unit: unit, encoding: .int16le, scale: scale,
            rpm: rpm, samples: bytes.count / 2, isKept: false)
        let orders = Bearing(elements: 8, elementDiameter: 23.812, pitchDiameter: 102.5)!
        let machine = MachineFacts(
            bearingName: "6313/C3", bearing: BearingTable.Entry(designation: "6313", orders: orders, source: "test"),
            ratedRPM: 2970, toldRPM: nil, velocityLimit: 2.8, usualHighFrequency: nil)
        let point = PointID(asset: AssetID(stored: "BL-P101"), name: Name(stored: "DE-H"))
        return WaveformReading(
            PendingAnalysis(facts: facts, point: point, bytes: bytes, machine: machine), Analyser())
    }
}
