import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// A journal row that can't be read costs what can't be read of it, is kept, and is told of.
@Suite struct DamagedRowTests {
    typealias House = TestTelemetry

    /// Three rows of three points with ten readings each.
    static func house() throws -> House {
        let house = try House(points: 3)
        for row in Int64(0)..<3 {
            try house.take(
                (Int64(1)...3).map { point in
                    (point, (0..<10).map { House.reading((row * 10 + $0) * 1000, [.velocityRMS: Double(point)]) })
                })
        }
        return house
    }

    /// Changes the bytes of row 2.
    static func damage(_ house: House, _ column: String, _ change: (inout Data, [Journal.Entry]) -> Void) throws {
        try house.store.pool.write { db in
            let directory = try #require(try Data.fetchOne(db, sql: "SELECT directory FROM journal WHERE id = 2"))
            let entries = directory.withUnsafeBytes { Journal.entries($0).known }
            var bytes = try #require(try Data.fetchOne(db, sql: "SELECT \(column) FROM journal WHERE id = 2"))
            change(&bytes, entries)
            try db.execute(sql: "UPDATE journal SET \(column) = ? WHERE id = 2", arguments: [bytes])
        }
    }

    static func kept(_ house: House) throws -> [Int64] {
        let file = try DatabaseQueue(path: "\(house.telemetry.files.directory)/\(DayFiles.damagedRows)")
        return try file.read { try Int64.fetchAll($0, sql: "SELECT id FROM journal WHERE reason <> ''") }
    }

    @Test func aDamagedRunCostsItself() async throws {
        let house = try Self.house()
        try Self.damage(house, "blob") { blob, entries in blob[entries[1].offset] = 0 }
        // Nobody who asks is kept from the rest.
        #expect(try house.stored().count == 80)
        let late = [PointKey(2): [House.reading(15_000, [.velocityRMS: 2])]]
        #expect(try await house.store.pool.write { try Telemetry.known($0, late) }.isEmpty)
        let damaged = try await house.telemetry.compact(at: House.start).damaged
        #expect(damaged.map(\.id) == [2])
        #expect(damaged.map(\.lost) == [10])
        #expect("\(damaged)".contains("10 of 30 readings of journal row 2"))
        #expect(try house.stored().count == 80)
        #expect(try Self.kept(house) == [2])
        #expect(house.telemetry.files.damaged == [DayFiles.damagedRows])
    }

    @Test func aDamagedDirectoryCostsWhatIsBehindIt() async throws {
        let house = try Self.house()
        try Self.damage(house, "directory") { directory, _ in directory = directory.prefix(directory.count * 2 / 3 - 1)
        }
        let damaged = try await house.telemetry.compact(at: House.start).damaged
        #expect(damaged.map(\.lost) == [20])
        #expect(try house.stored().count == 70)
        #expect(try Self.kept(house) == [2])
    }

    /// Cut off between two entries: what is left reads well.
    @Test func aShortDirectoryIsNoticed() async throws {
        let house = try Self.house()
        try Self.damage(house, "directory") { directory, _ in directory = directory.prefix(directory.count / 3) }
        #expect(try await house.telemetry.compact(at: House.start).damaged.map(\.lost) == [20])
        #expect(try Self.kept(house) == [2])
    }

    /// Times are written twice: a reading does not move to another year unseen.
    @Test func aTimeThatMovedIsNoticed() async throws {
        let house = try Self.house()
        try Self.damage(house, "blob") { blob, entries in blob[entries[0].offset + 1 + 5] ^= 1 }
        #expect(try await house.telemetry.compact(at: House.start).damaged.map(\.lost) == [10])
        #expect(house.telemetry.files.days(.chunks) == [Day(of: House.start)])
    }

    /// As after a crash between the two files.
    @Test func aRowIsKeptOnce() throws {
        let house = try Self.house()
        try Self.damage(house, "blob") { blob, _ in blob = Data(repeating: 0xFF, count: blob.count) }
        try house.compactHalf()
        try house.compact()
        #expect(try Self.kept(house) == [2])
        #expect(try house.stored().count == 60)
    }

    /// The figures that nobody could read stop neither the rows behind them nor the service.
    @Test(.timeLimit(.minutes(1))) func theCompactorTellsAndGoesOn() async throws {
        let house = try Self.house()
        try Self.damage(house, "blob") { blob, entries in blob[entries[1].offset] = 0 }
        let (told, telling) = AsyncStream.makeStream(of: String.self)
        let running = Task { [telemetry = house.telemetry] in
            await telemetry.run(now: { House.start }) { telling.yield("\($0)") }
        }
        var sentences = told.makeAsyncIterator()
        #expect(await sentences.next()?.contains("journal row 2") == true)
        // A backlog comes in: nobody waits for the next round.
        let backlog = (0..<Int64(Compactor.batch)).map { House.reading($0 * 10, [.temperature: 20]) }
        let began = ContinuousClock.now
        try await house.store.pool.write { try Journal.append($0, [(PointKey(1), backlog)], at: House.start) }
        while try await house.store.pool.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM journal") }) != 0 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(ContinuousClock.now - began < .seconds(10))
        running.cancel()
        await running.value
    }
}
