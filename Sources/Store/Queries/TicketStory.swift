public import Domain
import Foundation
import GRDB

/// A ticket whole: what its page tells.
public struct TicketStory: Sendable {
    public let facts: TicketFacts
    /// Oldest first.
    public let entries: [StoredEntry]
    public let assignments: [Assignment]
    /// Newest first.
    public let ledgers: [StoredLedger]
    public let episodes: [EpisodeFacts]
    public let photos: [PhotoFacts]
    public let proof: ProofProgress?
    public let notices: [NoticeFate]
}

/// A line of the timeline as stored: the actor as text, `system`, `supervisor` or `engineer:E03`.
public struct StoredEntry: Sendable {
    public let at: Instant
    public let kind: String
    public let actor: String
    public let detail: [String: String]
}

/// One offer and how it ended.
public struct Assignment: Sendable {
    public let epoch: Int
    public let engineer: EngineerID
    public let engineerName: LocalName
    public let answer: Answer
    public let reason: String
    public let offeredAt: Instant
    public let expiresAt: Instant
    public let answeredAt: Instant?
}

public struct StoredLedger: Sendable {
    public let epoch: Int
    public let at: Instant
    public let ledger: Ledger
}

/// One breach that belongs to the ticket, with what its point shows now.
public struct EpisodeFacts: Sendable {
    public let id: EpisodeID
    public let point: PointID
    public let place: LocalName
    public let measure: Measure
    public let kind: Rule.Kind
    public let raisedAt: Instant
    public let clearedAt: Instant?
    public let limits: Thresholds
    public let severity: Severity
    public let peak: Double
    public let peakAt: Instant
    public let count: Int
    public let mean: Double
    /// The newest value of the running machine.
    public let lastValue: Double?
    public let lastAt: Instant?
}

/// How far the proof of the repair has come; the slowest measure decides.
public struct ProofProgress: Sendable {
    public let points: [(point: PointID, measure: Measure, proof: Proof)]
    public let needed: Duration
    public let neededReadings: Int
    /// The ticket closes unverified then.
    public let deadline: Instant?
}

extension Store {
    /// nil when there is no such ticket.
    public func story(of id: TicketID) async throws -> TicketStory? {
        try await pool.read { [policy] db in
            guard
                let facts = try TicketFacts.fetch(
                    db, where: "ticket.id = ?", orderBy: "ticket.id", limit: 1, [id.number]
                ).first
            else { return nil }
            return TicketStory(
                facts: facts,
                entries: try StoredEntry.fetch(db, id),
                assignments: try Assignment.fetch(db, id),
                ledgers: try StoredLedger.fetch(db, id),
                episodes: try EpisodeFacts.fetch(db, id),
                photos: try PhotoFacts.fetch(db, id),
                proof: try ProofProgress.fetch(db, facts.ticket, policy),
                notices: try NoticeFate.fetch(db, where: "outbox.ticket = ?", [id.number]))
        }
    }
}

extension StoredEntry {
    /// The first and the newest; a ticket that has flapped for months keeps its page small.
    fileprivate static func fetch(_ db: Database, _ id: TicketID) throws -> [StoredEntry] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM (SELECT * FROM ticket_entry WHERE ticket = ? ORDER BY id DESC LIMIT \(Limits.pageRows))
                UNION SELECT * FROM ticket_entry WHERE id = (SELECT min(id) FROM ticket_entry WHERE ticket = ?)
                ORDER BY id
                """, arguments: [id.number, id.number])
        return rows.map { row in
            let detail = try? JSONDecoder().decode([String: String].self, from: Data((row["detail"] as String).utf8))
            return StoredEntry(
                at: Instant(milliseconds: row["at"]), kind: row["kind"], actor: row["actor"], detail: detail ?? [:])
        }
    }
}

extension Assignment {
    fileprivate static func fetch(_ db: Database, _ id: TicketID) throws -> [Assignment] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT assignment.*, engineer.name_zh, engineer.name_en FROM assignment
                JOIN engineer ON engineer.id = assignment.engineer WHERE ticket = ?
                ORDER BY epoch DESC LIMIT \(Limits.pageRows)
                """, arguments: [id.number]
        ).compactMap { row in
            guard let answer = Answer(rawValue: row["answer"]) else { return nil }
            return Assignment(
                epoch: row["epoch"], engineer: EngineerID(stored: row["engineer"]),
                engineerName: LocalName(zh: row["name_zh"], en: row["name_en"]), answer: answer, reason: row["reason"],
                offeredAt: Instant(milliseconds: row["offered_at"]),
                expiresAt: Instant(milliseconds: row["expires_at"]), answeredAt: Instant(row, "answered_at"))
        }
    }
}

