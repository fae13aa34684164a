import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// Which rules a point has, of all that are stated.
@Suite struct RulesTests {
    private static let header =
        "version,machine_class,asset,point,measure,kind,raise,clear,critical,confirm,of,hold_s,settling_s,readings,"
        + "windows,sigmas,source\n"

    private static func rules(_ rows: [String], pointLimits: String? = nil) throws -> [RuleID: Rule] {
        var files = TestPlant.standard
        files["rules.csv"] = header + rows.joined(separator: "\n")
        if let pointLimits {
            files["point_limits.csv"] =
                "asset,point,measure,raise,clear,critical,confirm,of,learn,source\n" + pointLimits
        }
        let plant = try TestPlant(files: files)
        let report = try plant.importAll()
        try #require(report.errors.isEmpty, "\(report.errors)")
        let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
        let rules = try plant.store.pool.read { try Rule.load($0, PointKey(1), point) }
        return Dictionary(uniqueKeysWithValues: rules.map { ($0.id, $0) })
    }

    private static let zone = RuleID(.velocityRMS, .limit)
    private static let learned = RuleID(.velocityRMS, .learned)
    private static let acceleration = RuleID(.accelerationRMS, .learned)
    private static let everywhere = "1,,,,velocity_rms_mm_s,learned,,,,5,8,20,60,250,4,6,ours"

