import Domain
import Foundation
import GRDB

@testable import Store

/// What must hold after every step, whatever came in and whatever broke.
struct Audit {
    /// Each query lists what breaks its rule.
    private static let rules: [(rule: String, sql: String)] = [
        (
            "one open ticket a fault",
            """
            SELECT asset || ' ' || kind FROM ticket WHERE state NOT IN ('closed', 'cancelled')
            GROUP BY asset, kind HAVING count(*) > 1
            """
        ),
        (
            "an offer is somebody's, and lapses",
            """
            SELECT id FROM ticket WHERE state = 'offered' AND NOT EXISTS (
                SELECT 1 FROM timer JOIN assignment a ON a.ticket = ticket.id AND a.epoch = ticket.epoch
                WHERE timer.ticket = ticket.id AND timer.kind = 'offer_expires' AND timer.due_at = a.expires_at
                    AND a.answer = 'offered' AND a.engineer = ticket.engineer)
            """
        ),
        (
            "a pending ticket is nobody's, says so, and is looked at again",
            """
            SELECT id FROM ticket WHERE state = 'pending' AND (engineer IS NOT NULL OR lacks_engineer = 0
                OR NOT EXISTS (SELECT 1 FROM timer WHERE ticket = ticket.id AND timer.kind = 'dispatch_again'))
            """
        ),
        (
            "worked on: somebody's, and it turns red or is",
            """
            SELECT id FROM ticket WHERE state IN ('accepted', 'en_route', 'diagnosing') AND (engineer IS NULL
                OR is_overdue = 0 AND NOT EXISTS (
                    SELECT 1 FROM timer WHERE ticket = ticket.id AND timer.kind = 'stale'))
            """
        ),
        (
            "verifying: points to prove it and a deadline",
            """
            SELECT id FROM ticket WHERE state = 'verifying' AND (
                NOT EXISTS (SELECT 1 FROM timer WHERE ticket = ticket.id AND timer.kind = 'proof_deadline')
                OR NOT EXISTS (SELECT 1 FROM proof WHERE ticket = ticket.id))
            """
        ),
        ("waiting for parts: somebody's", "SELECT id FROM ticket WHERE state = 'awaiting_parts' AND engineer IS NULL"),
        (
            "grade B is escalated in time",
            """
            SELECT id FROM ticket WHERE grade = 'B' AND state NOT IN ('closed', 'cancelled')
                AND NOT EXISTS (SELECT 1 FROM timer WHERE ticket = ticket.id AND timer.kind = 'escalate')
                AND NOT EXISTS (SELECT 1 FROM ticket_entry e WHERE e.ticket = ticket.id AND e.kind = 'escalated'
                    AND e.id > (SELECT max(id) FROM ticket_entry s WHERE s.ticket = ticket.id
                        AND s.kind IN ('opened', 'reopened')))
            """
        ),
        (
            "no timer without a use",
            """
            SELECT timer.kind || ' ' || ticket || ' ' || state FROM timer JOIN ticket ON ticket.id = timer.ticket
            WHERE NOT CASE timer.kind WHEN 'offer_expires' THEN state = 'offered'
                WHEN 'dispatch_again' THEN state = 'pending' WHEN 'proof_deadline' THEN state = 'verifying'
                WHEN 'stale' THEN state IN ('accepted', 'en_route', 'diagnosing')
                ELSE state NOT IN ('closed', 'cancelled') END
            """
        ),
        (
            "closed on proof: nothing of it shakes",
            """
            SELECT ticket.id FROM ticket JOIN episode ON episode.ticket = ticket.id
            WHERE outcome IN ('verified', 'unverified') AND state = 'closed' AND cleared_at IS NULL
            """
        ),
        (
            "a breach that is on has its detector and its ticket",
            """
            SELECT episode.id FROM episode LEFT JOIN detector USING (point, measure, kind) LEFT JOIN ticket
                ON ticket.id = episode.ticket
            WHERE cleared_at IS NULL AND (detector.episode IS NOT episode.id OR ticket.id IS NULL)
            """
        ),
        (
            "a detector's breach is on",
            """
            SELECT detector.point FROM detector LEFT JOIN episode ON episode.id = detector.episode
            WHERE detector.episode IS NOT NULL AND (episode.id IS NULL OR cleared_at IS NOT NULL)
            """
        ),
        // A job that comes back (parts came, the machine relapsed) comes back to its engineer, over the cap if need be.
        (
            "no offer over the cap",
            """
            SELECT engineer.id FROM engineer WHERE load_cap < (
                SELECT count(*) FROM ticket t WHERE t.engineer = engineer.id
                    AND state IN ('offered', 'accepted', 'en_route', 'diagnosing') AND NOT EXISTS (
                        SELECT 1 FROM ticket_entry e WHERE e.ticket = t.id AND e.kind IN ('parts_arrived', 'relapsed')
                            AND e.id > (SELECT max(id) FROM ticket_entry o
                                WHERE o.ticket = t.id AND o.kind = 'offered')))
            """
        ),
        (
            "every offer is told once, to who has it",
            """
            SELECT ticket || ' ' || epoch FROM assignment WHERE 1 <> (SELECT count(*) FROM outbox
                WHERE outbox.ticket = assignment.ticket AND outbox.epoch = assignment.epoch AND kind = 'offer'
                    AND channel = 'inbox' AND outbox.engineer = assignment.engineer)
            """
        ),
        (
            "only the current offer is open",
            """
            SELECT a.ticket || ' ' || a.epoch FROM assignment a JOIN ticket t ON t.id = a.ticket
            WHERE answer = 'offered' AND (a.epoch <> t.epoch OR state <> 'offered')
                OR answer = 'accepted'
                    AND (a.epoch <> t.epoch OR state IN ('pending', 'offered', 'closed', 'cancelled'))
            """
        ),
    ]

