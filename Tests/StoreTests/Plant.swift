import Domain
import Foundation
import GRDB

@testable import Store

/// A real store in a directory of its own, with a small plant imported from CSV files.
final class TestPlant {
    let directory: String
    var store: Store
    static let start = Instant(milliseconds: 1_767_225_600_000)

    init(policy: Policy = Policy(), files: [String: String] = standard) throws {
        directory = NSTemporaryDirectory() + "fieldloop-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory + "/plant", withIntermediateDirectories: true)
        store = try Store(directory: directory, policy: policy)
        for (name, text) in files {
            try text.write(toFile: "\(directory)/plant/\(name)", atomically: true, encoding: .utf8)
        }
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func importAll() throws -> PlantReport { try store.importPlant(from: [directory + "/plant"]) }

    /// As after a crash: the same file, a new process's view of it.
    func reopen() throws {
        try store.close()
        store = try Store(directory: directory, policy: store.policy)
    }

    static func at(_ minutes: Double) -> Instant { start + .milliseconds(Int64(minutes * 60_000)) }

    func reading(_ minutes: Double, _ velocity: Double, asset: String = "P1", running: Bool = true) -> Series {
        var values = Measures()
        values[.velocityRMS] = velocity
        values[.running] = running ? 1 : 0
        let point = PointID(asset: AssetID(stored: asset), name: Name(stored: "DE-H"))
        return Series(
            point: point, site: SiteID(stored: "beilun"), readings: [Reading(at: Self.at(minutes), values: values)])
    }

    func feed(_ values: [Double], from minute: Double, asset: String = "P1") throws {
        for (index, value) in values.enumerated() {
            let minutes = minute + Double(index)
            try store.perform([Input(.readings([reading(minutes, value, asset: asset)]))], at: Self.at(minutes))
        }
    }

    /// All that is stored, by point and time.
    func stored() throws -> [Reading] {
        var stored: [Reading] = []
        try StoredReadings(store.telemetry).visit(from: Instant(milliseconds: 0), to: Self.at(1e6)) { stored += $1 }
        return stored
    }

    /// One value of the first row.
    func value<T: DatabaseValueConvertible>(_ sql: String) throws -> T? {
        try store.pool.read { try T.fetchOne($0, sql: sql) }
    }

    func texts(_ sql: String) throws -> [String] {
        try store.pool.read { try String.fetchAll($0, sql: sql) }
    }

    static let standard = [
        "sites.csv": """
        id,name_zh,name_en,lat,lon,datum,timezone,entity
        beilun,北仑厂,Beilun plant,29.8783,121.7902,wgs84,Asia/Shanghai,甬启
        """,
        "customers.csv": """
        id,name_zh,name_en,grade,contact,phone
        C1,远航,Yuanhang,A,范,1
        C2,博岭,Boling,B,蔡,2
        """,
        "zone_limits.csv": """
        version,machine_class,measure,ab,bc,cd,source
        2026-01,g2-rigid,velocity_rms_mm_s,1.4,2.8,4.5,"ISO 10816-3, group 2"
        2020-01,g2-rigid,velocity_rms_mm_s,1,2,3,an older table
        """,
        "assets.csv": """
        id,site,name_zh,name_en,customer,machine_class,rated_rpm,power_kw,bearing,skill,skill_level
        P1,beilun,1号泵,Pump 1,C1,g2-rigid,2970,45,6313,pump,2
        P2,beilun,2号泵,Pump 2,C2,g2-rigid,2970,45,6313,pump,2
        """,
        "points.csv": """
        asset,name,direction,place_zh,place_en
        P1,DE-H,H,驱动端,drive end
        P2,DE-H,H,驱动端,drive end
        """,
        "engineers.csv": """
        id,name_zh,name_en,phone,skills,home_lat,home_lon,datum,timezone,shift_days,shift_start,shift_end,load_cap,wecom
        E1,王磊,Wang Lei,1,pump:2;bearing:1,29.90,121.80,wgs84,Asia/Shanghai,1-7,00:00,24:00,1,wanglei
        E2,李强,Li Qiang,2,Pump:3,29.95,121.85,wgs84,Asia/Shanghai,1-7,00:00,24:00,1,liqiang
        E3,张伟,Zhang Wei,3,pump:1,29.88,121.79,wgs84,Asia/Shanghai,1-7,00:00,24:00,5,zhangwei
        """,
    ]
}
