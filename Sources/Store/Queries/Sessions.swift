public import Domain
import GRDB

/// Whose browser it is.
public enum SessionOwner: Hashable, Sendable {
    case supervisor
    case engineer(EngineerID)
}

/// What became of a personal link.
public enum LinkExchange: Hashable, Sendable {
    case done
    /// It works once; this was not the first time.
    case used
    /// Taken out of the plant since the link was made.
    case unknownEngineer
}

/// Sessions are known by the hash of their key: who holds the database holds no key.
extension Store {
    public func openSession(hash: String, for owner: SessionOwner, at now: Instant) async throws {
        try await pool.write { db in try insertSession(db, hash, owner, now) }
    }

    /// nil when there is none, or it has ended.
    public func session(hash: String, at now: Instant) async throws -> SessionOwner? {
        try await pool.read { db in
            try Row.fetchOne(
                db, sql: "SELECT engineer FROM session WHERE hash = ? AND expires_at > ?",
                arguments: [hash, now.milliseconds]
            ).map { row in
                (row["engineer"] as String?).map { .engineer(EngineerID(stored: $0)) } ?? .supervisor
            }
        }
    }

    /// Ends the sessions that were opened by a token (supervisors') or a secret (engineers') that is in use no more.
    /// - Parameters: hashes of what is in use now; the first that are told end nothing.
    public func endSessions(unlessBy token: String, _ secret: String) throws {
        try pool.write { db in
            for (name, hash, whose) in [("session_token", token, "IS NULL"), ("session_secret", secret, "IS NOT NULL")]
            {
                let known = try String.fetchOne(db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
                guard known != hash else { continue }
                if known != nil { try db.execute(sql: "DELETE FROM session WHERE engineer \(whose)") }
                try db.cached(
                    "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, hash])
            }
        }
    }

    public func endSession(hash: String) async throws {
        try await pool.write { try $0.cached("DELETE FROM session WHERE hash = ?", [hash]) }
    }

    /// Trades a personal link for a session, once: the insert of its nonce is the compare-and-set.
    public func exchangeLink(
        nonce: String, of engineer: EngineerID, session hash: String, at now: Instant
    ) async throws -> LinkExchange {
        try await pool.write { db in
            guard try engineer.exists(db) else { return .unknownEngineer }
            try db.cached(
                "INSERT INTO used_link (nonce, used_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [nonce, now.milliseconds])
            guard db.changesCount == 1 else { return .used }
            try insertSession(db, hash, .engineer(engineer), now)
            return .done
        }
    }

    public func isUsed(nonce: String) async throws -> Bool {
        try await pool.read { db in
            try Int.fetchOne(db, sql: "SELECT 1 FROM used_link WHERE nonce = ?", arguments: [nonce]) != nil
        }
    }
}

/// Each new session takes out those that have ended, and the links that have expired by themselves.
private func insertSession(_ db: Database, _ hash: String, _ owner: SessionOwner, _ now: Instant) throws {
    let engineer: String? = if case .engineer(let id) = owner { id.text } else { nil }
    try db.cached("DELETE FROM session WHERE expires_at <= ?", [now.milliseconds])
    try db.cached("DELETE FROM used_link WHERE used_at < ?", [(now - Limits.linkFor).milliseconds])
    try db.cached(
        "INSERT INTO session (hash, engineer, created_at, expires_at) VALUES (?, ?, ?, ?)",
        [hash, engineer, now.milliseconds, (now + Limits.sessionFor).milliseconds])
}
