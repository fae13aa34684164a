import Domain
import Foundation
import Geo
import GRDB
import Testing

@testable import Store

@Suite struct StoreFlowTests {
    let good = [1.0, 1, 1, 1]
    let e1 = Actor.engineer(EngineerID(stored: "E1"))
    let t1 = TicketID(1)

    private func plant(_ policy: Policy = Policy()) throws -> TestPlant {
        let plant = try TestPlant(policy: policy)
        #expect(try plant.importAll().errors.isEmpty)
        return plant
    }

    private func act(_ plant: TestPlant, _ action: Action, by actor: Actor, at minute: Double) throws -> Refusal? {
        try plant.store.perform([Input(.action(t1, action, by: actor))], at: TestPlant.at(minute)).refusals[0]
    }

    @Test func durableAsPromised() throws {
        let plant = try plant()
        let pragmas = try plant.store.pool.writeWithoutTransaction {
            (
                try Int.fetchOne($0, sql: "PRAGMA synchronous"), try String.fetchOne($0, sql: "PRAGMA journal_mode"),
                try Int.fetchOne($0, sql: "PRAGMA foreign_keys")
            )
        }
        #expect(pragmas.0 == 2 && pragmas.1 == "wal" && pragmas.2 == 1)
    }

    @Test func theWholeLoop() throws {
        let plant = try plant()
        try plant.feed(good + [3, 3, 3, 3], from: 0)
        #expect(try plant.texts("SELECT state || ' ' || engineer FROM ticket") == ["offered E1"])
        #expect(
            try plant.value("SELECT limit_source FROM ticket") == "ISO 10816-3, group 2 (2026-01)", "newest version")
        #expect(
            try plant.texts("SELECT channel FROM outbox WHERE kind = 'offer' ORDER BY channel") == [
                "inbox", "webhook", "wecom",
            ])
        #expect(try act(plant, .accept(epoch: 1), by: e1, at: 8) == nil)
        #expect(try act(plant, .arrived, by: e1, at: 9) == nil)
        #expect(try act(plant, .done(note: ""), by: e1, at: 10)?.code == "still_raised")
        try plant.feed([2, 2, 2], from: 11)
        #expect(try act(plant, .done(note: "new bearing"), by: e1, at: 14) == nil)
        try plant.reopen()
        try plant.feed(Array(repeating: 1.2, count: 12), from: 15)
        #expect(try plant.texts("SELECT state || ' ' || outcome FROM ticket") == ["closed verified"])
        #expect(try plant.value("SELECT count(*) FROM timer") == 0)
        #expect(
            try plant.texts("SELECT kind FROM ticket_entry ORDER BY id") == [
                "opened", "offered", "accepted", "arrived", "done_refused", "cleared", "done", "closed",
            ])
        #expect(try plant.texts("SELECT answer FROM assignment") == ["finished"])
    }

    @Test func aBurstIsAllOrNothing() throws {
        let plant = try plant()
        try plant.store.pool.write {
            try $0.execute(sql: "CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'disk'); END")
        }
        let readings = [1.0, 3, 3, 3].enumerated().map { plant.reading(Double($0), $1) }
        #expect(throws: (any Error).self) {
            try plant.store.perform([Input(.readings(readings))], at: TestPlant.at(4))
        }
        #expect(try plant.stored().isEmpty)
        #expect(try plant.value("SELECT count(*) FROM ticket") == 0)
        try plant.store.pool.write { try $0.execute(sql: "DROP TRIGGER broken") }
        try plant.store.perform([Input(.readings(readings))], at: TestPlant.at(4))
        #expect(try plant.value("SELECT count(*) FROM ticket") == 1, "redelivered, it is as if nothing had happened")
    }

    @Test func aBurstThatRaisesAndWorsensKeepsItsOffer() throws {
        let plant = try plant()
        let readings = (good + [3, 3, 3, 5, 5, 5]).enumerated().map { plant.reading(Double($0), $1) }
        try plant.store.perform([Input(.readings(readings))], at: TestPlant.at(10))
        #expect(
            try plant.texts("SELECT state || ' ' || engineer || ' ' || epoch || ' ' || severity FROM ticket")
                == ["offered E1 1 critical"])
        #expect(try act(plant, .accept(epoch: 1), by: e1, at: 11) == nil)
    }

    @Test func aSearchInVainLeavesTheReasonsOfTheLastOffer() throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        _ = try act(plant, .decline(epoch: 1, reason: "sick"), by: e1, at: 3)
        _ = try act(plant, .decline(epoch: 2, reason: "sick"), by: .engineer(EngineerID(stored: "E2")), at: 4)
        #expect(try plant.texts("SELECT state FROM ticket") == ["pending"])
        #expect(
            try plant.texts("SELECT coalesce(lines ->> '$.chosen', 'nobody') FROM ledger ORDER BY epoch")
                == ["E1", "E2", "nobody"])
    }

    @Test func redeliveryChangesNothing() throws {
        let plant = try plant()
        let readings = (good + [3, 3, 3]).enumerated().map { plant.reading(Double($0), $1) }
        try plant.store.perform([Input(.readings(readings))], at: TestPlant.at(7))
        let before = try plant.texts("SELECT quote(over) || quote(last_at) || quote(episode) FROM detector")
        try plant.store.perform([Input(.readings(readings)), Input(.readings(readings))], at: TestPlant.at(8))
        #expect(try plant.texts("SELECT quote(over) || quote(last_at) || quote(episode) FROM detector") == before)
        #expect(try plant.value("SELECT count(*) FROM rejected") == 0)
        #expect(try plant.value("SELECT count(*) FROM ticket") == 1)
    }

    @Test func theIndexHoldsEvenIfTheCodeDoesNot() throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        #expect(throws: DatabaseError.self) {
            try plant.store.pool.write { db in
                let breach = Breach(
                    point: PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H")), measure: .velocityRMS,
                    value: 3, limit: 2, source: "", at: TestPlant.start)
                try Ticket(
                    id: TicketID(9), fault: Fault(asset: AssetID(stored: "P1"), kind: .vibration), grade: .A,
                    severity: .warning, openedAt: TestPlant.start
                ).insert(db, breach)
            }
        }
    }

    @Test func declineAndExpiryGoToTheNext() async throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        #expect(try act(plant, .decline(epoch: 1, reason: "sick"), by: e1, at: 3) == nil)
        #expect(try plant.texts("SELECT engineer || epoch FROM ticket") == ["E22"])
        #expect(try act(plant, .accept(epoch: 1), by: e1, at: 4)?.code == "old_offer")
        let next = try await plant.store.performDue(at: TestPlant.at(7.9))
        #expect(next == TestPlant.at(8), "the offer lapses five minutes after it was made")
        _ = try await plant.store.performDue(at: TestPlant.at(8))
        #expect(try plant.texts("SELECT state || lacks_engineer FROM ticket") == ["pending1"])
        #expect(try plant.texts("SELECT answer FROM assignment ORDER BY epoch") == ["declined", "expired"])
        _ = try await plant.store.performDue(at: TestPlant.at(33))
        #expect(try plant.texts("SELECT state || engineer FROM ticket") == ["offeredE1"], "half an hour later again")
    }

    @Test func theCapHoldsOverTickets() throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        try plant.feed([3, 3, 3], from: 0, asset: "P2")
        #expect(try plant.texts("SELECT engineer FROM ticket ORDER BY id") == ["E1", "E2"])
        #expect(throws: AssignmentRaced.self) {
            try plant.store.pool.write { db in
                try db.execute(sql: "UPDATE ticket SET state = 'pending', engineer = NULL WHERE id = 2")
                var ticket = try #require(try Ticket.load(db, TicketID(2)))
                ticket.engineer = EngineerID(stored: "E1")
                ticket.epoch += 1
                ticket.state = .offered
                try ticket.offer(db, until: TestPlant.at(9), cap: 1, at: TestPlant.at(4))
            }
        }
    }

    @Test func positionsNewestWinsAndReasonsAreKept() throws {
        let plant = try plant()
        func report(_ id: String, _ latitude: Double, _ minute: Double) throws -> Input {
            let place = try #require(Coordinate(latitude: latitude, longitude: 121.8))
            return Input(
                .position(
                    PositionReport(
                        engineer: EngineerID(stored: id), place: place, rawLatitude: latitude, rawLongitude: 121.8,
                        datum: .wgs84, accuracy: 5, fixAt: TestPlant.at(minute))),
                origin: Origin(topic: "t", payload: [1, 2], size: 2))
        }
        try plant.store.perform(
            [report("E1", 29.1, 5), report("E1", 29.2, 3), report("E9", 29, 5), report("E1", 29.3, 30)],
            at: TestPlant.at(6))
        #expect(try plant.value("SELECT latitude FROM engineer_position") == 29.1)
        #expect(
            try plant.texts("SELECT reason FROM rejected ORDER BY id") == [
                "older_position", "unknown_engineer", "position_in_the_future",
            ])
        try plant.store.perform([report("E1", 29.1, 5)], at: TestPlant.at(7))
        #expect(try plant.value("SELECT count(*) FROM rejected") == 3, "the same fix again is no news")
        #expect(try plant.texts("SELECT topic || quote(head) || size FROM rejected LIMIT 1") == ["tX'0102'2"])
    }

    @Test func photosAttachOnce() throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        let arrival = PhotoArrival(
            ticket: t1, by: e1, upload: UploadID(stored: "u"), sha256: "ab", bytes: 3)
        var lost = arrival
        lost.ticket = TicketID(77)
        try plant.store.perform([arrival, arrival, lost].map { Input(.photo($0)) }, at: TestPlant.at(4))
        #expect(try plant.value("SELECT count(*) FROM photo") == 1)
        #expect(try plant.texts("SELECT reason FROM rejected") == ["unknown_ticket"])
        #expect(try plant.value("SELECT count(*) FROM ticket_entry WHERE kind = 'photo'") == 1)
    }

    @Test func aTimeOfCaptureThatCannotBeIsNotStamped() async throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        for (upload, minutes) in [("u1", 3.0), ("u2", 99), ("u3", -60 * 24 * 31)] {
            let arrival = PhotoArrival(
                ticket: t1, by: e1, upload: UploadID(stored: upload), sha256: upload, bytes: 3,
                capturedAt: TestPlant.at(minutes))
            try plant.store.perform([Input(.photo(arrival))], at: TestPlant.at(4))
        }
        #expect(try await plant.store.pendingStamps().map(\.capturedAt) == [TestPlant.at(3), nil, nil])
        #expect(try plant.texts("SELECT reason FROM rejected ORDER BY id") == ["in_the_future", "too_old"])
    }

    @Test func oneTimerThatCannotBeDecidedStopsNoOther() async throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        try plant.feed([3, 3, 3], from: 0, asset: "P2")
        try await plant.store.pool.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER mistake BEFORE UPDATE ON ticket WHEN NEW.id = 1
                    BEGIN SELECT raise(ABORT, 'contradiction'); END
                    """)
        }
        _ = try await plant.store.performDue(at: TestPlant.at(20))
        #expect(try plant.texts("SELECT reason FROM rejected") == ["undecidable"])
        #expect(try plant.texts("SELECT answer FROM assignment WHERE ticket = 2 AND epoch = 1") == ["expired"])
    }

    @Test func twoHoursWithoutAStepTurnRedOnceAndAreTold() async throws {
        let plant = try plant()
        try plant.feed([3, 3, 3], from: 0)
        _ = try act(plant, .accept(epoch: 1), by: e1, at: 3)
        _ = try act(plant, .comment("on it"), by: e1, at: 60)
        _ = try await plant.store.performDue(at: TestPlant.at(123))
        _ = try await plant.store.performDue(at: TestPlant.at(200))
        #expect(try plant.value("SELECT is_overdue FROM ticket") == 1)
        #expect(try plant.value("SELECT count(*) FROM outbox WHERE kind = 'stale' AND channel = 'wecom'") == 1)
        _ = try act(plant, .arrived, by: e1, at: 201)
        #expect(try plant.value("SELECT is_overdue FROM ticket") == 0)
    }

    @Test func rejectedRowsAreBounded() throws {
        let plant = try plant()
        try plant.store.pool.write { db in
            try db.execute(
                sql:
                    "INSERT INTO rejected (id, at, topic, reason, detail, head, size) VALUES (?, 0, '', '', '', X'', 0)",
                arguments: [Limits.rejectedRows + 10])
            try db.execute(
                sql: "INSERT INTO rejected (at, topic, reason, detail, head, size) VALUES (0, 'old', '', '', X'', 0)")
            try db.execute(sql: "UPDATE rejected SET id = 5 WHERE topic = 'old'")
        }
        try plant.store.perform([Input(.rejected(Rejection(.notJSON, "x")))], at: TestPlant.start)
        #expect(try plant.texts("SELECT topic FROM rejected WHERE topic = 'old'").isEmpty)
    }

    @Test func tokensRefillWithTimeAndSurviveARestart() async throws {
        let plant = try plant()
        for _ in 0..<2 {
            #expect(
                try await plant.store.takeToken(.wecom, capacity: 2, period: .seconds(60), at: TestPlant.start) == nil)
        }
        try plant.reopen()
        let next = try await plant.store.takeToken(.wecom, capacity: 2, period: .seconds(60), at: TestPlant.start)
        #expect(next == TestPlant.start + .seconds(30))
        #expect(
            try await plant.store.takeToken(
                .wecom, capacity: 2, period: .seconds(60), at: TestPlant.start + .seconds(30))
                == nil)
    }
}
