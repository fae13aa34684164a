import Domain
import Foundation
import GRDB

extension Effect {
    /// Writes one effect. `now` is the time of the decision.
    func apply(_ db: Database, at now: Instant) throws {
        switch self {
        case .keepAside(let point, let extras):
            for extra in extras {
                try db.cached(
                    "INSERT INTO reading_aside (point, at, extra) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    [point.number, extra.at.milliseconds, extra.json])
            }
        case .savePoint(let point): try point.save(db)
        case .openGap(let gap): try gap.insert(db)
        case .fillGap(let sender, let number, let at): try Gap.fill(db, sender, number, at: at)
        case .reject(let rejection): try reject(db, rejection, at: now)
        case .saveRun(let asset, let run): try run.save(db, asset)
        case .saveBaseline(let point, let rule, let learned): try learned.save(db, point, rule)
        case .saveEpisode(let episode, let point, let rule, let clearedAt):
            try episode.save(db, point, rule, clearedAt)
        case .openTicket(let ticket, let breach): try ticket.insert(db, breach)
        case .saveTicket(let ticket): try ticket.save(db)
        case .log(let ticket, let entry): try entry.insert(db, ticket)
        case .saveRepair(let ticket, let proofs):
            for (key, proof) in proofs { try proof.saveRepair(db, ticket, key) }
        case .offer(let ticket, let until, let cap): try ticket.offer(db, until: until, cap: cap, at: now)
        case .answer(let ticket, let epoch, let answer, let reason):
            try db.cached(
                "UPDATE assignment SET answer = ?, reason = ?, answered_at = ? WHERE ticket = ? AND epoch = ?",
                [answer.rawValue, reason, now.milliseconds, ticket.number, epoch])
        case .saveLedger(let ticket, let epoch, let ledger, let at): try ledger.save(db, ticket, epoch, at)
        case .record, .ask, .dispatch: preconditionFailure("done by Transaction.apply")
        case .setTimer(let timer):
            try db.cached(
                """
                INSERT INTO timer (kind, ticket, due_at) VALUES (?, ?, ?)
                ON CONFLICT (kind, ticket) DO UPDATE SET due_at = excluded.due_at
                """, [timer.kind.rawValue, timer.ticket.number, timer.dueAt.milliseconds])
        case .cancelTimer(let kind, let ticket):
            try db.cached("DELETE FROM timer WHERE kind = ? AND ticket = ?", [kind.rawValue, ticket.number])
        case .notify(let notice, let at): try notice.enqueue(db, at: at)
        }
    }

    /// The newest `Limits.rejectedRows` are kept: a gateway gone mad must not fill the disk.
    private func reject(_ db: Database, _ rejection: Rejection, at now: Instant) throws {
        try db.cached(
            "INSERT INTO rejected (at, topic, reason, detail, head, size) VALUES (?, ?, ?, ?, ?, ?)",
            [
                now.milliseconds, rejection.origin?.topic ?? "", rejection.reason.code, rejection.detail,
                Data(rejection.origin?.head ?? []), rejection.origin?.size ?? 0,
            ])
        try db.cached("DELETE FROM rejected WHERE id <= ?", [db.lastInsertedRowID - Int64(Limits.rejectedRows)])
    }
}

extension Database {
    /// Runs one statement, prepared once per connection.
    func cached(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension Gap {
    /// The newest `Limits.gapRows` are kept.
    fileprivate func insert(_ db: Database) throws {
        let (count, isHuge) = last.subtractingReportingOverflow(first - 1)
        try db.cached(
            "INSERT INTO gap (sender, first, last, missing, noticed_at) VALUES (?, ?, ?, ?, ?)",
            [sender, first, last, isHuge ? Int64.max : count, noticedAt.milliseconds])
        try db.cached("DELETE FROM gap WHERE id <= ?", [db.lastInsertedRowID - Int64(Limits.gapRows)])
    }

    fileprivate static func fill(_ db: Database, _ sender: String, _ number: Int64, at: Instant) throws {
        try db.cached(
            """
            UPDATE gap SET missing = missing - 1, filled_at = CASE WHEN missing = 1 THEN ? END
            WHERE id = (SELECT max(id) FROM gap WHERE sender = ? AND ? BETWEEN first AND last AND filled_at IS NULL)
            """, [at.milliseconds, sender, number])
    }
}
