import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// Records come in parts, once or twice, in any order, and stay where they belong.
@Suite struct WaveformTests {
    typealias House = TestTelemetry
    static let start = House.start

    static func part(
        _ part: Int = 1, of: Int = 1, at: Instant = start, samples: Int = 6, bytes: [UInt8]? = nil,
        rate: Double = 25_600
    ) -> WaveformPart {
        let size = bytes == nil ? samples * 2 / of : 0
        return WaveformPart(
            point: House.id(1), site: nil, at: at, sampleRate: rate, unit: .g, encoding: .int16le, scale: 0.001,
            rpm: 1480, sequence: nil, samples: samples, part: part, of: of,
            bytes: bytes ?? (0..<size).map { UInt8(truncatingIfNeeded: (part - 1) * size + $0) },
            origin: Origin(topic: "fieldloop/v1/s/P1/N1/waveform", payload: [1, 2], size: 2))
    }

    static func take(_ house: House, _ part: WaveformPart, at now: Instant = start) throws -> RejectionReason? {
        try house.store.pool.write {
            try WaveformParts.take($0, part: part, point: PointKey(1), at: now)?.reason
        }
    }

    static func count(_ house: House, _ table: String) throws -> Int? {
        try house.store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    @Test(arguments: [[1, 2, 3], [3, 1, 2], [2, 2, 3, 1, 1, 3]]) func partsBecomeARecord(order: [Int]) async throws {
        let house = try House()
        for number in order { #expect(try Self.take(house, Self.part(number, of: 3)) == nil) }
        #expect(try Self.count(house, "waveform_part") == 0)
        let list = try #require(try await house.store.waveforms(of: House.id(1), from: Self.start, to: Self.start))
        #expect(list.map(\.samples) == [6])
        #expect(list.map(\.rpm) == [1480])
        let record = try #require(try await house.store.waveform(list[0].id))
        #expect(Array(record.bytes) == Array(0..<12))
        // Once more, in the main file and in the day's.
        for _ in 0..<2 {
            for number in order { #expect(try Self.take(house, Self.part(number, of: 3)) == nil) }
            #expect(try Self.take(house, Self.part(2, of: 3, bytes: [9, 9, 9, 9])) == .conflict)
            #expect(try Self.take(house, Self.part()) == .conflict)
            _ = try house.telemetry.moveWaveforms()
        }
        #expect(try Self.count(house, "waveform") == 1)
        #expect(try await house.store.waveform(list[0].id)?.bytes == record.bytes)
        #expect(try await house.store.waveform(99) == nil)
        #expect(try await house.store.waveforms(of: House.id(9), from: Self.start, to: Self.start) == nil)
    }

    @Test func oneThatIsTooLongCostsNoOther() throws {
        let house = try House()
        #expect(try Self.take(house, Self.part(1, of: 3)) == nil)
        #expect(try Self.take(house, Self.part(2, of: 3, bytes: Array(repeating: 0, count: 8))) == .badWaveform)
        for number in 2...3 { #expect(try Self.take(house, Self.part(number, of: 3)) == nil) }
        #expect(try Self.count(house, "waveform") == 1)
    }

    @Test func partsThatDoNotFitAreRefused() throws {
        let house = try House()
        #expect(try Self.take(house, Self.part(1, of: 3)) == nil)
        #expect(try Self.take(house, Self.part(1, of: 3, bytes: [1, 2, 3, 4])) == .conflict)
        #expect(try Self.take(house, Self.part(2, of: 2)) == .partMismatch)
        #expect(try Self.take(house, Self.part(2, of: 3, rate: 1)) == .partMismatch)
        #expect(try Self.take(house, Self.part(2, of: 3)) == nil)
        #expect(try Self.take(house, Self.part(3, of: 3, bytes: [1])) == .badWaveform)
        #expect(try Self.count(house, "waveform_part") == 0)
        #expect(try Self.count(house, "waveform") == 0)
    }

    @Test func whatNeverBecomesCompleteIsGivenUp() async throws {
        let house = try House()
        #expect(try Self.take(house, Self.part(1, of: 3)) == nil)
        #expect(try Self.take(house, Self.part(2, of: 3), at: Self.start + .minutes(9)) == nil)
        try await house.telemetry.compact(at: Self.start + .minutes(18))
        #expect(try Self.count(house, "waveform_part") == 2)
        try await house.telemetry.compact(at: Self.start + .minutes(20))
        #expect(try Self.count(house, "waveform_part") == 0)
        let rejected = try #require(
            try house.store.pool.read { try Row.fetchOne($0, sql: "SELECT reason, topic, detail FROM rejected") })
        #expect(
            rejected == [
                "reason": "parts_expired", "topic": "fieldloop/v1/s/P1/N1/waveform", "detail": rejected["detail"],
            ])
        #expect((rejected["detail"] as String).contains("parts 1, 2 of 3"))
    }

    /// Nobody fills the disk with beginnings.
    @Test func openRecordsAreBounded() throws {
        let house = try House()
        for number in 0..<Int64(Limits.openWaveforms + 3) {
            let at = Self.start + .milliseconds(number)
            #expect(try Self.take(house, Self.part(1, of: 2, at: at), at: at) == nil)
        }
        #expect(try Self.count(house, "waveform_part") == Limits.openWaveforms)
        #expect(try Self.count(house, "rejected") == 3)
        // The oldest went, the newest can still become complete.
        let last = Self.start + .milliseconds(Int64(Limits.openWaveforms + 2))
        #expect(try Self.take(house, Self.part(2, of: 2, at: last), at: last) == nil)
        #expect(try Self.count(house, "waveform") == 1)
    }

    @Test func afterItsSpanOnlyWhatBelongsToAnEpisodeStays() async throws {
        let house = try House()
        for hour in 0..<24 { #expect(try Self.take(house, Self.part(at: Self.start + .hours(hour))) == nil) }
        try await house.store.pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO episode (point, measure, raised_at, cleared_at, raise_at, clear_at, severity, peak, peak_at,
                        count) VALUES (1, 0, ?, ?, 1, 1, 'warning', 1, 1, 1), (2, 0, 0, NULL, 1, 1, 'warning', 1, 1, 1)
                    """,
                arguments: [
                    (Self.start + .hours(10)).milliseconds, (Self.start + .minutes(11 * 60 + 30)).milliseconds,
                ])
        }
        #expect(try await house.telemetry.compact(at: Self.start).waveforms == 24)
        let here = try await house.store.pool.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM waveform WHERE bytes IS NOT NULL")
        }
        #expect(here == 0)
        #expect(try await house.telemetry.retain(at: Self.start + .days(31) - .minutes(1)).waveforms == 0)
        let retained = try await house.telemetry.retain(at: Self.start + .days(31) + .minutes(1))
        #expect(retained == Retained(waveforms: 20))
        #expect(try await house.telemetry.retain(at: Self.start + .days(32)) == Retained(days: 1))
        #expect(house.telemetry.files.days(.waveforms).isEmpty)
        let kept = try #require(
            try await house.store.waveforms(of: House.id(1), from: Self.start, to: Self.start + .days(1)))
        #expect(kept.map(\.at) == [12, 11, 10, 9].map { Self.start + .hours($0) })
        #expect(kept.allSatisfy { $0.isKept })
        #expect(try await house.store.waveform(kept[0].id)?.bytes.count == 12)
        // They don't move again.
        #expect(try await house.telemetry.compact(at: Self.start).waveforms == 0)
        #expect(try Self.take(house, Self.part(at: kept[0].at)) == nil)
    }
}