    private var auditedOffers = 0

    /// nil when all is well.
    mutating func firstBroken(_ service: SimService, _ expectation: Expectation) throws -> String? {
        let values = try service.values()
        let (broken, offers) = try service.store.pool.read { db in
            let broken = try Self.firstBroken(db) ?? Self.miscount(db, values, expectation)
            let offers = try Row.fetchAll(db.cachedStatement(sql: Self.newOffers), arguments: [auditedOffers])
            return (broken, offers)
        }
        return try broken ?? firstWrong(offers)
    }

    private static func firstBroken(_ db: Database) throws -> String? {
        for (rule, sql) in rules {
            if let culprit = try String.fetchOne(db.cachedStatement(sql: sql)) { return "\(rule): \(culprit)" }
        }
        return nil
    }

    /// Accepted readings are there once, rejected ones have their reason, answers took effect or were refused.
    private static func miscount(
        _ db: Database, _ values: [Expectation.Key: Double], _ expectation: Expectation
    ) throws -> String? {
        if values != expectation.values {
            return "\(values.count) values, not the \(expectation.values.count) expected"
        }
        var rejected: [String: Int] = [:]
        let reasons = try db.cachedStatement(
            sql: "SELECT reason, count(*) AS n FROM rejected WHERE topic NOT LIKE '%/answer' GROUP BY reason")
        for row in try Row.fetchAll(reasons) { rejected[row["reason"]] = row["n"] }
        if rejected != expectation.rejected { return "rejected: \(rejected), not \(expectation.rejected)" }
        let answers = try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT (SELECT count(*) FROM rejected WHERE topic LIKE '%/answer')
                        + (SELECT count(*) FROM ticket_entry WHERE actor LIKE 'engineer:%' AND kind IN ('accepted',
                            'declined', 'en_route', 'arrived', 'awaiting_parts', 'parts_arrived', 'done'))
                    """))
        // One that was delivered twice happens once, silently.
        return answers ?? 0 <= expectation.answers ? nil : "answers: \(answers ?? 0) of \(expectation.answers)"
    }

    private static let newOffers = """
        SELECT a.rowid AS number, a.*, ticket.asset, ledger.lines,
            (SELECT max(answered_at) FROM assignment b WHERE b.ticket = a.ticket AND b.engineer = a.engineer
                AND b.answer IN ('declined', 'expired') AND b.epoch < a.epoch) AS declined_at,
            EXISTS (SELECT 1 FROM engineer_position p WHERE p.engineer = a.engineer) AS has_fix
        FROM assignment a JOIN ticket ON ticket.id = a.ticket
        LEFT JOIN ledger ON ledger.ticket = a.ticket AND ledger.epoch = a.epoch
        WHERE a.rowid > ? ORDER BY a.rowid
        """

    /// Offers since the last look: each went to somebody who could take it, for the reason that the ledger gives.
    private mutating func firstWrong(_ offers: [Row]) throws -> String? {
        for row in offers {
            auditedOffers = row["number"]
            if let reason = try Self.whyNot(row) {
                return "offer \(row["ticket"] as Int)/\(row["epoch"] as Int): \(reason)"
            }
        }
        return nil
    }

    private static func whyNot(_ row: Row) throws -> String? {
        let id = row["engineer"] as String
        guard let engineer = SimPlant.engineers.first(where: { $0.id == id }),
            let (skill, level) = SimPlant.needs[row["asset"]]
        else { return "a stranger, \(id)" }
        if engineer.skills[skill] ?? 0 < level { return "\(id) lacks \(skill)" }
        let offeredAt = row["offered_at"] as Int64
        if !engineer.shift.contains(Int(offeredAt / 60_000 + 8 * 60) % 1440) { return "\(id) is off shift" }
        if engineer.cap == 0 { return "\(id) takes no jobs" }
        if !engineer.hasHome, !(row["has_fix"] as Bool) { return "nobody knows where \(id) is" }
        if let declinedAt = row["declined_at"] as Int64?,
            offeredAt < declinedAt + SimPlant.policy.declineRests.milliseconds
        {
            return "\(id) has just declined"
        }
        guard let lines = row["lines"] as String? else { return "no ledger" }
        let ledger = try JSONDecoder().decode(Ledger.self, from: Data(lines.utf8))
        guard ledger.chosen == id, ledger.lines.count == SimPlant.engineers.count else { return "not by its ledger" }
        return ledger.lines.first { $0.engineer == id }?.ineligible.map { "\(id): \($0.code) by its own ledger" }
    }
}

extension SimService {
    /// Every stored value, each once; a second one under a key would be a trap.
    func values() throws -> [Expectation.Key: Double] {
        var values: [Expectation.Key: Double] = [:]
        let (from, to) = (Instant(milliseconds: 0), Instant(milliseconds: 4_102_444_800_000))
        try StoredReadings(store.telemetry).visit(from: from, to: to) { point, readings in
            for reading in readings {
                for measure in Measure.allCases {
                    guard let value = reading.values[measure] else { continue }
                    let key = Expectation.Key(point: point.description, measure: measure, at: reading.at)
                    precondition(values.updateValue(value, forKey: key) == nil, "stored twice: \(key)")
                }
            }
        }
        return values
    }

    /// What the background does every few seconds, here at any step.
    func compact() throws {
        let compactor = Compactor(pool: store.pool, files: store.telemetry.files)
        while let batch = try compactor.next() { try compactor.settle(batch, try compactor.write(batch)) }
    }

    /// What the plant's state is, by table, as text: equal texts are equal states.
    func facts() throws -> [String: [String]] {
        let tables = [
            "progress": "point, newest, quote(number), missing, told",
            "detector": """
            point, measure, kind, quote(last_at), quote(last_value), over, under, critical, quote(held_since), band,
            quote(episode), quote(memory)
            """,
            "baseline": """
            point, measure, kind, band, windows, mean, deviation, open_count, open_mean, open_squares, block_count,
            block_mean, block_squares, lowest, highest
            """,
            "machine_run": """
            asset, quote(is_running), quote(since), quote(told_at), quote(speed), quote(speed_at), quote(flipped_at)
            """,
            "episode": """
            id, point, measure, kind, quote(ticket), raised_at, quote(cleared_at), raise_at, clear_at, quote(critical_at),
            severity, peak, peak_at, count, quote(sum), band
            """,
            "ticket": """
            id, asset, kind, grade, severity, state, quote(engineer), epoch, opened_at, state_since,
            quote(closed_at), quote(outcome), lacks_engineer, is_overdue, point, measure, value, limit_value, breach_at
            """,
            "assignment": "ticket, epoch, engineer, answer, reason, offered_at, expires_at, quote(answered_at)",
            "timer": "kind, ticket, due_at",
            "proof": """
            ticket, point, quote(last_at), time_ms, readings, quote(sum), elsewhere, quote(before_mean), quote(before_band)
            """,
            "repair": "ticket, point, measure, quote(before_mean), quote(after_mean), after_count",
            "engineer_position": "engineer, latitude, longitude, fix_at",
        ]
        return try store.pool.read { db in
            try tables.reduce(into: [:]) { facts, table in
                let line = table.value.split(separator: ",").joined(separator: " || ' ' ||")
                facts[table.key] = try String.fetchAll(db, sql: "SELECT \(line) FROM \(table.key) ORDER BY 1")
            }
        }
    }
}
