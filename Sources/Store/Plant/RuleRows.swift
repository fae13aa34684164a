import Domain
import GRDB

/// Rules, by who says them: the class's zones (`zone_limits.csv`), a point's own limits (`point_limits.csv`), and
/// `rules.csv` for all machines, a class, a machine or a point.
///
/// Who is nearest to the point wins, measure by measure: point, then machine, then class and all machines together; what
/// is said of the measure's level, of its rate, of silence and of the sensor each for itself. A row whose kind is `none`
/// (or `no_rate`, `no_silence`, `no_sensor`) takes away what those farther off say, and what older versions said of the
/// same machines. Of the same rule the newest version counts; versions compare as text, so write them like 2026-11.
enum RuleRows {
    /// `scope` is `*`, `class …`, `asset …` or `point …/…`.
    static let table = """
        CREATE TABLE rule (
            scope TEXT NOT NULL, measure TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
            raise_at REAL, clear_at REAL, critical_at REAL, readings INTEGER, windows INTEGER, sigmas REAL,
            confirm INTEGER NOT NULL, confirm_of INTEGER NOT NULL, hold_s REAL NOT NULL, settling_s REAL NOT NULL,
            source TEXT NOT NULL, PRIMARY KEY (scope, measure, kind, version));
        """

    /// In place of a kind: no rule, of the machine, of silence, of the sensor.
    fileprivate static let none: [String: Subject] = [
        "none": .machine, "no_rate": .rate, "no_silence": .silence, "no_sensor": .sensor,
    ]

    /// What a row speaks of; each is overridden for itself.
    enum Subject {
        case machine, rate, silence, sensor

        init(_ kind: Rule.Kind) {
            switch kind {
            case .limit, .learned: self = .machine
            case .rate: self = .rate
            case .silence: self = .silence
            case .sensor: self = .sensor
            }
        }
    }
}

extension Rule {
    static func load(_ db: Database, _ point: PointKey, _ id: PointID) throws -> [Rule] {
        let asset = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT machine_class FROM asset WHERE id = ?"), arguments: [id.asset.text])
        let machineClass: String = asset?["machine_class"] ?? ""
        let zones = try Zone.load(db, machineClass)
        let ofClass = try stated(db, "class \(machineClass)", zones)
        let withdrawn = Set(ofClass.filter { $0.rule == nil }.map(\.about))
        let ofAll = try zones.map { Stated($0.rule) } + stated(db, "*", zones)
        let nearest = try [
            own(db, point, zones) + stated(db, "point \(id)", zones), stated(db, "asset \(id.asset)", zones),
            ofClass + ofAll.filter { !withdrawn.contains($0.about) },
        ]
        var rules: [RuleID: Rule] = [:]
        var known: Set<Stated.About> = []
        for level in nearest {
            for stated in level where !known.contains(stated.about) {
                // A class's word stands before that for all machines.
                if let rule = stated.rule, rules[rule.id] == nil { rules[rule.id] = rule }
            }
            known.formUnion(level.map(\.about))
        }
        return rules.values.sorted { ($0.measure.rawValue, $0.kind.rawValue) < ($1.measure.rawValue, $1.kind.rawValue) }
    }

    /// What one row says: a rule, or that there is none.
    fileprivate struct Stated {
        struct About: Hashable {
            var measure: Measure
            var subject: RuleRows.Subject
        }
        var about: About
        var rule: Rule?
        var version = ""

        init(_ rule: Rule) { (about, self.rule) = (About(measure: rule.measure, subject: .init(rule.kind)), rule) }
        init(no subject: RuleRows.Subject, _ measure: Measure) {
            (about, rule) = (About(measure: measure, subject: subject), nil)
        }
    }

    /// A class's newest zone limits for a measure.
    fileprivate struct Zone {
        var measure: Measure
        var boundaryBC: Double
        var rule: Rule

        static func load(_ db: Database, _ machineClass: String) throws -> [Zone] {
            let statement = try db.cachedStatement(
                sql: """
                    SELECT * FROM zone_limit z WHERE machine_class = ? AND version = (SELECT max(version) FROM zone_limit
                        WHERE machine_class = z.machine_class AND measure = z.measure)
                    """)
            return try Row.fetchAll(statement, arguments: [machineClass]).compactMap { row in
                guard let measure = Measure(name: row["measure"] as String) else { return nil }
                let thresholds = Thresholds(boundaryBC: row["bc"], boundaryCD: row["cd"])
                let source = "\(row["source"] as String) (\(row["version"] as String))"
                return Zone(
                    measure: measure, boundaryBC: row["bc"],
                    rule: Rule(measure: measure, basis: .fixed(thresholds), source: source))
            }
        }
    }

