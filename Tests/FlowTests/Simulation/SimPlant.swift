import Domain
import Foundation

/// The plant of the simulation: three machines, four points, and engineers who each lack something.
enum SimPlant {
    /// A Thursday, 08:00 in Ningbo.
    static let start = Instant(milliseconds: 1_767_225_600_000)

    /// As the product decides, but with spans that all come to pass within a simulated afternoon.
    static var policy: Policy {
        var policy = Policy()
        policy.historyAfter = .minutes(60)
        policy.rejectAfter = .days(2)
        policy.staleAfter = .minutes(30)
        policy.escalateBAfter = .minutes(60)
        policy.proofTime = .minutes(3)
        policy.proofReadings = 3
        policy.proofDeadline = .minutes(40)
        policy.relapseWithin = .minutes(45)
        return policy
    }

    struct Point: Hashable, Sendable {
        var site = "beilun"
        var asset: String
        var name: String
        var measures: [Measure]

        var topic: String { "fieldloop/v1/\(site)/\(asset)/\(name)/reading" }
        var key: String { "\(asset)/\(name)" }
    }

    static let points = [
        Point(asset: "P1", name: "DE-H", measures: [.velocityRMS]),
        Point(asset: "P1", name: "DE-V", measures: [.velocityRMS]),
        Point(asset: "P2", name: "DE-H", measures: [.velocityRMS, .temperature]),
        Point(asset: "F1", name: "DE-H", measures: [.velocityRMS, .accelerationRMS]),
    ]

    /// How a machine is; what its points show follows.
    enum Phase: CaseIterable {
        case healthy, between, warning, critical, stopped
    }

    /// Values that a point shows in a phase, around the limits below.
    static func range(_ measure: Measure, _ phase: Phase) -> ClosedRange<Double> {
        switch (measure, phase) {
        case (_, .stopped): measure == .temperature ? 20...30 : 0...0.05
        case (.temperature, .healthy): 40...77
        case (.temperature, .between): 79...84
        case (.temperature, .warning): 86...94
        case (.temperature, .critical): 96...120
        case (.accelerationRMS, .healthy): 0.9...1.1
        case (.accelerationRMS, .between): 1.26...1.3
        case (.accelerationRMS, .warning): 1.4...1.5
        case (.accelerationRMS, .critical): 2...3
        case (_, .healthy): 0.6...2.4
        case (_, .between): 2.55...2.75
        case (_, .warning): 2.8...4.4
        case (_, .critical): 4.5...8
        }
    }

    struct Engineer: Sendable {
        var id: String
        var skills: [String: Int]
        var cap: Int
        /// Minutes after midnight in Ningbo.
        var shift: ClosedRange<Int> = 0...1439
        var hasHome = true
    }

    static let engineers = [
        Engineer(id: "E1", skills: ["pump": 2], cap: 1),
        Engineer(id: "E2", skills: ["pump": 3, "fan": 1], cap: 2),
        // The simulation starts at 08:00 and passes 10:00.
        Engineer(id: "E3", skills: ["pump": 2, "fan": 2], cap: 1, shift: 480...599),
        Engineer(id: "E4", skills: ["fan": 1], cap: 1),
        Engineer(id: "E5", skills: ["fan": 3, "pump": 2], cap: 1, hasHome: false),
        Engineer(id: "E6", skills: ["pump": 1], cap: 5),
        Engineer(id: "E7", skills: ["pump": 3, "fan": 3], cap: 0),
    ]

    static let needs = ["P1": ("pump", 2), "P2": ("pump", 2), "F1": ("fan", 1)]

    static var files: [String: String] {
        [
            "sites.csv": """
            id,name_zh,name_en,lat,lon,datum,timezone,entity
            beilun,北仑厂,Beilun plant,29.8783,121.7902,wgs84,Asia/Shanghai,甬启
            """,
            "customers.csv": """
            id,name_zh,name_en,grade,contact,phone
            CA,远航,Yuanhang,A,范,1
            CB,博岭,Boling,B,蔡,2
            CC,海晟,Haisheng,C,林,3
            """,
            "zone_limits.csv": """
            version,machine_class,measure,ab,bc,cd,source
            2026-01,g2-rigid,velocity_rms_mm_s,1.4,2.8,4.5,"ISO 10816-3, group 2"
            """,
            "assets.csv": """
            id,site,name_zh,name_en,customer,machine_class,rated_rpm,power_kw,bearing,skill,skill_level
            P1,beilun,1号泵,Pump 1,CA,g2-rigid,2970,45,6313,pump,2
            P2,beilun,2号泵,Pump 2,CB,g2-rigid,2970,45,6313,pump,2
            F1,beilun,1号风机,Fan 1,CC,g2-rigid,1480,37,6312,fan,1
            """,
            "points.csv": "asset,name,direction,place_zh,place_en\n"
                + points.map { "\($0.asset),\($0.name),H,驱动端,drive end" }.joined(separator: "\n"),
            "point_limits.csv": """
            asset,point,measure,raise,clear,critical,confirm,of,learn,source
            P2,DE-H,temperature_c,85,78,95,2,3,,maker
            F1,DE-H,acceleration_rms_g,,,,3,5,10,learned
            """,
            "rules.csv": """
            version,machine_class,asset,point,measure,kind,raise,clear,critical,confirm,of,hold_s,settling_s,readings,windows,sigmas,source
            1,,,,velocity_rms_mm_s,learned,,,,3,5,60,60,20,2,6,ours
            """,
            "engineers.csv": engineerRows,
        ]
    }

    private static var engineerRows: String {
        let header =
            "id,name_zh,name_en,phone,skills,home_lat,home_lon,datum,timezone,"
            + "shift_days,shift_start,shift_end,load_cap,wecom"
        let rows = engineers.enumerated().map { index, engineer in
            let skills = engineer.skills.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
            let home = engineer.hasHome ? "29.9\(index),121.8,wgs84" : ",,"
            let shift = [engineer.shift.lowerBound, engineer.shift.upperBound + 1]
                .map { String(format: "%02d:%02d", $0 / 60, $0 % 60) }
            return "\(engineer.id),工\(index),Engineer \(index),1,\(skills.joined(separator: ";")),\(home),"
                + "Asia/Shanghai,1-7,\(shift[0]),\(shift[1]),\(engineer.cap),"
        }
        return ([header] + rows).joined(separator: "\n")
    }
}
