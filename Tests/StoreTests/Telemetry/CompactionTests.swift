import Domain
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Store

/// Whatever happens between a burst and its day file: every value stands once, in one of the two.
@Suite struct CompactionTests {
    typealias House = TestTelemetry

    /// Bursts of fresh, late, repeated and split readings, with compactions and crashes between them.
    static func storm(_ house: House, _ random: inout SplitMix, bursts: Int) throws {
        // An hour before midnight, so that bursts straddle the day.
        var clock: Int64 = 23 * 3_600_000
        for burst in 0..<bursts {
            var runs: [(Int64, [Reading])] = []
            for point in Int64(1)...3 where Int.random(in: 0...4, using: &random) > 0 {
                let late = Int.random(in: 0...5, using: &random) == 0
                var at = late ? Int64.random(in: 0..<clock, using: &random) : clock
                var readings: [Reading] = []
                for _ in 0..<Int.random(in: 1...300, using: &random) {
                    var values: [Measure: Double] = [:]
                    for measure in [Measure.velocityRMS, .temperature, .speed]
                    where Int.random(in: 0...3, using: &random) > 0 {
                        // A function of the key, so that a repeat is one.
                        let noise = (at &* 2_654_435_761 &+ point &* 97 &+ Int64(measure.rawValue)) & 0xFFFF
                        values[measure] = Double(noise) / 10_000
                    }
                    if !values.isEmpty { readings.append(House.reading(at, values, sequence: late ? nil : at / 1000)) }
                    at += Int.random(in: 0...9, using: &random) == 0 ? 0 : 1000
                }
                runs.append((point, readings))
            }
            try house.take(runs)
            clock += Int64.random(in: 0...300_000, using: &random)
            switch Int.random(in: 0...5, using: &random) {
            case 0: try house.compact()
            case 1: try house.compactHalf()
            default: break
            }
            if burst % 10 == 9 { #expect(try house.difference() == nil) }
        }
    }

    @Test(arguments: 0..<6) func nothingIsLostAndNothingStandsTwice(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let house = try House()
        try Self.storm(house, &random, bursts: 60)
        try house.compactHalf()
        try house.compact()
        #expect(try house.difference() == nil)
        #expect(try house.store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM journal") } == 0)
        for span in Rollup.Span.allCases { #expect(try house.storedRollups(span) == house.rollups(span)) }
        #expect(house.telemetry.files.days(.chunks).count >= 2)
        for day in house.telemetry.files.days(.chunks) {
            for point in Int64(1)...3 {
                let chunks = try house.chunks(day, point)
                for (one, next) in zip(chunks, chunks.dropFirst()) { #expect(one[1] < next[0]) }
                #expect(chunks.allSatisfy { $0[3] <= Chunk.fullSize && $0[2] <= Chunk.fullCount })
            }
        }
    }

    /// Some seconds at a time, as the service compacts: chunks fill up instead of falling apart.
    @Test func chunksAreFull() throws {
        let house = try House(points: 1)
        var random = SplitMix(seed: 7)
        for minute in Int64(0)..<240 {
            let run = (Int64(0)..<60).map { second in
                let value = (Double.random(in: 2...2.2, using: &random) * 1e4).rounded() / 1e4
                return House.reading((minute * 60 + second) * 1000, [.velocityRMS: value])
            }
            try house.take([(1, run)])
            try house.compact()
        }
        let chunks = try house.chunks(Day(of: House.start), 1)
        #expect(chunks.map { $0[2] }.reduce(0, +) == 14_400)
        #expect(chunks.dropLast().allSatisfy { $0[3] > Chunk.fullSize * 9 / 10 }, "\(chunks)")
    }

    /// A message with the temperature, another with the vibration, of the same moment, each with a number of its own.
    @Test func oneTimeMayHaveSeveralReadings() throws {
        let house = try House(points: 1)
        let readings = [
            House.reading(0, [.velocityRMS: 1], sequence: 1), House.reading(0, [.temperature: 20], sequence: 2),
            House.reading(0, [.speed: 1500], sequence: 1),
        ]
        for reading in readings { try house.take([(1, [reading])]) }
        try house.compactHalf()
        try house.compact()
        var stored: [Reading] = []
        try StoredReadings(house.telemetry).visit(from: House.start, to: House.start) { stored += $1 }
        #expect(
            stored == [
                House.reading(0, [.velocityRMS: 1, .speed: 1500], sequence: 1),
                House.reading(0, [.temperature: 20], sequence: 2),
            ])
    }

    /// Late readings are looked up while the compactor moves what they repeat.
    @Test func aRepeatIsKnownWhileItMoves() async throws {
        let house = try House(points: 1)
        let runs = (0..<40).map { burst in
            (0..<500).map { House.reading(Int64(burst * 500 + $0) * 1000, [.velocityRMS: Double($0)]) }
        }
        for run in runs { try house.take([(1, run)]) }
        let (pool, files) = (house.store.pool, house.telemetry.files)
        let isDone = Mutex(false)
        async let compaction: Void = {
            let compactor = Compactor(pool: pool, files: files)
            while let batch = try compactor.next(limit: 500) {
                try compactor.settle(batch, try compactor.write(batch))
            }
            isDone.withLock { $0 = true }
        }()
        var looked = 0
        while !isDone.withLock(\.self) || looked < 40 {
            let run = runs[looked % runs.count]
            let known = try await pool.write { try Telemetry.known($0, [PointKey(1): run]) }
            #expect(known.count == 500)
            looked += 1
        }
        try await compaction
        #expect(try house.difference() == nil)
    }

    /// kill -9 in the middle of compactions, again and again.
    @Test(.timeLimit(.minutes(2))) func aKillLosesNothing() async throws {
        let house = try House(points: 3)
        for burst in Int64(0)..<60 {
            try house.take(
                (Int64(1)...3).map { point in
                    let run = (Int64(0)..<200).map { second in
                        House.reading((burst * 200 + second) * 7_000, [.velocityRMS: Double(second) / 4])
                    }
                    return (point, run)
                })
        }
        let directory = house.directory
        for milliseconds in [5, 15, 30, 50] {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [directory = directory as String, milliseconds = milliseconds as Int] in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                    kill(getpid(), SIGKILL)
                }
                let pool = try DatabasePool(path: directory + "/fieldloop.db")
                let compactor = Compactor(pool: pool, files: DayFiles(beside: directory))
                while let batch = try compactor.next(limit: 600) {
                    try compactor.settle(batch, try compactor.write(batch))
                }
                while true { try await Task.sleep(for: .seconds(1)) }
            }
            #expect(try house.difference() == nil)
        }
        try house.compact()
        #expect(try house.difference() == nil)
        for span in Rollup.Span.allCases { #expect(try house.storedRollups(span) == house.rollups(span)) }
    }

    /// A day file whose maker died has a rollback journal, and nothing that could be read.
    @Test func aDayThatWasNeverMadeIsEmpty() throws {
        let house = try House(points: 1)
        try house.take([(1, [House.reading(0, [.velocityRMS: 1])])])
        let files = house.telemetry.files
        let dying = house.directory + "/dying.db"
        let made = try DatabaseQueue(path: dying)
        try made.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA cache_size = 1; CREATE TABLE made (blob); BEGIN; DELETE FROM made")
            for _ in 0..<100 { try db.execute(sql: "INSERT INTO made VALUES (randomblob(4000))") }
            try FileManager.default.createDirectory(atPath: files.directory, withIntermediateDirectories: true)
            for ending in ["", "-journal"] {
                try FileManager.default.copyItem(
                    atPath: dying + ending, toPath: files.path(Day(of: House.start), .chunks) + ending)
            }
            try db.execute(sql: "ROLLBACK")
        }
        #expect(try house.difference() == nil)
        try house.compact()
        #expect(try house.difference() == nil)
    }

