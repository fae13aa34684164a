import ArgumentParser
import Foundation
import Store

/// The plant that the benches inside the program measure with: machines `M1`, `M2`, … at site `s`, a point `DE-H` each.
struct BenchPlant {
    var points: Int
    /// A rule for velocity, acceleration and temperature each, which nothing sent breaks; otherwise none.
    var hasRules: Bool

    /// - Parameter folder: for the tables; removed again.
    func load(into store: Store, by folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in tables {
            try text.write(toFile: "\(folder)/\(name).csv", atomically: true, encoding: .utf8)
        }
        let report = try store.importPlant(from: [folder])
        guard report.errors.isEmpty else { throw ValidationError("\(report.errors)") }
    }

    private var tables: [String: String] {
        var assets = "id,site,name_zh,name_en,customer,machine_class,rated_rpm,power_kw,bearing,skill,skill_level\n"
        var names = "asset,name,direction,place_zh,place_en\n"
        var limits = "asset,point,measure,raise,clear,critical,confirm,of,learn,source\n"
        for number in 1...points {
            assets += "M\(number),s,机器,machine,c,none,1480,45,6313,pump,1\n"
            names += "M\(number),DE-H,H,驱动端,drive end\n"
            guard hasRules else { continue }
            limits += "M\(number),DE-H,velocity_rms_mm_s,2.8,2.5,4.5,3,5,,bench\n"
            limits += "M\(number),DE-H,acceleration_rms_g,,,,3,5,300,bench\n"
            limits += "M\(number),DE-H,temperature_c,80,75,90,3,5,,bench\n"
        }
        return [
            "sites": "id,name_zh,name_en,lat,lon,datum,timezone,entity\ns,厂,plant,30,121,wgs84,Asia/Shanghai,甬启\n",
            "customers": "id,name_zh,name_en,grade,contact,phone\nc,客户,customer,A,范,1\n",
            "assets": assets, "points": names, "point_limits": limits,
        ]
    }
}