extension StoredLedger {
    /// The newest ten: a page explains choices, it does not archive them.
    fileprivate static func fetch(_ db: Database, _ id: TicketID) throws -> [StoredLedger] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM ledger WHERE ticket = ? ORDER BY epoch DESC LIMIT 10", arguments: [id.number]
        ).compactMap { row in
            let text = Data((row["lines"] as String).utf8)
            guard let ledger = try? JSONDecoder().decode(Ledger.self, from: text) else { return nil }
            return StoredLedger(epoch: row["epoch"], at: Instant(milliseconds: row["at"]), ledger: ledger)
        }
    }
}

extension EpisodeFacts {
    fileprivate static func fetch(_ db: Database, _ id: TicketID) throws -> [EpisodeFacts] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT episode.*, point.asset, point.name, point.place_zh, point.place_en,
                    detector.last_value, detector.last_at
                FROM episode JOIN point ON point.id = episode.point
                LEFT JOIN detector ON detector.point = episode.point AND detector.measure = episode.measure
                    AND detector.kind = episode.kind
                WHERE episode.ticket = ? ORDER BY episode.id DESC LIMIT \(Limits.pageRows)
                """, arguments: [id.number]
        ).compactMap { row in
            guard let rule = RuleID(row), let severity = Severity(rawValue: row["severity"]) else { return nil }
            let (count, peak) = (row["count"] as Int, row["peak"] as Double)
            return EpisodeFacts(
                id: EpisodeID(row["id"]),
                point: PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"])),
                place: LocalName(zh: row["place_zh"], en: row["place_en"]), measure: rule.measure, kind: rule.kind,
                raisedAt: Instant(milliseconds: row["raised_at"]), clearedAt: Instant(row, "cleared_at"),
                limits: Thresholds(raise: row["raise_at"], clear: row["clear_at"], critical: row["critical_at"]),
                severity: severity, peak: peak, peakAt: Instant(milliseconds: row["peak_at"]), count: count,
                mean: (row["sum"] as Double?).map { $0 / Double(max(1, count)) } ?? peak, lastValue: row["last_value"],
                lastAt: Instant(row, "last_at"))
        }
    }
}

extension ProofProgress {
    fileprivate static func fetch(_ db: Database, _ ticket: Ticket, _ policy: Policy) throws -> ProofProgress? {
        guard ticket.state == .verifying else { return nil }
        let proofs = try Proof.load(db, ticket.id)
        let names = try Row.fetchAll(
            db, sql: "SELECT id, asset, name FROM point WHERE id IN (SELECT point FROM proof WHERE ticket = ?)",
            arguments: [ticket.id.number])
        let points = names.flatMap { row in
            let point = PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"]))
            return proofs.filter { $0.key.point == PointKey(row["id"]) }
                .sorted { $0.key.measure.rawValue < $1.key.measure.rawValue }
                .map { (point, $0.key.measure, $0.value) }
        }
        let deadline = try Int64.fetchOne(
            db, sql: "SELECT due_at FROM timer WHERE kind = 'proof_deadline' AND ticket = ?",
            arguments: [ticket.id.number])
        return ProofProgress(
            points: points, needed: policy.proofTime, neededReadings: policy.proofReadings,
            deadline: deadline.map(Instant.init(milliseconds:)))
    }
}
