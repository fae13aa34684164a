import Domain
import GRDB

/// Rules, by who says them: the class's zones (`zone_limits.csv`), a point's own limits (`point_limits.csv`), and
/// `rules.csv` for all machines, a class, a machine or a point.
///
/// Who is nearest to the point wins, measure by measure: point, then machine, then class and all machines together. A row
/// whose kind is `none` takes away what those farther off say. Of the same rule the newest version counts.
enum RuleRows {
    /// `scope` is `*`, `class …`, `asset …` or `point …/…`.
    static let table = """
        CREATE TABLE rule (
            scope TEXT NOT NULL, measure TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
            raise_at REAL, clear_at REAL, critical_at REAL, readings INTEGER, windows INTEGER, sigmas REAL,
            confirm INTEGER NOT NULL, confirm_of INTEGER NOT NULL, hold_s REAL NOT NULL, settling_s REAL NOT NULL,
            source TEXT NOT NULL, PRIMARY KEY (scope, measure, kind, version));
        """

    /// In place of a kind: no rule.
    fileprivate static let none = "none"
}

extension Rule {
    static func load(_ db: Database, _ point: PointKey, _ id: PointID) throws -> [Rule] {
        let asset = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT machine_class FROM asset WHERE id = ?"), arguments: [id.asset.text])
        let machineClass: String = asset?["machine_class"] ?? ""
        let zones = try Zone.load(db, machineClass)
        let ofClass = try stated(db, "class \(machineClass)", zones)
        let withdrawn = Set(ofClass.filter { $0.rule == nil }.map(\.measure))
        let ofAll = try zones.map { Stated($0.measure, $0.rule) } + stated(db, "*", zones)
        let nearest = try [
            own(db, point, zones) + stated(db, "point \(id)", zones), stated(db, "asset \(id.asset)", zones),
            ofClass + ofAll.filter { !withdrawn.contains($0.measure) },
        ]
        var rules: [RuleID: Rule] = [:]
        var known: Set<Measure> = []
        for level in nearest {
            for stated in level where !known.contains(stated.measure) {
                // A class's word stands before that for all machines.
                if let rule = stated.rule, rules[rule.id] == nil { rules[rule.id] = rule }
            }
            known.formUnion(level.map(\.measure))
        }
        return rules.values.sorted { ($0.measure.rawValue, $0.kind.rawValue) < ($1.measure.rawValue, $1.kind.rawValue) }
    }

    /// What one row says: a rule, or that there is none.
    fileprivate struct Stated {
        var measure: Measure
        var rule: Rule?

        init(_ measure: Measure, _ rule: Rule?) { (self.measure, self.rule) = (measure, rule) }
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
                measure, Rule(measure: measure, basis: basis, confirmation: confirmation, source: row["source"]))
        }
    }

    private static func stated(_ db: Database, _ scope: String, _ zones: [Zone]) throws -> [Stated] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT * FROM rule r WHERE scope = ? AND version = (SELECT max(version) FROM rule
                    WHERE scope = r.scope AND measure = r.measure AND kind = r.kind)
                """)
        return try Row.fetchAll(statement, arguments: [scope]).compactMap { row -> Stated? in
            guard let measure = Measure(name: row["measure"] as String),
                let confirmation = Confirmation(row["confirm"], of: row["confirm_of"])
            else { return nil }
            guard let basis = Basis(row, measure, zones) else { return Stated(measure, nil) }
            let source = "\(row["source"] as String) (\(row["version"] as String))"
            return Stated(
                measure,
                Rule(
                    measure: measure, basis: basis, confirmation: confirmation, hold: .seconds(row["hold_s"] as Double),
                    settling: .seconds(row["settling_s"] as Double), source: source))
        }
    }
}

extension Rule.Basis {
    fileprivate init?(_ row: Row, _ measure: Measure, _ zones: [Rule.Zone]) {
        switch row["kind"] as String {
        case Rule.Kind.limit.name:
            self = .fixed(Thresholds(raise: row["raise_at"], clear: row["clear_at"], critical: row["critical_at"]))
        case Rule.Kind.learned.name:
            let learning = Learning(readings: row["readings"], windows: row["windows"], sigmas: row["sigmas"])
            self = .learned(learning.fitting(zones, measure))
        default: return nil
        }
    }
}

extension Learning {
    /// Where the class has limits, a change is measured by them: a quarter of B/C (ISO 10816-3, criterion II); and a
    /// machine at rest shows less than a tenth of what clears them.
    fileprivate func fitting(_ zones: [Rule.Zone], _ measure: Measure) -> Learning {
        guard let zone = zones.first(where: { $0.measure == measure }) else { return self }
        var learning = self
        learning.change = .absolute(zone.boundaryBC / 4)
        learning.rest = zone.boundaryBC * 0.9 / 10
        return learning
    }
}

// MARK: - rules.csv

/// `version,machine_class,asset,point,measure,kind,raise,clear,critical,confirm,of,hold_s,settling_s,readings,windows,
/// sigmas,source`: who it is for stands in the second to fourth column, all empty for every machine.
func insertRule(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let kind = row["kind"]
    let known = Rule.Kind.allCases.map(\.name) + [RuleRows.none]
    guard known.contains(kind) else { throw BadRow("kind is one of \(known.joined(separator: ", ")), not “\(kind)”") }
    let confirmation = try row.confirmation()
    var values: [String: (any DatabaseValueConvertible)?] = [
        "scope": try scope(db, row), "measure": try row.measure().name, "kind": kind,
        "version": try row.text("version"), "confirm": confirmation.needed, "confirm_of": confirmation.of,
        "hold_s": try row.seconds("hold_s"), "settling_s": try row.seconds("settling_s"),
        "source": try row.text("source"),
    ]
    switch kind {
    case Rule.Kind.limit.name:
        let (raise, clear) = (try row.number("raise"), try row.number("clear"))
        guard clear < raise else { throw BadRow("clear must be below raise, or a value on the limit flaps") }
        let critical = try row.optionalNumber("critical")
        if let critical, critical <= raise { throw BadRow("critical must be above raise") }
        values.merge(["raise_at": raise, "clear_at": clear, "critical_at": critical]) { _, new in new }
    case Rule.Kind.learned.name:
        let sigmas = try row.optionalNumber("sigmas") ?? Learning(readings: 1).sigmas
        guard (1...100).contains(sigmas) else { throw BadRow("sigmas is 1–100") }
        let windows = row["windows"].isEmpty ? Learning(readings: 1).windows : try row.integer("windows", 1...100)
        values.merge(
            ["readings": try row.integer("readings", 10...100_000), "windows": windows, "sigmas": sigmas]
        ) { _, new in new }
    default: break
    }
    try db.upsert("rule", key: ["scope", "measure", "kind", "version"], values)
    return nil
}

private func scope(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String {
    switch (row["machine_class"].isEmpty, row["asset"].isEmpty, row["point"].isEmpty) {
    case (true, true, true): return "*"
    case (false, true, true): return "class \(try row.text("machine_class"))"
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

    /// Up to a day; empty: 0.
    fileprivate func seconds(_ column: String) throws(BadRow) -> Double {
        let seconds = try optionalNumber(column) ?? 0
        guard (0...86_400).contains(seconds) else { throw BadRow("\(column) is 0–86400 seconds") }
        return seconds
    }
}
