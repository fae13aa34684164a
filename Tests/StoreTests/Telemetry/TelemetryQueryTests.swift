import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// Journal, day files and rollups look like one; nobody can tell what has moved already.
@Suite struct TelemetryQueryTests {
    typealias House = TestTelemetry
    static let start = House.start

    /// Two days of a reading each ten seconds, with a spike.
    static func fill(_ house: House, seconds: Range<Int64> = 0..<2 * 86_400) throws {
        for hour in Int64(seconds.lowerBound / 3600)..<Int64(seconds.upperBound / 3600) {
            let run = stride(from: hour * 3600, to: hour * 3600 + 3600, by: 10).map { second in
                let value = second == 100_000 ? 9 : 2 + Double(second % 7) / 10
                return House.reading(second * 1000, [.velocityRMS: value, .temperature: 40])
            }
            try house.take([(1, run)])
        }
    }

    static func slices(_ house: House, _ from: Instant, _ to: Instant) throws -> [Trend.Slice] {
        try house.store.pool.read {
            try house.telemetry.slices($0, PointKey(1), .velocityRMS, from: from, to: to, atMost: 600)
        }
    }

    @Test(arguments: [1, 15, 47]) func aTrendIsTheSameBeforeAndAfterCompaction(hours: Int) throws {
        let house = try House()
        try Self.fill(house)
        let (from, to) = (Self.start + .hours(48 - hours), Self.start + .hours(48) - .seconds(1))
        let before = try Self.slices(house, from, to)
        #expect(before.map(\.count).reduce(0, +) == hours * 360)
        #expect(before.map(\.highest).max() == (hours > 24 ? 9 : hours > 20 ? 9 : 2.6))
        try house.compactHalf()
        let moving = try Self.slices(house, from, to)
        try house.compact()
        let after = try Self.slices(house, from, to)
        // Readings that moved half are the same; minutes stand at their beginnings.
        for slices in [moving, after] {
            #expect(slices.map(\.count).reduce(0, +) == hours * 360)
            #expect(slices.map(\.highest).max() == before.map(\.highest).max())
            #expect(slices.map(\.lowest).min() == before.map(\.lowest).min())
            #expect(slices.map(\.at) == slices.map(\.at).sorted())
            #expect(slices.count <= 600)
        }
        if hours < 20 { #expect(after == before) }
    }

    @Test func aYearIsDrawnFromHours() throws {
        let house = try House()
        try Self.fill(house)
        try house.compact()
        let slices = try Self.slices(house, Self.start - .days(300), Self.start + .days(65))
        #expect(slices.map(\.count).reduce(0, +) == 2 * 8640)
        #expect(slices.count <= 5)
        #expect(slices.map(\.highest).max() == 9)
    }

    /// What is finest and still there.
    @Test func anOldSpanIsDrawnFromWhatIsLeft() async throws {
        var retention = TelemetryRetention()
        retention.raw = .days(1)
        retention.minutes = .days(2)
        let house = try House(retention: retention)
        try Self.fill(house)
        try house.compact()
        _ = try await house.telemetry.retain(at: Self.start + .days(3) - .hours(2))
        // The first day's file is gone, its minutes are not.
        #expect(house.telemetry.files.days(.chunks) == [Day(of: Self.start + .days(1))])
        let first = try Self.slices(house, Self.start + .hours(23), Self.start + .hours(24) - .seconds(1))
        #expect(first.map(\.count).reduce(0, +) == 360)
        #expect(first.count == 60)
        // Its first hours have hours only.
        let gone = try Self.slices(house, Self.start, Self.start + .hours(2) - .seconds(1))
        #expect(gone.map(\.count) == [360, 360])
    }

    @Test func theNewestComeFirst() async throws {
        let house = try House()
        try Self.fill(house)
        func newest(_ limit: Int) throws -> [Reading] {
            try house.store.pool.read { try house.telemetry.newest($0, PointKey(1), limit: limit) }
        }
        let before = try newest(9_000)
        #expect(before.count == 9_000)
        #expect(before.first?.at == Self.start + .seconds(2 * 86_400 - 10))
        #expect(zip(before, before.dropFirst()).allSatisfy { $0.at > $1.at })
        try house.compact()
        #expect(try newest(9_000) == before)
        // A late one is not the newest.
        try house.take([(1, [House.reading(5, [.velocityRMS: 1])])])
        #expect(try newest(1) == Array(before.prefix(1)))
        #expect(try await house.store.newestReadings(of: House.id(8)) == nil)
    }

    @Test func spansArePreciseAndSummariesJoinTheJournal() throws {
        let house = try House()
        try Self.fill(house, seconds: 0..<86_400)
        try house.compact()
        try house.take([(1, [House.reading(3_599_500, [.velocityRMS: 7])]), (2, [House.reading(0, [.speed: 1])])])
        let stored = try house.stored(from: Self.start + .minutes(59), to: Self.start + .minutes(60))
        #expect(stored.count == 7 * 2 + 1)
        #expect(stored.map(\.0.at) == stored.map(\.0.at).sorted())
        var hours: [StoredReadings.Summary] = []
        try StoredReadings(house.telemetry).visitSummaries(
            [House.id(1), House.id(2)], [.velocityRMS, .speed], hourly: true, from: Self.start,
            to: Self.start + .hours(1)
        ) { hours.append($0) }
        #expect(hours.map(\.count) == [361, 360, 1])
        #expect(hours.map(\.highest) == [7, 2.6, 1])
        #expect(hours.map(\.at) == [Self.start, Self.start + .hours(1), Self.start])
    }

    @Test func aDayThatIsOverItsSpanGoesAsAFile() async throws {
        let house = try House()
        try Self.fill(house)
        try house.compact()
        let none = try await house.telemetry.retain(at: Self.start + .days(400))
        #expect(none == Retained(days: 0, rollups: 5760))
        let one = try await house.telemetry.retain(at: Self.start + .days(401) + .minutes(1))
        #expect(one == Retained(days: 1))
        let names = try FileManager.default.contentsOfDirectory(atPath: house.directory + "/telemetry")
        #expect(names.allSatisfy { $0.hasPrefix("2026-01-02.db") } && !names.isEmpty)
        let last = try await house.telemetry.retain(at: Self.start + .days(4000))
        #expect(last == Retained(days: 1, rollups: 2 * 48))
    }

    @Test func daysHaveNames() {
        for (name, number) in [
            ("1970-01-01", 0), ("2026-01-01", 20_454), ("2024-02-29", 19_782), ("2000-12-31", 11_322),
        ] {
            #expect(Day(Int64(number)).name == name)
            #expect(Day(name: name)?.number == Int64(number))
        }
        for name in ["2026-02-30", "2026-1-1", "x", "2026-13-01", "2026-01-01-wal"] { #expect(Day(name: name) == nil) }
        #expect(Day(of: Instant(milliseconds: -1)).number == -1)
    }

    /// The table of the releases before becomes journal rows, with its sequence numbers; nothing else is left of it.
    @Test func olderReadingsMoveIntoTheJournal() throws {
        let database = try DatabaseQueue()
        try database.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE reading (point INTEGER NOT NULL, measure INTEGER NOT NULL, at INTEGER NOT NULL,
                        value REAL NOT NULL, PRIMARY KEY (point, measure, at)) WITHOUT ROWID;
                    CREATE TABLE reading_aside (point INTEGER NOT NULL, at INTEGER NOT NULL, sequence INTEGER,
                        extra TEXT, PRIMARY KEY (point, at)) WITHOUT ROWID;
                    INSERT INTO reading_aside VALUES (1, 3, 77, NULL), (1, 4, NULL, '{"a":1}');
                    """)
            for at in 0..<12_000 {
                try db.execute(
                    sql: "INSERT INTO reading VALUES (1, 0, ?, ?), (2, 6, ?, 20)", arguments: [at, Double(at), at])
            }
            try db.execute(sql: "INSERT INTO reading VALUES (1, 6, 3, 21.5)")
            try TelemetrySchema.migrate(db)
            #expect(try !db.tableExists("reading"))
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM reading_aside") == 1)
            #expect(try Int.fetchOne(db, sql: "SELECT sum(readings) FROM journal") == 24_000)
            var values = Measures()
            (values[.velocityRMS], values[.temperature]) = (3, 21.5)
            let third = Reading(at: Instant(milliseconds: 3), sequence: 77, values: values)
            var readings: [Reading] = []
            try Journal.visit(
                db, from: third.at, to: third.at, where: { $0.point == PointKey(1) },
                { _, bytes in try Columns.decode(bytes, into: &readings) })
            #expect(readings[3] == third)
        }
    }
}
