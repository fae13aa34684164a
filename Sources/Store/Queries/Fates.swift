public import Domain
import Foundation
import GRDB

/// Something that arrived and was not taken, as stored.
public struct RejectedRow: Sendable {
    public let id: Int64
    public let at: Instant
    public let topic: String
    /// `RejectionReason.code`.
    public let reason: String
    public let detail: String
    /// The first bytes.
    public let head: [UInt8]
    /// True size in bytes.
    public let bytes: Int
}

/// What became of a notice on one channel.
public struct NoticeFate: Sendable {
    public let id: Int64
    public let channel: String
    public let kind: String
    /// nil when it is about no ticket.
    public let ticket: TicketID?
    public let epoch: Int?
    public let engineer: EngineerID?
    public let createdAt: Instant
    /// When it is tried (again).
    public let dueAt: Instant
    public let attempts: Int
    public let sentAt: Instant?
    /// Given up.
    public let deadAt: Instant?
    public let error: String?
}

extension Store {
    /// Newest first, those before `id` and with `reason` where these are given; at most `Limits.pageRows`.
    public func rejected(before id: Int64? = nil, reason: String? = nil) async throws -> [RejectedRow] {
        try await pool.read { db in
            let which = reason == nil ? "" : "AND reason = :reason"
            return try Row.fetchAll(
                db, sql: "SELECT * FROM rejected WHERE id < :id \(which) ORDER BY id DESC LIMIT \(Limits.pageRows)",
                arguments: StatementArguments(["id": id ?? Int64.max])
                    + StatementArguments(reason.map { ["reason": $0] } ?? [:])
            ).map { row in
                RejectedRow(
                    id: row["id"], at: Instant(milliseconds: row["at"]), topic: row["topic"], reason: row["reason"],
                    detail: row["detail"], head: Array(row["head"] as Data), bytes: row["size"])
            }
        }
    }

    /// Notices, newest first; only those that did not arrive when `undelivered`.
    public func notices(undelivered: Bool = false) async throws -> [NoticeFate] {
        try await pool.read { db in
            try NoticeFate.fetch(
                db, where: undelivered ? "outbox.sent_at IS NULL AND outbox.attempts > 0" : "1 = 1", [])
        }
    }
}

extension NoticeFate {
    static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [NoticeFate] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM outbox WHERE \(condition) ORDER BY id DESC LIMIT \(Limits.pageRows)",
            arguments: arguments
        ).map { row in
            NoticeFate(
                id: row["id"], channel: row["channel"], kind: row["kind"],
                ticket: (row["ticket"] as Int64?).map { TicketID($0) },
                epoch: row["epoch"], engineer: (row["engineer"] as String?).map(EngineerID.init(stored:)),
                createdAt: Instant(milliseconds: row["created_at"]), dueAt: Instant(milliseconds: row["due_at"]),
                attempts: row["attempts"], sentAt: Instant(row, "sent_at"), deadAt: Instant(row, "dead_at"),
                error: row["last_error"])
        }
    }
}
