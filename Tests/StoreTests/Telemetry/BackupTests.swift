import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// `ops/backup` while the compactor works: the copy is a whole.
@Suite struct BackupTests {
    typealias House = TestTelemetry

    private static let script = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "ops/backup").path

    private static func backUp(_ house: House, to copy: String) async throws {
        let backup = Process()
        backup.executableURL = URL(filePath: "/usr/bin/env")
        backup.arguments = ["python3", script, house.directory, copy]
        backup.standardOutput = Pipe()
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            backup.terminationHandler = { _ in ended.resume() }
            do { try backup.run() } catch { ended.resume(throwing: error) }
        }
        #expect(backup.terminationStatus == 0)
    }

    @Test func aBackupTakenDuringCompactionIsComplete() async throws {
        let house = try House()
        for burst in Int64(0)..<200 {
            let run = (Int64(0)..<100).map { House.reading((burst * 100 + $0) * 5_000, [.velocityRMS: Double($0)]) }
            try house.take([(burst % 3 + 1, run)])
        }
        let (pool, files) = (house.store.pool, house.telemetry.files)
        let compaction = Task.detached {
            let compactor = Compactor(pool: pool, files: files)
            while let batch = try compactor.next(limit: 200) {
                try compactor.settle(batch, try compactor.write(batch))
                try await Task.sleep(for: .milliseconds(3))
            }
        }
        let copy = house.directory + "-copy"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        // Into the same folder, as every night.
        for _ in 0..<4 {
            try await Self.backUp(house, to: copy)
            let restored = try House(restored: copy, model: house.model)
            #expect(try restored.difference() == nil)
            try restored.compact()
            #expect(try restored.difference() == nil)
            for span in Rollup.Span.allCases { #expect(try restored.storedRollups(span) == restored.rollups(span)) }
        }
        try await compaction.value
        #expect(try house.difference() == nil)
    }
}
