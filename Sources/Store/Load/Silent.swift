import Domain
import GRDB

extension PointID {
    /// Points of which a rule of silence may be due; a bounded batch, the longest due first.
    static func silent(_ db: Database, since: Instant, at now: Instant) throws -> [PointID] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT DISTINCT point.asset, point.name FROM detector JOIN point ON point.id = detector.point
                WHERE detector.due_at <= ? AND detector.episode IS NULL
                    AND ? + detector.due_at - detector.heard_at <= ?
                ORDER BY detector.due_at LIMIT \(Limits.pageRows)
                """)
        return try Row.fetchAll(statement, arguments: [now.milliseconds, since.milliseconds, now.milliseconds]).map {
            PointID(asset: AssetID(stored: $0[0]), name: Name(stored: $0[1]))
        }
    }
}

extension Ticket {
    /// By site the newest open ticket about silence.
    static func silences(_ db: Database) throws -> [SiteID: Ticket] {
        var newest: [SiteID: Ticket] = [:]
        let open = try fetch(
            db, where: "kind = ? AND state NOT IN ('closed', 'cancelled')", [FaultKind.silence.rawValue])
        for ticket in open {
            guard let site = try AssetFacts.load(db, ticket.fault.asset)?.site else { continue }
            newest[site] = ticket
        }
        return newest
    }
}
