public import Domain
import Foundation
import Geo
import GRDB

extension Ticket {
    static func load(_ db: Database, _ id: TicketID) throws -> Ticket? {
        try fetch(db, where: "id = ?", [id.number]).first
    }

    static func fetch(_ db: Database, where condition: String, _ arguments: StatementArguments) throws -> [Ticket] {
        let statement = try db.cachedStatement(sql: "SELECT * FROM ticket WHERE \(condition) ORDER BY id")
        return try Row.fetchAll(statement, arguments: arguments).compactMap { row in
            guard var ticket = Ticket(row) else { return nil }
            if ticket.state == .verifying { ticket.proof = try Proof.load(db, ticket.id) }
            return ticket
        }
    }

    init?(_ row: Row) {
        guard let kind = FaultKind(rawValue: row["kind"]), let grade = Grade(rawValue: row["grade"]),
            let severity = Severity(rawValue: row["severity"]), let state = TicketState(rawValue: row["state"])
        else { return nil }
        self.init(
            id: TicketID(row["id"]),
            fault: Fault(asset: AssetID(stored: row["asset"]), kind: kind, point: Name(stored: row["fault_point"])),
            grade: grade,
            severity: severity, state: state, engineer: (row["engineer"] as String?).map(EngineerID.init(stored:)),
            epoch: row["epoch"], openedAt: Instant(milliseconds: row["opened_at"]),
            stateSince: Instant(milliseconds: row["state_since"]),
            closedAt: (row["closed_at"] as Int64?).map(Instant.init(milliseconds:)),
            outcome: (row["outcome"] as String?).flatMap(Outcome.init(rawValue:)),
            lacksEngineer: row["lacks_engineer"], isOverdue: row["is_overdue"], diagnosis: TicketDiagnosis(row))
    }
}

extension TicketDiagnosis {
    /// Of a ticket's row.
    init?(_ row: Row) {
        guard let cause = row["diagnosis"] as String?, let confidence = row["diagnosis_confidence"] as Double?,
            let at = Instant(row, "diagnosis_at")
        else { return nil }
        self.init(cause: cause, confidence: confidence, at: at)
    }
}

extension TicketState {
    /// The states that count against a load cap, as SQL; the index `ticket_load` names the same.
    static let loadCodes = allCases.filter(\.isLoad).map { "'\($0.rawValue)'" }.joined(separator: ", ")
}

extension Proof {
    static func load(_ db: Database, _ ticket: TicketID) throws -> [ProofKey: Proof] {
        let statement = try db.cachedStatement(sql: "SELECT * FROM proof WHERE ticket = ?")
        var proofs: [ProofKey: Proof] = [:]
        for row in try Row.fetchAll(statement, arguments: [ticket.number]) {
            guard let measure = Measure(rawValue: row["measure"]) else { continue }
            proofs[ProofKey(PointKey(row["point"]), measure)] = Proof(
                before: Before(row), last: (row["last_at"] as Int64?).map(Instant.init(milliseconds:)),
                time: .milliseconds(row["time_ms"] as Int64), readings: row["readings"], sum: row["sum"],
                elsewhere: row["elsewhere"])
        }
        return proofs
    }
}

extension Proof.Before {
    /// From the columns `before_…`.
    init?(_ row: Row) {
        guard let mean = row["before_mean"] as Double?, let peak = row["before_peak"] as Double? else { return nil }
        self.init(
            mean: mean, peak: peak, count: row["before_count"] ?? 0, band: SpeedBand(number: row["before_band"] ?? 0))
    }

    /// Of all episodes of a measure together.
    fileprivate mutating func join(_ other: Proof.Before) {
        mean = (mean * Double(count) + other.mean * Double(other.count)) / Double(max(1, count + other.count))
        (peak, count, band) = (max(peak, other.peak), count + other.count, other.band)
    }
}

