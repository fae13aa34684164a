public import Domain
import GRDB

/// A session loss as stored.
public struct SessionLossRow: Sendable {
    public let id: Int64
    public let loss: SessionLoss
}

extension Store {
    /// Keeps a loss, and tells the supervisor in the same transaction.
    public func add(_ loss: SessionLoss) throws {
        try pool.write { db in
            let told = try Int.fetchOne(
                db,
                sql: """
                    SELECT 1 FROM session_loss
                    WHERE session = ? AND acknowledged_at IS NULL AND noticed_at > ? LIMIT 1
                    """, arguments: [loss.session, (loss.noticedAt - SessionLoss.toldAgainAfter).milliseconds])
            try db.cached(
                "INSERT INTO session_loss (broker, session, away_since, noticed_at) VALUES (?, ?, ?, ?)",
                [loss.broker, loss.session, loss.awaySince?.milliseconds, loss.noticedAt.milliseconds])
            let id = db.lastInsertedRowID
            for channel in Notice.Audience.supervisor.channels where told == nil {
                try db.cached(
                    "INSERT INTO outbox (channel, kind, loss, created_at, due_at) VALUES (?, ?, ?, ?, ?)",
                    [
                        channel.rawValue, Notice.Kind.sessionLost.rawValue, id, loss.noticedAt.milliseconds,
                        loss.noticedAt.milliseconds,
                    ])
            }
        }
        changes.signal()
    }

    /// Those that nobody has acknowledged and that are not too old to be of interest, newest first.
    public func sessionLosses(at now: Instant) async throws -> [SessionLossRow] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM session_loss WHERE acknowledged_at IS NULL AND noticed_at > ?
                    ORDER BY id DESC LIMIT \(Limits.pageRows)
                    """, arguments: [(now - SessionLoss.shownFor).milliseconds]
            ).map { SessionLossRow(id: $0["id"], loss: SessionLoss($0)) }
        }
    }

    /// - Returns: whether there was such a loss that nobody had acknowledged.
    public func acknowledgeSessionLoss(_ id: Int64, at now: Instant) async throws -> Bool {
        let isNew = try await pool.write { db in
            try db.cached(
                "UPDATE session_loss SET acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL",
                [now.milliseconds, id])
            return db.changesCount > 0
        }
        changes.signal()
        return isNew
    }
}

extension SessionLossRow {
    static let table = """
        CREATE TABLE session_loss (
            id INTEGER PRIMARY KEY AUTOINCREMENT, broker TEXT NOT NULL, session TEXT NOT NULL, away_since INTEGER,
            noticed_at INTEGER NOT NULL, acknowledged_at INTEGER);
        -- A notice is about a ticket or about a loss.
        ALTER TABLE outbox RENAME TO outbox_of_tickets;
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY, channel TEXT NOT NULL, kind TEXT NOT NULL, ticket INTEGER, epoch INTEGER,
            loss INTEGER REFERENCES session_loss(id), engineer TEXT, expires_at INTEGER, created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, sent_at INTEGER, dead_at INTEGER,
            last_error TEXT, CHECK ((ticket IS NULL) <> (loss IS NULL)));
        INSERT INTO outbox (id, channel, kind, ticket, epoch, engineer, expires_at, created_at, due_at, attempts,
            sent_at, dead_at, last_error)
        SELECT id, channel, kind, ticket, epoch, engineer, expires_at, created_at, due_at, attempts, sent_at, dead_at,
            last_error FROM outbox_of_tickets;
        DROP TABLE outbox_of_tickets;
        CREATE INDEX outbox_due ON outbox(due_at) WHERE sent_at IS NULL AND dead_at IS NULL;
        CREATE INDEX outbox_ticket ON outbox(ticket);
        """
}

extension SessionLoss {
    /// From `session_loss`, or a join with its columns.
    init(_ row: Row) {
        self.init(
            broker: row["broker"], session: row["session"], awaySince: Instant(row, "away_since"),
            noticedAt: Instant(milliseconds: row["noticed_at"]))
    }
}
