import Domain
import Foundation
import Store
import Synchronization
import Testing

/// A clock that moves when the test says so.
final class TestClock: Sendable {
    private let at = Mutex(Instant(milliseconds: 1_767_225_600_000))

    var now: Instant { at.withLock { $0 } }
    func advance(_ span: Duration) { at.withLock { $0 = $0 + span } }
}

/// A real store in a folder of its own: one site, one engineer for everything, and as many pumps as asked for.
struct TestPlant: Sendable {
    let clock: TestClock
    let store: Store
    private let folder: Folder

    /// Goes with the last plant in it.
    private final class Folder: Sendable {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("notify-\(UUID())").path
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    /// - Parameter grades: of the customers of the pumps P1, P2, …
    init(grades: [Grade] = [.B], hasEngineer: Bool = true) throws {
        folder = Folder()
        clock = TestClock()
        store = try Store(directory: folder.path)
        let csv = folder.path + "/csv"
        try FileManager.default.createDirectory(atPath: csv, withIntermediateDirectories: true)
        func write(_ name: String, _ lines: [String]) throws {
            try (lines.joined(separator: "\n") + "\n").write(
                toFile: "\(csv)/\(name)", atomically: true, encoding: .utf8)
        }
        try write(
            "sites.csv",
            [
                "id,name_zh,name_en,lat,lon,datum,timezone,entity",
                "beilun,北仑厂,Beilun,29.8783,121.7902,wgs84,Asia/Shanghai,X",
            ])
        try write(
            "customers.csv",
            ["id,name_zh,name_en,grade,contact,phone"] + Grade.allCases.map { "C\($0),客户,Customer,\($0),," })
        try write(
            "zone_limits.csv",
            [
                "version,machine_class,measure,ab,bc,cd,source",
                "1,pump,velocity_rms_mm_s,1.4,2.8,4.5,made for this test",
            ])
        let pumps = zip(1..., grades)
        try write(
            "assets.csv",
            ["id,site,name_zh,name_en,customer,machine_class,rated_rpm,power_kw,bearing,skill,skill_level"]
                + pumps.map { "P\($0),beilun,\($0)号泵,Pump \($0),C\($1),pump,2970,45,,pump,1" })
        try write(
            "points.csv", ["asset,name,direction,place_zh,place_en"] + pumps.map { "P\($0.0),DE-H,H,驱动端,drive end" })
        try write(
            "engineers.csv",
            [
                "id,name_zh,name_en,phone,skills,home_lat,home_lon,datum,timezone,shift_days,shift_start,shift_end,load_cap,wecom"
            ]
                + (hasEngineer
                    ? ["E03,王磊,Wang Lei,,pump:3,29.9,121.8,wgs84,Asia/Shanghai,1-7,00:00,24:00,100,wanglei"] : []))
        let report = try store.importPlant(from: [csv])
        try #require(report.errors == [])
    }

    private init(clock: TestClock, store: Store, folder: Folder) {
        self.clock = clock
        self.store = store
        self.folder = folder
    }

    /// Pump `number` shakes until its ticket is open.
    func shake(_ number: Int) throws {
        let readings = (0..<5).map { second in
            var values = Measures()
            values[.velocityRMS] = 3.25
            return Reading(at: clock.now - .seconds(5 - second), values: values)
        }
        let series = Series(
            point: PointID(asset: AssetID(stored: "P\(number)"), name: Name(stored: "DE-H")),
            site: SiteID(stored: "beilun"), readings: readings)
        try store.perform([Input(.readings([series]))], at: clock.now)
    }

    /// As after a crash and a new start.
    func restarted() throws -> TestPlant {
        try store.close()
        return TestPlant(clock: clock, store: try Store(directory: folder.path), folder: folder)
    }

    func fate(_ channel: Channel, _ kind: Notice.Kind) async throws -> NoticeFate? {
        try await store.notices().first { $0.channel == channel.rawValue && $0.kind == kind.rawValue }
    }
}
