public import Domain
import Foundation
import GRDB
import Glibc

/// What the store knows of intake, and of what it owes, at one moment: numbers for `/metrics` and for the page.
public struct IntakeFigures: Sendable {
    /// The latest event time of any point; nil while there is none.
    public let newestReading: Instant?
    /// Stored, since the first day.
    public let readings: Int
    /// Bursts that are not compacted yet, and their bytes.
    public let journalRows: Int
    public let journalBytes: Int
    /// Readings in these bursts.
    public let journalReadings: Int
    public let openGaps: Int
    /// Numbers that never came, over all open gaps.
    public let missing: Double
    /// Ever, by reason.
    public let rejected: [RejectedCount]
    public let outboxWaiting: Int
    public let outboxDead: Int
    public let tickets: [TicketState: Int]
    /// Bytes that we may still write beside the database.
    public let diskLeft: Int
    /// Files of telemetry that could not be read and wait for a person.
    public let setAside: Int
}

/// How often a reason was given, since the first day.
public struct RejectedCount: Sendable {
    public let reason: String
    public let count: Int
    public let lastAt: Instant
}

/// Holes in the numbering of one sender.
public struct SenderGaps: Sendable {
    /// A point (`asset/point`), or an edge node (`group/node`).
    public let sender: String
    public let holes: Int
    public let missing: Double
    public let noticedAt: Instant
    /// The newest few holes.
    public let ranges: [ClosedRange<Int64>]

    /// Whether the sender has had the time to be asked as often as it ever is.
    public func isGivenUp(at now: Instant) -> Bool { now - noticedAt > Limits.askedFor }
}

extension Store {
    public func intakeFigures() async throws -> IntakeFigures {
        let (diskLeft, setAside) = (diskLeft(), telemetry.files.damaged.count)
        return try await pool.read { db in
            let journal = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) AS n, total(length(directory) + length(blob)) AS bytes, total(readings) AS readings
                    FROM journal
                    """)
            let gaps = try Row.fetchOne(
                db, sql: "SELECT count(*) AS n, total(missing) AS missing FROM gap WHERE filled_at IS NULL")
            let outbox = try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS waiting, count(dead_at) AS dead
                    FROM outbox WHERE sent_at IS NULL
                    """)
            let tickets = try Row.fetchAll(db, sql: "SELECT state, count(*) AS n FROM ticket GROUP BY state")
            return IntakeFigures(
                newestReading: try Int64.fetchOne(db, sql: "SELECT max(newest) FROM progress").map(
                    Instant.init(milliseconds:)),
                readings: try Int.fetchOne(db, sql: "SELECT readings FROM reading_count") ?? 0,
                journalRows: journal?["n"] ?? 0, journalBytes: Int(journal?["bytes"] as Double? ?? 0),
                journalReadings: Int(journal?["readings"] as Double? ?? 0),
                openGaps: gaps?["n"] ?? 0, missing: gaps?["missing"] ?? 0,
                rejected: try RejectedCount.all(db), outboxWaiting: outbox?["waiting"] ?? 0,
                outboxDead: outbox?["dead"] ?? 0,
                tickets: Dictionary(
                    tickets.compactMap { row in TicketState(rawValue: row["state"]).map { ($0, row["n"]) } },
                    uniquingKeysWith: +),
                diskLeft: diskLeft, setAside: setAside)
        }
    }

    public func rejectedCounts() async throws -> [RejectedCount] { try await pool.read(RejectedCount.all) }

    /// Who has open holes: the sender that was noticed last comes first, `Limits.pageRows` of them.
    public func openGaps() async throws -> [SenderGaps] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT sender, count(*) AS holes, total(missing) AS missing, max(noticed_at) AS noticed_at
                    FROM gap WHERE filled_at IS NULL GROUP BY sender ORDER BY max(id) DESC LIMIT \(Limits.pageRows)
                    """
            ).map { row in
                let sender: String = row["sender"]
                let ranges = try Row.fetchAll(
                    db.cachedStatement(
                        sql: """
                            SELECT first, last FROM gap WHERE sender = ? AND filled_at IS NULL ORDER BY id DESC LIMIT 5
                            """), arguments: [sender])
                return SenderGaps(
                    sender: sender, holes: row["holes"], missing: row["missing"],
                    noticedAt: Instant(milliseconds: row["noticed_at"]),
                    ranges: ranges.map { row in
                        let first: Int64 = row["first"]
                        return first...max(first, row["last"])
                    })
            }
        }
    }

    /// Bytes that an ordinary user may still write where the database is; 0 when the system doesn't say.
    public func diskLeft() -> Int {
        var status = statvfs()
        guard statvfs(pool.path, &status) == 0 else { return 0 }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Writes a row and syncs it: the proof that what arrives can be kept.
    public func beat(at now: Instant) async throws {
        try await pool.write { db in
            try db.cached(
                "INSERT INTO setting (name, value) VALUES ('beat', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [String(now.milliseconds)])
        }
    }
}

extension RejectedCount {
    fileprivate static func all(_ db: Database) throws -> [RejectedCount] {
        try Row.fetchAll(db, sql: "SELECT * FROM rejected_count ORDER BY count DESC, reason").map { row in
            RejectedCount(
                reason: row["reason"], count: row["count"], lastAt: Instant(milliseconds: row["last_at"]))
        }
    }
}
