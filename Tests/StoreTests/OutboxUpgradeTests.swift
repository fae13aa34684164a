import Domain
import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct OutboxUpgradeTests {
    /// Notices that wait while the service is brought up to date leave afterwards, under their ids.
    @Test func noticesFromBeforeLostSessionsStay() throws {
        let queue = try DatabaseQueue()
        try Schema.migrator.migrate(queue, upTo: "6 sample rates of sources")
        try queue.write { db in
            for id in [7, 9] {
                try db.execute(
                    sql: """
                        INSERT INTO outbox (id, channel, kind, ticket, epoch, engineer, created_at, due_at, attempts)
                        VALUES (?, 'wecom', 'offer', 3, 2, 'E03', 100, 200, 1)
                        """, arguments: [id])
            }
        }
        try Schema.migrator.migrate(queue)
        try queue.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT * FROM outbox ORDER BY id")
            #expect(rows.map { $0["id"] as Int } == [7, 9])
            #expect(
                rows.allSatisfy { $0["ticket"] == 3 && $0["epoch"] == 2 && $0["loss"] == nil && $0["attempts"] == 1 })
            let indexes = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE tbl_name = 'outbox'")
            #expect(Set(indexes).isSuperset(of: ["outbox", "outbox_due", "outbox_ticket"]))
        }
    }
}