    private static func own(_ db: Database, _ point: PointKey, _ zones: [Zone]) throws -> [Stated] {
        let statement = try db.cachedStatement(sql: "SELECT * FROM point_limit WHERE point = ?")
        return try Row.fetchAll(statement, arguments: [point.number]).compactMap { row in
            guard let measure = Measure(name: row["measure"] as String),
                let confirmation = Confirmation(row["confirm"], of: row["confirm_of"])
            else { return nil }
            let basis: Basis =
                if let readings = row["learn"] as Int? {
                    .learned(Learning(readings: readings).fitting(zones, measure))
                } else {
                    .fixed(
                        Thresholds(raise: row["raise_at"], clear: row["clear_at"], critical: row["critical_at"]))
                }
            return Stated(
                Rule(measure: measure, basis: basis, confirmation: confirmation, source: row["source"]))
        }
    }

    private static func stated(_ db: Database, _ scope: String, _ zones: [Zone]) throws -> [Stated] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT * FROM rule r WHERE scope = ? AND version = (SELECT max(version) FROM rule
                    WHERE scope = r.scope AND measure = r.measure AND kind = r.kind)
                """)
        let all = try Row.fetchAll(statement, arguments: [scope]).compactMap { row -> Stated? in
            guard let measure = Measure(name: row["measure"] as String),
                let confirmation = Confirmation(row["confirm"], of: row["confirm_of"])
            else { return nil }
            if let subject = RuleRows.none[row["kind"]] {
                var none = Stated(no: subject, measure)
                none.version = row["version"]
                return none
            }
            guard let basis = Basis(row, measure, zones) else { return nil }
            let source = "\(row["source"] as String) (\(row["version"] as String))"
            var stated = Stated(
                Rule(
                    measure: measure, basis: basis, confirmation: confirmation, hold: .seconds(row["hold_s"] as Double),
                    settling: .seconds(row["settling_s"] as Double),
                    severity: Severity(rawValue: row["severity"]) ?? .warning, source: source))
            stated.version = row["version"]
            return stated
        }
        // A later `none` takes back what the same file said before.
        return all.filter { stated in
            stated.rule == nil
                || !all.contains { $0.rule == nil && $0.about == stated.about && $0.version > stated.version }
        }
    }
}

extension Rule.Basis {
    fileprivate init?(_ row: Row, _ measure: Measure, _ zones: [Rule.Zone]) {
        switch row["kind"] as String {
        case Rule.Kind.limit.name: self = .fixed(Thresholds(stored: row))
        case Rule.Kind.rate.name: self = .rate(Thresholds(stored: row), over: .seconds(row["after_s"] as Double))
        case Rule.Kind.silence.name: self = .silence(after: .seconds(row["after_s"] as Double))
        case Rule.Kind.sensor.name:
            let (low, high) = (row["low"] as Double?, row["high"] as Double?)
            let rest = zones.first { $0.measure == measure }.map { $0.boundaryBC * Learning.restShare }
            self = .sensor(
                SensorCheck(
                    flat: row["readings"],
                    rails: low != nil || high != nil ? (low ?? -.infinity)...(high ?? .infinity) : nil,
                    jump: row["jump"], drift: row["drift"], rest: rest))
        case Rule.Kind.learned.name:
            let learning = Learning(
                readings: row["readings"], lasting: .seconds(row["after_s"] ?? 0.0), windows: row["windows"],
                sigmas: row["sigmas"], rest: row["low"] ?? 0)
            self = .learned(learning.fitting(zones, measure))
        default: return nil
        }
    }
}

extension Thresholds {
    fileprivate init(stored row: Row) {
        self.init(raise: row["raise_at"], clear: row["clear_at"], critical: row["critical_at"])
    }
}

extension Learning {
    /// Of the B/C limit: less is a machine at rest, which shows less than a tenth of what clears it.
    fileprivate static let restShare = 0.9 / 10

    /// Where the class has limits, a change is measured by them: a quarter of B/C (ISO 10816-3, criterion II); and a
    /// machine at rest shows less than a tenth of what clears them.
    fileprivate func fitting(_ zones: [Rule.Zone], _ measure: Measure) -> Learning {
        guard let zone = zones.first(where: { $0.measure == measure }) else { return self }
        var learning = self
        learning.change = .absolute(zone.boundaryBC / 4)
        learning.rest = max(rest, zone.boundaryBC * Self.restShare)
        return learning
    }
}

// MARK: - rules.csv

/// `version,machine_class,asset,point,measure,kind,raise,clear,critical,confirm,of,hold_s,settling_s,readings,windows,
/// sigmas,severity,after_s,low,high,jump,drift,source`: who it is for stands in the second to fourth column, all empty
/// for every machine. What a kind does not use is empty, or not there.
func insertRule(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let kind = row["kind"]
    let known = Rule.Kind.allCases.map(\.name) + RuleRows.none.keys.sorted()
    guard known.contains(kind) else { throw BadRow("kind is one of \(known.joined(separator: ", ")), not “\(kind)”") }
    let confirmation = try row.confirmation()
    guard let severity = Severity(rawValue: row["severity"].isEmpty ? "warning" : row["severity"]) else {
        throw BadRow("severity is warning or critical, not “\(row["severity"])”")
    }
    var values: [String: (any DatabaseValueConvertible)?] = [
        "scope": try scope(db, row), "measure": try row.measure().name, "kind": kind,
        "version": try row.text("version"), "confirm": confirmation.needed, "confirm_of": confirmation.of,
        "hold_s": try row.seconds("hold_s"), "settling_s": try row.seconds("settling_s"),
        "severity": severity.rawValue, "source": try row.text("source"),
    ]
    switch Rule.Kind.allCases.first(where: { $0.name == kind }) {
    case .limit: values.merge(try row.thresholds()) { _, new in new }
    case .learned: values.merge(try row.learning()) { _, new in new }
    case .rate:
        values.merge(try row.thresholds()) { _, new in new }
        values["after_s"] = try row.span("after_s", 60...86_400)
    case .silence: values["after_s"] = try row.span("after_s", 60...31_536_000)
    case .sensor: values.merge(try row.sensorCheck()) { _, new in new }
    case nil: break
    }
    try db.upsert("rule", key: ["scope", "measure", "kind", "version"], values)
    return nil
}

private func scope(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String {
    switch (row["machine_class"].isEmpty, row["asset"].isEmpty, row["point"].isEmpty) {
    case (true, true, true): return "*"
    case (false, true, true):
        let name = try row.text("machine_class")
        guard
            try db.exists(
                "SELECT 1 FROM asset WHERE machine_class = ?1 UNION SELECT 1 FROM zone_limit WHERE machine_class = ?1",
                [name])
        else { throw BadRow("no asset is of machine class “\(name)”, and no zone limits are for it") }
        return "class \(name)"
    case (true, false, true):
        try db.require("asset", row["asset"])
        return "asset \(row["asset"])"
    case (true, false, false):
        _ = try db.point(of: row)
        return "point \(row["asset"])/\(row["point"])"
    default:
        throw BadRow("a rule is for a machine_class, an asset, a point of an asset, or (all three empty) every machine")
    }
}

extension CSV.Row {
    /// `confirm` of `of`; empty: three of five.
    func confirmation() throws(BadRow) -> Confirmation {
        let needed = self["confirm"].isEmpty ? Confirmation.standard.needed : try integer("confirm", 1...64)
        let of = self["of"].isEmpty ? max(needed, Confirmation.standard.of) : try integer("of", 1...64)
        guard let confirmation = Confirmation(needed, of: of) else { throw BadRow("confirm must not be more than of") }
        return confirmation
    }

    fileprivate func thresholds() throws(BadRow) -> [String: (any DatabaseValueConvertible)?] {
        let (raise, clear) = (try number("raise"), try number("clear"))
        guard clear < raise else { throw BadRow("clear must be below raise, or a value on the limit flaps") }
        let critical = try optionalNumber("critical")
        if let critical, critical <= raise { throw BadRow("critical must be above raise") }
        return ["raise_at": raise, "clear_at": clear, "critical_at": critical]
    }

    fileprivate func learning() throws(BadRow) -> [String: (any DatabaseValueConvertible)?] {
        let sigmas = try optionalNumber("sigmas") ?? Learning(readings: 1).sigmas
        guard (1...100).contains(sigmas) else { throw BadRow("sigmas is 1–100") }
        let windows = self["windows"].isEmpty ? Learning(readings: 1).windows : try integer("windows", 1...100)
        // Below `low` the machine is at rest.
        let low = try optionalNumber("low")
        return [
            "readings": try integer("readings", 10...100_000), "windows": windows, "sigmas": sigmas, "low": low,
            "after_s": self["after_s"].isEmpty ? 0 : try span("after_s", 0...2_592_000),
        ]
    }

    /// `readings` equal in a row, `low` and `high` rails, a `jump` a second, a `drift` from the start: one at least.
    fileprivate func sensorCheck() throws(BadRow) -> [String: (any DatabaseValueConvertible)?] {
        let flat = self["readings"].isEmpty ? nil : try integer("readings", 10...100_000)
        let (low, high) = (try optionalNumber("low"), try optionalNumber("high"))
        let (jump, drift) = (try optionalNumber("jump"), try optionalNumber("drift"))
        if let low, let high, low >= high { throw BadRow("low must be below high") }
        if let jump, jump <= 0 { throw BadRow("jump is above 0") }
        if let drift, drift <= 0 { throw BadRow("drift is above 0") }
        guard flat != nil || low != nil || high != nil || jump != nil || drift != nil else {
            throw BadRow("a sensor rule needs readings, low, high, jump or drift")
        }
        return ["readings": flat, "low": low, "high": high, "jump": jump, "drift": drift]
    }

    fileprivate func span(_ column: String, _ range: ClosedRange<Double>) throws(BadRow) -> Double {
        let seconds = try number(column)
        guard range.contains(seconds) else {
            throw BadRow("\(column) is \(Int(range.lowerBound))–\(Int(range.upperBound)) seconds")
        }
        return seconds
    }

    /// Up to a day; empty: 0.
    fileprivate func seconds(_ column: String) throws(BadRow) -> Double {
        let seconds = try optionalNumber(column) ?? 0
        guard (0...86_400).contains(seconds) else { throw BadRow("\(column) is 0–86400 seconds") }
        return seconds
    }
}
