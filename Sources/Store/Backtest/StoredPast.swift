public import Domain
import Foundation
import GRDB

/// What a data folder tells of the past, beside a running service too: the plant with its rules, tickets, episodes and
/// readings. Nothing is changed.
public struct StoredPast: Sendable {
    public let readings: StoredReadings

    /// - Parameter directory: a data folder that this program's version has served.
    public init(directory: String) throws { readings = try StoredReadings(directory: directory) }

    /// Rows of a rules file that can't be taken, each with its line.
    public struct BadRules: Error, CustomStringConvertible {
        public let errors: [String]
        public var description: String { errors.joined(separator: "\n") }
    }

    /// Every point with its rules, nothing learned and no ticket.
    ///
    /// - Parameter files: like `rules.csv`; together they take the place of all the plant's rules, as if it had been
    ///   imported with them. Zones and points' own limits stay. None: the rules are the plant's.
    /// - Throws: `BadRules`.
    public func plant(rules files: [String] = []) throws -> BurstState {
        let copy = try DatabaseQueue()
        try Schema.migrator.migrate(copy)
        try readings.main.read { source in
            try copy.write { db in for table in Self.plantTables { try Self.copy(table, from: source, to: db) } }
        }
        return try copy.write { db in
            if !files.isEmpty { try Self.replaceRules(db, by: files) }
            var state = BurstState()
            for row in try Row.fetchAll(db, sql: "SELECT asset, name FROM point ORDER BY id") {
                try state.complete(db, for: PointID(asset: AssetID(stored: row[0]), name: Name(stored: row[1])))
            }
            return state
        }
    }

    /// What rules come from, and work that was planned; in the order of their references.
    private static let plantTables = [
        "site", "customer", "asset", "point", "zone_limit", "point_limit", "rule", "planned_work",
    ]

    private static func copy(_ table: String, from source: Database, to copy: Database) throws {
        let columns = try source.columns(in: table).map(\.name)
        let statement = try copy.makeStatement(
            sql: """
                INSERT INTO \(table) (\(columns.joined(separator: ", ")))
                VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
                """)
        let rows = try Row.fetchCursor(source, sql: "SELECT * FROM \(table)")
        while let row = try rows.next() { try statement.execute(arguments: StatementArguments(row.databaseValues)) }
    }

    private static func replaceRules(_ db: Database, by files: [String]) throws {
        try db.execute(sql: "DELETE FROM rule")
        var errors: [String] = []
        for file in files {
            let csv: CSV
            do { csv = try CSV(try String(contentsOfFile: file, encoding: .utf8)) } catch let flaw as CSV.Failure {
                errors.append("\(file): \(flaw)")
                continue
            } catch {
                errors.append("\(file): there is no such file, or it is no text in UTF-8")
                continue
            }
            for row in csv.rows {
                do throws(BadRow) { _ = try insertRule(db, row) } catch {
                    errors.append("\(file):\(row.line): \(error.reason)")
                }
            }
        }
        guard errors.isEmpty else { throw BadRules(errors: errors) }
    }

    /// Tickets that were open at some time of a span, with all their ends, of relapses too.
    public func tickets(in span: ClosedRange<Instant>) throws -> (tickets: [PastTicket], ends: [TicketEnd]) {
        try readings.main.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT ticket.*, point.name AS point_name,
                        (SELECT min(at) FROM ticket_entry
                            WHERE ticket = ticket.id AND kind = 'worsened') AS worsened_at,
                        (SELECT count(*) FROM ticket_entry WHERE ticket = ticket.id AND kind = 'reopened') AS reopened
                    FROM ticket LEFT JOIN point ON point.id = ticket.point
                    WHERE breach_at <= ?2 AND (closed_at IS NULL OR closed_at >= ?1) ORDER BY ticket.id
                    """, arguments: [span.lowerBound.milliseconds, span.upperBound.milliseconds])
            let ends = try Row.fetchAll(
                db,
                sql: """
                    SELECT ticket.*, entry.detail ->> '$.outcome' AS entry_outcome,
                        -- What is proven by a backlog ended before it was said.
                        CASE WHEN entry.id = (SELECT max(id) FROM ticket_entry
                            WHERE ticket = ticket.id AND kind IN ('closed', 'cancelled'))
                        THEN coalesce(ticket.closed_at, entry.at) ELSE entry.at END AS ended_at
                    FROM ticket_entry entry JOIN ticket ON ticket.id = entry.ticket
                    WHERE entry.kind IN ('closed', 'cancelled') AND ended_at BETWEEN ? AND ? ORDER BY entry.id
                    """, arguments: [span.lowerBound.milliseconds, span.upperBound.milliseconds])
            return (rows.compactMap { PastTicket($0) }, ends.compactMap { TicketEnd($0) })
        }
    }

    /// Episodes that were raised in a span.
    public func episodes(in span: ClosedRange<Instant>) throws -> [PastEpisode] {
        try readings.main.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT episode.measure, episode.kind, episode.raised_at, episode.cleared_at, point.asset, point.name
                    FROM episode JOIN point ON point.id = episode.point
                    WHERE raised_at BETWEEN ? AND ? ORDER BY episode.id
                    """, arguments: [span.lowerBound.milliseconds, span.upperBound.milliseconds]
            ).compactMap { row in
                RuleID(row).map { rule in
                    PastEpisode(
                        point: PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"])),
                        rule: rule, raisedAt: Instant(milliseconds: row["raised_at"]),
                        clearedAt: Instant(row, "cleared_at"))
                }
            }
        }
    }
}

extension PastTicket {
    /// From a row of `ticket` with `point_name`, `worsened_at` and `reopened`.
    fileprivate init?(_ row: Row) {
        guard let ticket = Ticket(row) else { return nil }
        let breach = Breach(row, ticket.fault.asset)
        let beganAt = breach?.at ?? ticket.openedAt
        self.init(
            id: ticket.id, fault: ticket.fault, breach: breach, beganAt: beganAt, severity: ticket.severity,
            criticalAt: ticket.severity == .critical ? Instant(row, "worsened_at") ?? beganAt : nil,
            endedAt: ticket.closedAt, outcome: ticket.outcome, reopened: row["reopened"])
    }
}

extension Breach {
    /// nil where nothing was measured, or by a version that knew more.
    fileprivate init?(_ row: Row, _ asset: AssetID) {
        guard let point = row["point_name"] as String?, let measure = Measure(name: row["measure"] as String),
            let kind = Rule.Kind(rawValue: row["rule"])
        else { return nil }
        self.init(
            point: PointID(asset: asset, name: Name(stored: point)), measure: measure, kind: kind,
            cause: (row["cause"] as String?).flatMap { SensorFault(name: $0) }, value: row["value"],
            limit: row["limit_value"], source: row["limit_source"], at: Instant(milliseconds: row["breach_at"]))
    }
}

extension TicketEnd {
    /// From a row of `ticket` with `entry_outcome` and `ended_at`.
    fileprivate init?(_ row: Row) {
        guard let fault = Ticket(row)?.fault,
            let outcome = (row["entry_outcome"] as String?).flatMap(Outcome.init(rawValue:))
        else { return nil }
        self.init(fault: fault, at: Instant(milliseconds: row["ended_at"]), outcome: outcome)
    }
}
