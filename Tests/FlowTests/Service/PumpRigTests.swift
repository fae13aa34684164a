import Domain
import Foundation
import Gateway
import Testing

/// Recorded runs of a real pump rig, through a real broker and the real service, with limits learned from each run's
/// first 300 seconds: what is labelled as an anomaly makes one ticket, and what is not makes none.
extension Houses {
    @Suite(.enabled(if: PumpRig.present, "no ../shared/data/vibration/skab beside the project: no recorded runs"))
    struct PumpRigTests {
        private static let assets = [
            "RIG-FREE": "anomaly-free_anomaly-free", "RIG-5": "other_5", "RIG-6": "other_6", "RIG-13": "other_13",
        ]

        @Test func `one ticket for each labelled fault, none before the label, none on a healthy run`() async throws {
            let folder = NSTemporaryDirectory() + "fieldloop-rig-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try PumpRig.writePlant(to: folder, assets: Self.assets.keys.sorted())
            let house = try await House(plant: [folder])
            try await house.startBroker()
            try await house.startService()
            try await house.connected()
            let now = try await house.now()
            var labels: [String: Instant] = [:]
            var rows = 0
            try await house.publishing { sender in
                for (asset, file) in Self.assets.sorted(by: { $0.key < $1.key }) {
                    let run = try PumpRig.run(file, endingAt: now)
                    rows += run.readings.count
                    labels[asset] = run.label
                    for start in stride(from: 0, to: run.readings.count, by: 200) {
                        let part = run.readings[start..<min(start + 200, run.readings.count)]
                        try await sender.send(Array(part), .accelerationRMS, to: "rig/\(asset)/M", running: nil)
                    }
                }
            }
            try await waitUntil("all is stored", within: .seconds(60)) {
                try house.stored().count >= rows
            }
            #expect(try house.texts("SELECT detail FROM rejected").isEmpty)
            var breaches: [String: [Instant]] = [:]
            for line in try house.texts("SELECT asset || ' ' || breach_at FROM ticket ORDER BY id") {
                let parts = line.split(separator: " ")
                breaches[String(parts[0]), default: []].append(Instant(milliseconds: try #require(Int64(parts[1]))))
            }
            #expect(breaches["RIG-5"]?.count == 1)
            #expect(breaches["RIG-6"]?.count == 1)
            #expect(breaches["RIG-FREE"] == nil)
            #expect(breaches["RIG-13"]?.count ?? 0 <= 1)
            for (asset, breaches) in breaches {
                let label = try #require(labels[asset])
                for breach in breaches { #expect(breach >= label, "\(asset) \(breach.iso8601)") }
            }
        }
    }
}

/// The recordings: seconds, and the root mean square of an accelerometer in g.
private enum PumpRig {
    static let folder = Root.shared.appending(path: "vibration/skab")
    static let present = FileManager.default.fileExists(atPath: folder.path)

    struct Run {
        var readings: [(at: Instant, value: Double)] = []
        /// The first reading that people labelled as an anomaly.
        var label: Instant?
    }

    /// A recording, shifted so that its last reading is at `end`.
    static func run(_ file: String, endingAt end: Instant) throws -> Run {
        let text = try String(contentsOf: folder.appending(path: "\(file).csv"), encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ";") }
        let columns = lines[0].map(String.init)
        let value = try #require(columns.firstIndex(of: "Accelerometer1RMS"))
        let anomaly = columns.firstIndex(of: "anomaly")
        let formatter = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateTimeSeparator(.space)
            .time(includingFractionalSeconds: false)
        let times = try lines.dropFirst().map { Int64(try formatter.parse(String($0[0])).timeIntervalSince1970 * 1000) }
        let shift = end.milliseconds - (try #require(times.max()))
        var run = Run()
        for (fields, time) in zip(lines.dropFirst(), times) {
            var at = Instant(milliseconds: time + shift)
            // Two readings of one second: the later one was measured later.
            if let last = run.readings.last?.at, at <= last { at = last + .milliseconds(1) }
            run.readings.append((at, try #require(Double(fields[value]))))
            if run.label == nil, let anomaly, Double(fields[anomaly]) == 1 { run.label = at }
        }
        return run
    }

    /// The rig as a plant: one machine a run, its limits to be learned.
    static func writePlant(to folder: String, assets: [String]) throws {
        let files = [
            "sites.csv": """
            id,name_zh,name_en,lat,lon,datum,timezone,entity
            rig,试验台,Pump rig,29.88,121.55,wgs84,Asia/Shanghai,rig
            """,
            "customers.csv": "id,name_zh,name_en,grade,contact,phone\nRIG,试验室,Laboratory,A,x,1",
            "assets.csv":
                "id,site,name_zh,name_en,customer,machine_class,rated_rpm,power_kw,bearing,skill,skill_level\n"
                + assets.map { "\($0),rig,水泵,Pump,RIG,rig,,,,pump,1" }.joined(separator: "\n"),
            "points.csv": "asset,name,direction,place_zh,place_en\n"
                + assets.map { "\($0),M,H,电机,motor" }.joined(separator: "\n"),
            "point_limits.csv": "asset,point,measure,raise,clear,critical,confirm,of,learn,source\n"
                + assets.map { "\($0),M,acceleration_rms_g,,,,5,5,300,learned" }.joined(separator: "\n"),
            "engineers.csv": """
            id,name_zh,name_en,phone,skills,home_lat,home_lon,datum,timezone,shift_days,shift_start,shift_end,load_cap,wecom
            E1,王磊,Wang Lei,1,pump:2,29.9,121.6,wgs84,Asia/Shanghai,1-7,00:00,24:00,5,
            """,
        ]
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
    }
}