    /// Restored from a backup, the days are ahead of the main file: what comes anew is taken in all the same.
    @Test func daysAheadOfTheMainFileDoNoHarm() throws {
        let house = try House(points: 1)
        try house.take([(1, [House.reading(0, [.velocityRMS: 1])])])
        // A later service moved this; the main file knows nothing of it.
        let ahead = Run(joined: [House.reading(1000, [.velocityRMS: 2])])
        try house.telemetry.files.write(Day(of: House.start), .chunks) { db in
            var writer = ChunkWriter(db)
            try writer.write(PointKey(1), ahead)
        }
        #expect(try house.stored().count == 2)
        // Sent again, it is a repeat; the next is new.
        let known = try house.store.pool.write { try Telemetry.known($0, [PointKey(1): ahead.readings]) }
        #expect(known.values.sorted() == [2])
        try house.take([(1, [House.reading(2000, [.velocityRMS: 3])])])
        try house.compact()
        #expect(try house.stored().map(\.1) == [1, 2, 3])
    }

    /// A day that was lost costs itself: late readings of it are taken in, and the compactor goes on.
    @Test(arguments: [true, false]) func aDamagedDayIsSetAside(isAsked: Bool) throws {
        let house = try House(points: 1)
        try house.take([(1, (Int64(0)..<5_000).map { House.reading($0 * 1000, [.velocityRMS: Double($0)]) })])
        try house.compact()
        let (day, files) = (Day(of: House.start), house.telemetry.files)
        try Data(repeating: 7, count: 100_000).write(to: URL(filePath: files.path(day, .chunks)))
        let late = House.reading(500, [.velocityRMS: 1])
        try house.store.pool.write { db in
            if isAsked { #expect(try Telemetry.known(db, [PointKey(1): [late]]).isEmpty) }
            try Journal.append(db, [(PointKey(1), [late])], at: House.start)
        }
        try house.compact()
        #expect(files.damaged == ["2026-01-01.db.damaged0"])
        #expect(try house.stored().map(\.1) == [1])
    }
}