extension TicketScene {
    static func load(_ db: Database, _ id: TicketID) throws -> TicketScene? {
        guard let ticket = try Ticket.load(db, id) else { return nil }
        let statement = try db.cachedStatement(
            sql: """
                SELECT episode.*, detector.last_value, point.asset, point.name
                FROM episode JOIN point ON point.id = episode.point
                LEFT JOIN detector ON detector.point = episode.point AND detector.measure = episode.measure
                    AND detector.kind = episode.kind
                WHERE episode.ticket = ? ORDER BY episode.id
                """)
        var scene = TicketScene(ticket: ticket, raised: [], breached: [:])
        for row in try Row.fetchAll(statement, arguments: [id.number]) {
            let key = PointKey(row["point"])
            guard let rule = RuleID(row) else { continue }
            let (peak, count) = (row["peak"] as Double, row["count"] as Int)
            let mean = (row["sum"] as Double?).map { $0 / Double(max(1, count)) } ?? peak
            let before = Proof.Before(mean: mean, peak: peak, count: count, band: SpeedBand(number: row["band"]))
            // What a rate, a silence or a sensor was judged by is not the measure.
            let isOfMeasure = rule.kind.isOfValue
            let proofKey = ProofKey(key, rule.measure)
            if isOfMeasure, scene.breached[proofKey]??.join(before) == nil { scene.breached[proofKey] = before }
            if !isOfMeasure, scene.breached[proofKey] == nil { scene.breached[proofKey] = .some(nil) }
            guard row["cleared_at"] as Int64? == nil else { continue }
            let point = PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"]))
            scene.raised.append(
                RaisedPoint(
                    point: point, key: key, measure: rule.measure, kind: rule.kind, value: row["last_value"] ?? 0,
                    clear: row["clear_at"]))
        }
        return scene
    }
}

extension Domain.Timer {
    /// What is due, oldest first; a bounded batch, the rest follows at once.
    static func due(_ db: Database, at now: Instant) throws -> [Domain.Timer] {
        let statement = try db.cachedStatement(
            sql: "SELECT * FROM timer WHERE due_at <= ? ORDER BY due_at, ticket LIMIT \(Limits.pageRows)")
        return try Row.fetchAll(statement, arguments: [now.milliseconds]).compactMap { row in
            Kind(rawValue: row["kind"]).map {
                Domain.Timer($0, TicketID(row["ticket"]), at: Instant(milliseconds: row["due_at"]))
            }
        }
    }

    static func next(_ db: Database) throws -> Instant? {
        let known = Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try Int64.fetchOne(db, sql: "SELECT min(due_at) FROM timer WHERE kind IN (\(known))")
            .map(Instant.init(milliseconds:))
    }
}

extension Store {
    /// Whether the plant has this engineer.
    public func hasEngineer(_ id: EngineerID) throws -> Bool { try pool.read { try id.exists($0) } }
}

extension EngineerID {
    func exists(_ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM engineer WHERE id = ?")
        return try Int.fetchOne(statement, arguments: [text]) != nil
    }
}

extension Candidate {
    /// Everybody, as they stand now towards `ticket`.
    static func roster(_ db: Database, for ticket: TicketID, at now: Instant) throws -> [Candidate] {
        var skills: [String: [String: Int]] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT * FROM engineer_skill") {
            skills[row["engineer"], default: [:]][row["skill"]] = row["level"]
        }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT engineer.*, p.latitude, p.longitude, p.accuracy_m, p.fix_at,
                    (SELECT count(*) FROM ticket WHERE engineer = engineer.id
                        AND state IN (\(TicketState.loadCodes))) AS load,
                    (SELECT max(answered_at) FROM assignment WHERE ticket = ? AND engineer = engineer.id
                        AND answer IN ('declined', 'expired')) AS declined_at
                FROM engineer LEFT JOIN engineer_position p ON p.engineer = engineer.id ORDER BY engineer.id
                """, arguments: [ticket.number])
        return rows.map { Candidate($0, skills: skills[$0["id"]] ?? [:], at: now) }
    }

    private init(_ row: Row, skills: [String: Int], at now: Instant) {
        let days = Set((row["shift_days"] as String).split(separator: ",").compactMap { Int($0) })
        var depot: Coordinate?
        if let latitude = row["home_latitude"] as Double?, let longitude = row["home_longitude"] as Double? {
            depot = Coordinate(latitude: latitude, longitude: longitude)
        }
        var fix: Fix?
        if let latitude = row["latitude"] as Double?, let longitude = row["longitude"] as Double?,
            let place = Coordinate(latitude: latitude, longitude: longitude)
        {
            fix = Fix(place: place, accuracy: row["accuracy_m"], at: Instant(milliseconds: row["fix_at"]))
        }
        self.init(
            id: EngineerID(stored: row["id"]), name: LocalName(zh: row["name_zh"], en: row["name_en"]), skills: skills,
            shift: Shift(days: days, start: row["shift_start"], end: row["shift_end"]),
            utcOffset: secondsFromUTC(in: row["timezone"], at: now), load: row["load"], loadCap: row["load_cap"],
            fix: fix,
            depot: depot, declinedAt: (row["declined_at"] as Int64?).map(Instant.init(milliseconds:)))
    }
}

/// Seconds east of UTC in `zone` at `instant`; 0 for a zone the system does not know (import refuses those).
public func secondsFromUTC(in zone: String, at instant: Instant) -> Int {
    TimeZone(identifier: zone)?
        .secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant.milliseconds) / 1000)) ?? 0
}
