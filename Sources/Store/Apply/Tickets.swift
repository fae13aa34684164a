public import Domain
import Foundation
import GRDB

extension Ticket {
    /// Fails on a second open ticket for the same fault: the unique index is the rule.
    func insert(_ db: Database, _ breach: Breach) throws {
        let point = try PointKey.find(db, breach.point)
        try db.cached(
            """
            INSERT INTO ticket (id, asset, kind, grade, severity, state, engineer, epoch, opened_at, state_since,
                lacks_engineer, is_overdue, point, measure, value, limit_value, limit_source, breach_at, fault_point,
                rule, cause)
            VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id.number, fault.asset.text, fault.kind.rawValue, grade.rawValue, severity.rawValue, state.rawValue,
                epoch, openedAt.milliseconds, stateSince.milliseconds, point?.number ?? 0, breach.measure.name,
                breach.value, breach.limit, breach.source, breach.at.milliseconds, fault.point?.text ?? "",
                Int(breach.kind.rawValue), breach.cause?.name,
            ])
    }

    func save(_ db: Database) throws {
        try db.cached(
            """
            UPDATE ticket SET severity = ?, state = ?, engineer = ?, epoch = ?, state_since = ?, closed_at = ?,
                outcome = ?, lacks_engineer = ?, is_overdue = ?, diagnosis = ?, diagnosis_confidence = ?,
                diagnosis_at = ? WHERE id = ?
            """,
            [
                severity.rawValue, state.rawValue, engineer?.text, epoch, stateSince.milliseconds,
                closedAt?.milliseconds, outcome?.rawValue, lacksEngineer, isOverdue, diagnosis?.cause,
                diagnosis?.confidence, diagnosis?.at.milliseconds, id.number,
            ])
        try db.cached("DELETE FROM proof WHERE ticket = ?", [id.number])
        for (key, proof) in proof {
            try db.cached(
                """
                INSERT INTO proof (ticket, point, measure, last_at, time_ms, readings, sum, elsewhere, before_mean,
                    before_peak, before_count, before_band)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    id.number, key.point.number, Int(key.measure.rawValue), proof.last?.milliseconds,
                    proof.time.milliseconds, proof.readings, proof.sum, proof.elsewhere, proof.before?.mean,
                    proof.before?.peak, proof.before?.count, proof.before?.band.number,
                ])
        }
    }

    /// Takes the engineer's place under the cap, or fails the whole transaction: two decisions can't give one
    /// engineer two jobs over the cap, nor one ticket to two engineers.
    func offer(_ db: Database, until: Instant, cap: Int, at now: Instant) throws {
        try db.cached(
            """
            UPDATE ticket SET state = ?, engineer = ?, epoch = ?, state_since = ?, lacks_engineer = 0
            WHERE id = ? AND epoch = ? - 1 AND state = 'pending'
                AND (SELECT count(*) FROM ticket WHERE engineer = ? AND state IN (\(TicketState.loadCodes))) < ?
            """,
            [
                state.rawValue, engineer?.text, epoch, stateSince.milliseconds, id.number, epoch, engineer?.text, cap,
            ])
        guard db.changesCount == 1 else { throw AssignmentRaced(ticket: id) }
        try db.cached(
            """
            INSERT INTO assignment (ticket, epoch, engineer, answer, reason, offered_at, expires_at)
            VALUES (?, ?, ?, ?, '', ?, ?)
            """,
            [
                id.number, epoch, engineer?.text, Answer.offered.rawValue, now.milliseconds, until.milliseconds,
            ])
    }
}

extension Proof {
    func saveRepair(_ db: Database, _ ticket: TicketID, _ key: ProofKey) throws {
        try db.cached(
            """
            INSERT INTO repair (ticket, point, measure, before_mean, before_peak, before_count, after_mean, after_count,
                elsewhere)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET before_mean = excluded.before_mean, before_peak = excluded.before_peak,
                before_count = excluded.before_count, after_mean = excluded.after_mean,
                after_count = excluded.after_count, elsewhere = excluded.elsewhere
            """,
            [
                ticket.number, key.point.number, Int(key.measure.rawValue), before?.mean, before?.peak, before?.count,
                mean, readings, elsewhere,
            ])
    }
}

/// The ticket or the engineer had changed between the decision and its commit; nothing was written.
public struct AssignmentRaced: Error {
    public let ticket: TicketID
}

extension Entry {
    func insert(_ db: Database, _ ticket: TicketID) throws {
        try db.cached(
            "INSERT INTO ticket_entry (ticket, at, kind, actor, detail) VALUES (?, ?, ?, ?, ?)",
            [ticket.number, at.milliseconds, kind.rawValue, actor.text, try json(detail)])
    }
}

extension Ledger {
    func save(_ db: Database, _ ticket: TicketID, _ epoch: Int, _ at: Instant) throws {
        try db.cached(
            """
            INSERT INTO ledger (ticket, epoch, at, lines) VALUES (?, ?, ?, ?)
            ON CONFLICT (ticket, epoch) DO UPDATE SET at = excluded.at, lines = excluded.lines
            """, [ticket.number, epoch, at.milliseconds, try json(self)])
    }
}

extension Notice {
    /// One row a channel; the row's id is the notice's id outside.
    func enqueue(_ db: Database, at: Instant, except failed: Channel? = nil) throws {
        let engineer: String? = if case .engineer(let id) = audience { id.text } else { nil }
        for channel in channels where channel != failed {
            try db.cached(
                """
                INSERT INTO outbox (channel, kind, ticket, epoch, engineer, expires_at, created_at, due_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    channel.rawValue, kind.rawValue, ticket.number, epoch, engineer, expiresAt?.milliseconds,
                    at.milliseconds, at.milliseconds,
                ])
        }
    }
}

/// JSON text with sorted keys, so that equal values are equal text.
func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
