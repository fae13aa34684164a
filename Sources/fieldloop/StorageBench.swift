import ArgumentParser
import Domain
import Foundation
import Store

/// Measures what telemetry costs; `ops/bench/README.md` has results. A day of made readings goes the real way: journal,
/// compaction, rollups, queries, retention.
struct StorageBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage-bench", abstract: "Measures the storage of telemetry in a folder of its own.",
        shouldDisplay: false)
    @Argument(help: "A folder that does not exist yet; it is removed afterwards.") var folder: String
    @Option(help: "Points, each with one velocity of four decimals a second.") var points = 200
    @Option(help: "How long.") var seconds = 86_400

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: folder) else { throw ValidationError("\(folder) exists") }
        let directory = try DataDirectory(folder)
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        var store = try Store(directory: directory.path)
        try BenchPlant(points: points, hasRules: false).load(into: store, by: folder + "/plant")
        let values = points * seconds
        let day = Instant(milliseconds: Instant.wall.milliseconds / 86_400_000 * 86_400_000) - .days(1)
        try await fill(store, from: day)
        try store.close()
        let bytes = try size(of: directory.path)
        print("storage: \(bytes) bytes for \(values) values: \(Double(bytes) / Double(values)) a value")

        store = try Store(directory: directory.path)
        let point = PointID(asset: AssetID(stored: "M1"), name: Name(stored: "DE-H"))
        try await time("chart of a day", 21) {
            _ = try await store.trend(of: point, .velocityRMS, from: day, to: day + .days(1))
        }
        try await time("chart of an hour", 21) {
            _ = try await store.trend(of: point, .velocityRMS, from: day, to: day + .hours(1))
        }
        try fillYear(store, point, before: day)
        try await store.telemetry.compact(at: .wall)
        try await time("chart of a year", 21) {
            _ = try await store.trend(of: point, .velocityRMS, from: day - .days(364), to: day + .days(1))
        }
        // Else it waits for what the file system still does with the year's 364 new files.
        try await Task.sleep(for: .seconds(5))
        let file = "\(directory.path)/telemetry/\(day.iso8601.prefix(10)).db"
        try await time("unlink of the day", 1) { try FileManager.default.removeItem(atPath: file) }
        try store.close()
    }

    /// Ten minutes at a time, as a compactor finds them that has fallen behind.
    private func fill(_ store: Store, from start: Instant) async throws {
        var levels = (0..<points).map { _ in Double.random(in: 1...4) }
        var (taking, moving) = (Duration.zero, Duration.zero)
        var report = ReadingsImport()
        for begin in stride(from: 0, to: seconds, by: 600) {
            let runs = levels.indices.map { index -> (PointID, [Reading]) in
                let readings = (begin..<min(begin + 600, seconds)).map { second in
                    levels[index] += Double.random(in: -0.002...0.002)
                    var values = Measures()
                    values[.velocityRMS] = ((levels[index] + .random(in: -0.05...0.05)) * 10_000).rounded() / 10_000
                    return Reading(at: start + .seconds(second), values: values)
                }
                return (PointID(asset: AssetID(stored: "M\(index + 1)"), name: Name(stored: "DE-H")), readings)
            }
            taking += try ContinuousClock().measure { try store.importReadings(runs, at: .wall, into: &report) }
            let before = ContinuousClock.now
            try await store.telemetry.compact(at: .wall)
            moving += before.duration(to: .now)
        }
        let count = Double(report.taken)
        print("import with every check: \(Int(count / (taking / .seconds(1)))) readings/s")
        print("compaction: \(Int(count / (moving / .seconds(1)))) readings/s")
    }

    private func fillYear(_ store: Store, _ point: PointID, before day: Instant) throws {
        var report = ReadingsImport()
        let year = (1...364 * 24).reversed().map { hour in
            var values = Measures()
            values[.velocityRMS] = Double.random(in: 1...4)
            return Reading(at: day - .hours(hour), values: values)
        }
        try store.importReadings([(point, year)], at: .wall, into: &report)
    }

    private func time(_ name: String, _ times: Int, _ work: () async throws -> Void) async throws {
        var taken: [Double] = []
        for _ in 0..<times {
            let before = ContinuousClock.now
            try await work()
            taken.append(before.duration(to: .now) / .milliseconds(1))
        }
        taken.sort()
        print("\(name): median \(taken[times / 2]) ms, best \(taken[0]), worst \(taken[times - 1])")
    }

    private func size(of folder: String) throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: folder).reduce(0) { sum, path in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")
            return sum + (attributes[.type] as? FileAttributeType == .typeRegular ? attributes[.size] as? Int ?? 0 : 0)
        }
    }
}
