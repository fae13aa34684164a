import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// The rules that we ship, on recordings of machines that are not ours: a bearing run to its end, and a pump rig.
@Suite(.enabled(if: Recorded.present, "no ../shared/data/vibration beside the project: no recorded machines"))
struct RecordedMachinesTests {
    /// A snapshot each ten seconds for seven and three quarter hours; it is warned of more than 3.5 hours before the end,
    /// and nothing is said of snapshots 251–1000.
    @Test func aBearingRunToItsEnd() throws {
        let values = try Recorded.column("acc_rms_g_raw", of: "femto_b1_1_full_trend.csv", separator: ",")
        let raises = try Recorded.raises(values, every: 10)
        let first = try #require(raises.first)
        #expect(first > 1_000, "\(raises)")
        #expect(Double(values.count - first) * 10 / 3_600 >= 3.5, "\(raises)")
    }

    @Test(arguments: ["Accelerometer1RMS", "Accelerometer2RMS"], ["other_5", "other_6", "other_13", nil])
    func aPumpRig(sensor: String, anomaly: String?) throws {
        let file = "skab/\(anomaly ?? "anomaly-free_anomaly-free").csv"
        let raises = try Recorded.raises(try Recorded.column(sensor, of: file, separator: ";"), every: 1)
        guard let anomaly else {
            #expect(raises.isEmpty)
            return
        }
        let labels = try Recorded.column("anomaly", of: file, separator: ";")
        let label = try #require(labels.firstIndex(of: 1))
        #expect(anomaly == "other_13" ? raises.count <= 1 : raises.count == 1, "\(raises)")
        #expect(raises.allSatisfy { $0 >= label }, "\(raises), labelled at \(label)")
    }
}

private enum Recorded {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared/data/vibration").standardized
    static let present = FileManager.default.fileExists(atPath: folder.path)

    static func column(_ name: String, of file: String, separator: Character) throws -> [Double] {
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline)
        let index = try #require(lines[0].split(separator: separator).firstIndex { $0 == name })
        return try lines.dropFirst().map { try #require(Double($0.split(separator: separator)[index])) }
    }

    /// Which readings of a point's first machine raised a breach, by the rules in `fixtures/data`.
    static func raises(_ values: [Double], every seconds: Int64) throws -> [Int] {
        let plant = try TestPlant()
        _ = try plant.importAll()
        let data = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../fixtures/data").path
        #expect(try plant.store.importPlant(from: [data]).errors.isEmpty)
        let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
        let readings = values.enumerated().map { index, value in
            var measures = Measures()
            measures[.accelerationRMS] = value
            return Reading(at: TestPlant.start + .seconds(Int64(index) * seconds), values: measures)
        }
        let end = readings.last!.at
        for start in stride(from: 0, to: readings.count, by: 1_000) {
            let part = Array(readings[start..<min(start + 1_000, readings.count)])
            try plant.store.perform([Input(.readings([Series(point: point, readings: part)]))], at: end)
        }
        let times = try plant.store.pool.read { db in
            try Int64.fetchAll(db, sql: "SELECT breach_at FROM ticket ORDER BY id")
        }
        #expect(times.count <= 1)
        let episodes = try plant.store.pool.read { db in
            try Int64.fetchAll(db, sql: "SELECT raised_at FROM episode ORDER BY raised_at")
        }
        return episodes.map { Int(($0 - TestPlant.start.milliseconds) / 1_000 / seconds) }
    }
}