    /// A quarter of B/C is a change, and less than a tenth of what clears it is a machine at rest.
    @Test func theClassAndEveryMachineTogether() throws {
        let rules = try Self.rules([Self.everywhere, "1,,,,acceleration_rms_g,learned,,,,,,,,250,,,ours"])
        #expect(Set(rules.keys) == [Self.zone, Self.learned, Self.acceleration])
        let velocity = try #require(rules[Self.learned])
        #expect(
            velocity.basis
                == .learned(Learning(readings: 250, windows: 4, sigmas: 6, change: .absolute(0.7), rest: 0.252)))
        #expect(velocity.confirmation == Confirmation(5, of: 8))
        #expect(velocity.hold == .seconds(20) && velocity.settling == .seconds(60))
        #expect(velocity.source == "ours (1)")
        #expect(rules[Self.acceleration]?.basis == .learned(Learning(readings: 250)))
        #expect(rules[Self.acceleration]?.confirmation == .standard)
    }

    @Test func whoIsNearerWinsMeasureByMeasure() throws {
        let asset = "1,,P1,,velocity_rms_mm_s,limit,7,6,,,,,,,,,maker"
        var rules = try Self.rules([Self.everywhere, asset])
        #expect(Set(rules.keys) == [Self.zone])
        #expect(rules[Self.zone]?.basis == .fixed(Thresholds(raise: 7, clear: 6)))
        // Of another machine, it says nothing here.
        rules = try Self.rules([Self.everywhere, asset.replacing("P1", with: "P2")])
        #expect(Set(rules.keys) == [Self.zone, Self.learned])
        rules = try Self.rules([asset, "1,,P1,DE-H,velocity_rms_mm_s,limit,9,8,10,,,,,,,,commissioning"])
        #expect(rules[Self.zone]?.basis == .fixed(Thresholds(raise: 9, clear: 8, critical: 10)))
    }

    @Test func pointLimitsAreThePointsOwn() throws {
        let rules = try Self.rules(
            [Self.everywhere],
            pointLimits: """
                P1,DE-H,velocity_rms_mm_s,9,8,,2,3,,maker
                P1,DE-H,acceleration_rms_g,,,,5,5,300,learned
                """)
        #expect(Set(rules.keys) == [Self.zone, Self.acceleration])
        #expect(rules[Self.zone]?.basis == .fixed(Thresholds(raise: 9, clear: 8)))
        #expect(rules[Self.zone]?.confirmation == Confirmation(2, of: 3))
        #expect(rules[Self.acceleration]?.basis == .learned(Learning(readings: 300)))
    }

    @Test func noneTakesAwayWhatOthersSay() throws {
        #expect(try Self.rules([Self.everywhere, "1,,P1,,velocity_rms_mm_s,none,,,,,,,,,,,it idles"]).isEmpty)
        #expect(try Self.rules([Self.everywhere, "1,g2-rigid,,,velocity_rms_mm_s,none,,,,,,,,,,,no table"]).isEmpty)
        let own = "1,g2-rigid,,,velocity_rms_mm_s,limit,5,4,,,,,,,,,ours"
        let rules = try Self.rules([Self.everywhere, "1,g2-rigid,,,velocity_rms_mm_s,none,,,,,,,,,,,no table", own])
        #expect(rules.mapValues(\.basis) == [Self.zone: .fixed(Thresholds(raise: 5, clear: 4))])
    }

    @Test func theNewestVersionCounts() throws {
        let rules = try Self.rules([Self.everywhere, "2,,,,velocity_rms_mm_s,learned,,,,,,,,500,,,ours"])
        guard case .learned(let learning) = rules[Self.learned]?.basis else {
            Issue.record("\(rules)")
            return
        }
        #expect(learning.readings == 500)
    }

    @Test(arguments: [
        (
            "1,,,,velocity_rms_mm_s,guess,,,,,,,,,,,x",
            "kind is one of limit, learned, rate, silence, sensor, no_rate, no_sensor, no_silence, none, not “guess”"
        ),
        ("1,,,,loudness,limit,2,1,,,,,,,,,x", "unknown measure"),
        ("1,,,,kurtosis,limit,2,2,,,,,,,,,x", "clear must be below raise"),
        ("1,,,,kurtosis,limit,,,,,,,,,,,x", "no number for raise"),
        ("1,,,,kurtosis,limit,2,1,1.5,,,,,,,,x", "critical must be above raise"),
        ("1,,,,kurtosis,learned,,,,,,,,5,,,x", "readings is a whole number of 10–100000"),
        ("1,,,,kurtosis,learned,,,,,,,,50,0,,x", "windows is a whole number of 1–100"),
        ("1,,,,kurtosis,learned,,,,,,,,50,,0.5,x", "sigmas is 1–100"),
        ("1,,,,kurtosis,limit,2,1,,9,8,,,,,,x", "confirm must not be more than of"),
        ("1,,,,kurtosis,limit,2,1,,,,-1,,,,,x", "hold_s is 0–86400 seconds"),
        ("1,,,,kurtosis,limit,2,1,,,,,nan,,,,x", "no number for settling_s"),
        ("1,,P9,,kurtosis,limit,2,1,,,,,,,,,x", "there is no asset “P9”"),
        ("1,,P1,Q,kurtosis,limit,2,1,,,,,,,,,x", "there is no point “P1/Q”"),
        ("1,g2,P1,,kurtosis,limit,2,1,,,,,,,,,x", "a rule is for a machine_class"),
        ("1,nope,,,kurtosis,limit,2,1,,,,,,,,,x", "no asset is of machine class “nope”"),
        ("1,,,DE-H,kurtosis,limit,2,1,,,,,,,,,x", "a rule is for a machine_class"),
        ("1,,,,kurtosis,limit,2,1,,,,,,,,,", "“source” is empty"),
        (",,,,kurtosis,limit,2,1,,,,,,,,,x", "“version” is empty"),
    ]) func aBadRow(row: String, reason: String) throws {
        var files = TestPlant.standard
        files["rules.csv"] = Self.header + row
        let report = try TestPlant(files: files).importAll()
        #expect(report.errors.count == 1 && report.errors[0].contains(reason), "\(report.errors)")
        #expect(report.errors.first?.hasPrefix("rules.csv:2:") == true)
    }

    /// Half a window, a restart, the other half: as if there had been none.
    @Test(arguments: [0, 4_800]) func learningGoesOnAfterARestart(lasting: Int) throws {
        var files = TestPlant.standard
        files["rules.csv"] = """
            version,machine_class,asset,point,measure,kind,readings,windows,after_s,source
            1,,,,velocity_rms_mm_s,learned,60,2,\(lasting),ours
            """
        let (a, b) = (try TestPlant(files: files), try TestPlant(files: files))
        for plant in [a, b] { _ = try plant.importAll() }
        let values = (0..<90).map { 1 + 0.05 * Double(($0 * 37) % 11) }
        try a.feed(values, from: 0)
        for start in stride(from: 0, to: 90, by: 15) {
            try b.feed(Array(values[start..<start + 15]), from: Double(start))
            try b.reopen()
        }
        let stored = try [a, b].map { plant in
            try plant.store.pool.read { try Detector.load($0, PointKey(1))[Self.learned] }
        }
        #expect(stored[0] == stored[1])
        let baseline = stored[0]?.baselines[SpeedBand(number: 0)]
        #expect(baseline?.isLearned == true)
        // The second window is open since the 61st reading, or the first has just closed.
        #expect(baseline?.since == (lasting == 0 ? TestPlant.at(60) : nil))
    }

    /// A machine that was seen to start before a restart is still starting after it.
    @Test func aStartIsRememberedOverARestart() throws {
        let plant = try TestPlant()
        _ = try plant.importAll()
        for (minute, running) in [(0.0, true), (1, false), (2, true)] {
            try plant.store.perform(
                [Input(.readings([plant.reading(minute, 1, running: running)]))], at: TestPlant.at(minute))
        }
        try plant.reopen()
        let run = try plant.store.pool.read { try MachineRun.load($0, AssetID(stored: "P1")) }
        #expect(run.isRunning == true)
        #expect(run.since == TestPlant.at(2))
    }
}

