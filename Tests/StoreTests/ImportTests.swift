import Domain
import GRDB
import Testing

@testable import Store

@Suite struct ImportTests {
    @Test func twiceIsOnce() throws {
        let plant = try TestPlant()
        let first = try plant.importAll()
        #expect(first.errors.isEmpty)
        #expect(first.counts["engineers"] == 3 && first.counts["assets"] == 2)
        #expect(try plant.importAll().counts == first.counts)
        #expect(try plant.value("SELECT count(*) FROM engineer_skill") == 4)
        #expect(try plant.value("SELECT level FROM engineer_skill WHERE engineer = 'E2' AND skill = 'pump'") == 3)
    }

    @Test(arguments: [
        ("assets.csv", "P3,nowhere,x,x,C1,g2-rigid,,,,pump,2", "there is no site “nowhere”"),
        ("assets.csv", "P 3,beilun,x,x,C1,g2-rigid,,,,pump,2", "is no id"),
        ("assets.csv", "P3,beilun,x,x,C1,g2-rigid,fast,,,pump,2", "is no number for rated_rpm"),
        ("assets.csv", "P3,beilun,x,x,C1,g2-rigid,,,,pump,9", "skill_level is a whole number"),
        ("sites.csv", "photos,x,x,29,121,wgs84,Asia/Shanghai,x", "reserved"),
        ("sites.csv", "s2,x,x,29,121,,Asia/Shanghai,x", "datum"),
        ("sites.csv", "s2,x,x,0,0,wgs84,Asia/Shanghai,x", "no place"),
        ("sites.csv", "s2,x,x,29,121,wgs84,Mars/Base,x", "unknown timezone"),
        ("customers.csv", "C9,x,x,D,x,x", "grade"),
        ("engineers.csv", "E9,x,x,1,pump:9,,,,Asia/Shanghai,1-5,08:00,17:00,1,", "skills"),
        ("engineers.csv", "E9,x,x,1,pump:1,,,,Asia/Shanghai,0-5,08:00,17:00,1,", "shift_days"),
        ("engineers.csv", "E9,x,x,1,pump:1,,,,Asia/Shanghai,1-5,25:00,17:00,1,", "shift_start"),
        ("customers.csv", "C1,x,x,A,x,x", "id as in line 2; leave one of the two out"),
        ("points.csv", "P1,DE-X,Q,x,x", "direction"),
        ("points.csv", "P1,DE-X,H,x", "4 fields where the header has 5"),
        ("points.csv", "P1,DE-X,H,\"x,x", "quote"),
    ]) func oneBadRowAndNothingIsChanged(file: String, row: String, reason: String) throws {
        var files = TestPlant.standard
        files[file, default: ""] += "\n" + row
        let plant = try TestPlant(files: files)
        let report = try plant.importAll()
        #expect(report.errors.count == 1 && report.errors[0].contains(reason), "\(report.errors)")
        #expect(report.errors[0].hasPrefix(file))
        #expect(try plant.value("SELECT count(*) FROM site") == 0)
    }

    @Test func whatIsOddIsSaid() throws {
        var files = TestPlant.standard
        files["assets.csv", default: ""] += "\nP3,beilun,x,x,C1,turbine,,,,pump,2"
        files["engineers.csv", default: ""] += "\nE9,x,x,1,pump:1,,,,Asia/Shanghai,1-5,08:00,17:00,1,"
        let report = try TestPlant(files: files).importAll()
        #expect(report.errors.isEmpty)
        #expect(report.warnings.count == 2)
        #expect(report.warnings.contains { $0.hasPrefix("assets.csv:4: no zone limits") })
    }

    @Test func foreignSendersAreMapped() throws {
        var files = TestPlant.standard
        files["sources.csv"] = """
            format,sender,metric,asset,point,measure,unit,scale
            thingsboard,Room 1,vel,P1,DE-H,velocity_rms_mm_s,in/s,0.5
            senml,,urn:x:temp,P2,DE-H,temperature_c,,
            profile,74FE,X,P1,DE-H,,,
            """
        let plant = try TestPlant(files: files)
        #expect(try plant.importAll().counts["sources"] == 3)
        let map = try plant.store.pool.read(SourceMap.load)
        let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
        let target = SourceMap.Target(point: point, measure: .velocityRMS, unit: "in/s", scale: 0.5)
        #expect(map[.thingsboard, "Room 1", "vel"] == target)
        #expect(map[.senml, "", "urn:x:temp"]?.measure == .temperature)
        #expect(map[.profile, "74FE", "X"] == SourceMap.Target(point: point, measure: nil))
        #expect(map[.sparkplug, "Room 1", "vel"] == nil)
    }

    @Test(arguments: [
        ("modbus,a,b,P1,DE-H,kurtosis,,", "format is one of"), ("senml,a,b,P9,DE-H,kurtosis,,", "there is no point"),
        ("senml,a,b,P1,DE-H,loudness,,", "unknown measure"), ("senml,a,b,P1,DE-H,kurtosis,,0", "scale is 0"),
        ("senml,a,b,P1,DE-H,velocity_rms_mm_s,furlong,", "“furlong” is no unit of velocity_rms_mm_s"),
        ("sparkplug,,b,P1,DE-H,kurtosis,,", "“sender” is empty"), ("senml,a,,P1,DE-H,kurtosis,,", "“metric” is empty"),
        ("profile,a,X,P1,DE-H,kurtosis,,", "stand in the profile"),
    ]) func aBadSource(row: String, reason: String) throws {
        var files = TestPlant.standard
        files["sources.csv"] = "format,sender,metric,asset,point,measure,unit,scale\n" + row
        let report = try TestPlant(files: files).importAll()
        #expect(report.errors.count == 1 && report.errors[0].contains(reason), "\(report.errors)")
        #expect(report.errors[0].hasPrefix("sources.csv:2:"))
    }

    @Test func csvAsTheWildWritesIt() throws {
        let csv = try CSV("\u{FEFF}a, b ,c\r\n\"x \"\"y\"\"\", 2,\"多\n行\"\r\n\r\n1,2,3")
        #expect(csv.columns == ["a", "b", "c"])
        #expect(csv.rows.map(\.line) == [2, 5])
        #expect(csv.rows[0]["a"] == "x \"y\"" && csv.rows[0]["c"] == "多\n行")
        #expect(throws: CSV.Failure.empty) { try CSV("") }
    }
}