@Suite struct RulesUpgradeTests {
    /// What was learned stays known, what was half learned is learned again, and an open episode goes on.
    @Test func detectorsFromBeforeStay() throws {
        let queue = try DatabaseQueue()
        try Schema.migrator.migrate(queue, upTo: "7 lost sessions")
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO site VALUES ('s', 's', 's', 1, 1, 'UTC', '');
                    INSERT INTO customer VALUES ('c', 'c', 'c', 'A', '', '');
                    INSERT INTO asset VALUES ('a', 's', 'a', 'a', 'c', 'g', NULL, NULL, '', 'pump', 1);
                    INSERT INTO point VALUES (1, 'a', 'x', 'H', '', ''), (2, 'a', 'y', 'H', '', '');
                    INSERT INTO point_limit VALUES (1, 'acceleration_rms_g', NULL, NULL, NULL, 300, 3, 5, ''),
                        (2, 'acceleration_rms_g', NULL, NULL, NULL, 300, 3, 5, '');
                    INSERT INTO detector VALUES (1, 0, 9, 1.5, 7, 0, 0, 0, 0, 0, NULL),
                        (1, 1, 9, 2.5, 1, 0, 0, 300, 0.5, 3, 4), (2, 1, 9, 2.5, 0, 0, 0, 299, 0.5, 3, NULL);
                    INSERT INTO episode VALUES (4, 1, 1, NULL, 5, NULL, 1, 0.9, 2, 'warning', 3, 6, 7);
                    """)
        }
        try Schema.migrator.migrate(queue)
        let (first, second) = try queue.read {
            (try Detector.load($0, PointKey(1)), try Detector.load($0, PointKey(2)))
        }
        #expect(first[RuleID(.velocityRMS, .limit)]?.over == 7)
        let learned = try #require(first[RuleID(.accelerationRMS, .learned)])
        #expect(learned.episode?.id == EpisodeID(4) && learned.episode?.count == 7)
        #expect(learned.baselines[SpeedBand(number: 0)] == Baseline(windows: 1, mean: 0.5, deviation: 0.1))
        #expect(second[RuleID(.accelerationRMS, .learned)]?.baselines == Baselines())
    }
}
