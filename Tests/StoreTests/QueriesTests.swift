import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// What pages read, over a real database with the fixtures' plant.
@Suite struct QueriesTests {
    private let store: Store
    /// A Monday, 10:00 in Ningbo.
    private let start = Instant(milliseconds: 1_772_416_800_000)

    init() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        store = try Store(directory: NSTemporaryDirectory() + "queries-\(UUID().uuidString)")
        let report = try store.importPlant(from: ["\(root)/fixtures/data", "\(root)/fixtures/plant"])
        #expect(report.errors == [])
    }

    private func feed(_ site: String, _ asset: String, _ point: String, _ values: [Double], from: Instant) throws {
        let readings = values.enumerated().map { index, value in
            var measures = Measures()
            measures[.velocityRMS] = value
            measures[.running] = 1
            return Reading(at: from + .seconds(index * 10), values: measures)
        }
        let series = Series(
            point: PointID(asset: AssetID(stored: asset), name: Name(stored: point)), site: SiteID(stored: site),
            readings: readings)
        let end = from + .seconds(values.count * 10)
        try store.perform([Input(.readings([series]))], at: end)
    }

    private func breach(_ site: String, _ asset: String, _ point: String, at: Instant) throws {
        try feed(site, asset, point, [9, 9, 9], from: at)
    }

    private func cancel(_ ticket: Int64, at: Instant) throws {
        try store.perform([Input(.action(TicketID(ticket), .cancel(reason: "test"), by: .supervisor))], at: at)
    }

    @Test func gradeAIsPinnedThenTheOldest() async throws {
        try breach("fenghua", "FH-G201", "OUT-H", at: start)
        try breach("yinzhou", "YZ-P202", "DE-H", at: start + .minutes(1))
        try breach("beilun", "BL-P101", "DE-H", at: start + .minutes(2))
        try breach("beilun", "BL-P110", "DE-H", at: start + .minutes(3))
        let pending = try #require(try await store.board(at: start + .minutes(4)).first)
        #expect(pending.count == 4)
        #expect(pending.cards.map(\.ticket.grade).prefix(2) == [.A, .A])
        #expect(pending.cards.map(\.ticket.id.number) == [3, 4, 1, 2])
        #expect(pending.cards[0].customerName.zh == "远航汽车动力")
        #expect(pending.cards[0].offerUntil != nil || pending.cards[0].ticket.lacksEngineer)
    }

    @Test func closedTicketsLeaveAfterAWeekNewestFirst() async throws {
        try breach("beilun", "BL-P101", "DE-H", at: start)
        try breach("beilun", "BL-P102", "DE-H", at: start + .minutes(1))
        try breach("beilun", "BL-P103", "DE-H", at: start + .minutes(2))
        try cancel(1, at: start + .hours(1))
        try cancel(3, at: start + .hours(2))
        try cancel(2, at: start + .hours(3))
        func closed(_ at: Instant) async throws -> [Int64] {
            let column = try #require(try await store.board(at: at).last)
            #expect(column.count == column.cards.count)
            return column.cards.map(\.ticket.id.number)
        }
        #expect(try await closed(start + .hours(4)) == [2, 3, 1])
        #expect(try await closed(start + Limits.closedFor + .minutes(90)) == [2, 3])
        #expect(try await closed(start + Limits.closedFor + .days(1)) == [])
    }

    @Test func aStoryHasEveryPart() async throws {
        try breach("beilun", "BL-P101", "DE-H", at: start)
        let story = try #require(try await store.story(of: TicketID(1)))
        #expect(story.entries.map(\.kind).prefix(2) == ["opened", "offered"])
        #expect(story.assignments.map(\.answer) == [.offered])
        #expect(story.ledgers.first?.ledger.chosen == story.facts.ticket.engineer?.text)
        #expect(story.episodes.first?.lastValue == 9)
        #expect(story.episodes.first?.clearedAt == nil)
        #expect(story.notices.contains { $0.kind == "offer" && $0.channel == "inbox" && $0.sentAt == nil })
        #expect(story.proof == nil)
        #expect(try await store.story(of: TicketID(2)) == nil)
    }

    @Test func proofTellsHowFarItIs() async throws {
        try breach("beilun", "BL-P101", "DE-H", at: start)
        let engineer = try #require(try await store.facts(of: TicketID(1))?.ticket.engineer)
        var now = start + .minutes(1)
        func act(_ action: Action) throws {
            let refusals = try store.perform(
                [Input(.action(TicketID(1), action, by: .engineer(engineer)))], at: now
            ).refusals
            #expect(refusals == [nil])
        }
        try act(.accept(epoch: 1))
        try act(.arrived)
        try feed("beilun", "BL-P101", "DE-H", [1, 1, 1, 1, 1], from: now)
        now = now + .minutes(1)
        try act(.done(note: ""))
        try feed("beilun", "BL-P101", "DE-H", [1, 1, 1, 1], from: now)
        let proof = try #require(try await store.story(of: TicketID(1))?.proof)
        #expect(proof.points.map(\.proof.readings) == [4])
        #expect(proof.points.map(\.proof.time) == [.seconds(30)])
        #expect(proof.deadline == now + store.policy.proofDeadline)
    }

    /// Thinned to a screen's width, but the one spike that matters is on it.
    @Test func aTrendKeepsItsExtremes() async throws {
        var values = (0..<5_000).map { _ in Double.random(in: 0.9...1.1) }
        values[2_345] = 2.7
        values[3_210] = 0.1
        try feed("beilun", "BL-P101", "DE-H", values, from: start)
        let point = PointID(asset: AssetID(stored: "BL-P101"), name: Name(stored: "DE-H"))
        let end = start + .seconds(50_000)
        let trend = try #require(try await store.trend(of: point, .velocityRMS, from: start, to: end))
        #expect(trend.slices.count <= Limits.trendSamples)
        #expect(trend.slices.count > Limits.trendSamples / 2)
        #expect(trend.slices.map(\.count).reduce(0, +) == 5_000)
        #expect(trend.slices.map(\.highest).max() == 2.7)
        #expect(trend.slices.map(\.lowest).min() == 0.1)
        #expect(trend.slices.map(\.at) == trend.slices.map(\.at).sorted())
        // Of the two rules the stricter: what it has learned, and a quarter of B/C on top.
        #expect(abs((trend.limits?.raise ?? 0) - 1.7) < 0.02)
        // Few readings come one by one.
        let short = try #require(
            try await store.trend(of: point, .velocityRMS, from: start, to: start + .seconds(95)))
        #expect(short.slices.map(\.count) == [Int](repeating: 1, count: 10))
        let elsewhere = PointID(asset: AssetID(stored: "BL-P101"), name: Name(stored: "nowhere"))
        #expect(try await store.trend(of: elsewhere, .velocityRMS, from: start, to: end) == nil)
    }

    @Test func anEngineerSeesOffersFirstAndOnlyTheirOwn() async throws {
        try breach("beilun", "BL-P101", "DE-H", at: start)
        let engineer = try #require(try await store.facts(of: TicketID(1))?.ticket.engineer)
        #expect(try await store.tickets(of: engineer, at: start).map(\.ticket.id.number) == [1])
        #expect(try await store.tickets(of: EngineerID(stored: "E01"), at: start).isEmpty)
        try store.perform(
            [Input(.action(TicketID(1), .decline(epoch: 1, reason: "no"), by: .engineer(engineer)))],
            at: start + .minutes(1))
        #expect(try await store.tickets(of: engineer, at: start + .minutes(1)).isEmpty)
    }

    @Test func aLinkIsExchangedOnceHoweverManyTry() async throws {
        let engineer = EngineerID(stored: "E03")
        let outcomes = try await withThrowingTaskGroup(of: LinkExchange.self) { group in
            for n in 0..<20 {
                group.addTask { [store, start] in
                    try await store.exchangeLink(nonce: "n", of: engineer, session: "h\(n)", at: start)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .done } == 1)
        #expect(outcomes.count { $0 == .used } == 19)
        #expect(try await store.isUsed(nonce: "n"))
        let unknown = try await store.exchangeLink(
            nonce: "m", of: EngineerID(stored: "E99"), session: "x", at: start)
        #expect(unknown == .unknownEngineer)
        #expect(try await !store.isUsed(nonce: "m"))
    }

    @Test func sessionsEndAndAreSweptAway() async throws {
        try await store.openSession(hash: "a", for: .supervisor, at: start)
        try await store.openSession(hash: "b", for: .engineer(EngineerID(stored: "E03")), at: start + .days(1))
        #expect(try await store.session(hash: "a", at: start) == .supervisor)
        #expect(try await store.session(hash: "b", at: start) == .engineer(EngineerID(stored: "E03")))
        #expect(try await store.session(hash: "c", at: start) == nil)
        #expect(try await store.session(hash: "a", at: start + Limits.sessionFor) == nil)
        try await store.endSession(hash: "b")
        #expect(try await store.session(hash: "b", at: start) == nil)
        try await store.openSession(hash: "d", for: .supervisor, at: start + Limits.sessionFor)
        let rows = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM session") }
        #expect(rows == 1)
    }

    @Test func rejectedPagesBackwards() async throws {
        for n in 0..<3 {
            let origin = Origin(topic: "t\(n)", payload: [UInt8](repeating: 65, count: 1_000), size: 1_000)
            try store.perform([Input(.rejected(Rejection(.tooLarge, "n")), origin: origin)], at: start)
        }
        let rows = try await store.rejected()
        #expect(rows.map(\.topic) == ["t2", "t1", "t0"])
        #expect(rows[0].head.count == Limits.rejectedHead)
        #expect(rows[0].bytes == 1_000)
        #expect(try await store.rejected(before: rows[1].id).map(\.topic) == ["t0"])
    }
}

@Suite struct GapQueryTests {
    /// Shown for as long as it is open, and from some time on as given up.
    @Test func aHoleThatStaysIsGivenUp() async throws {
        let plant = try TestPlant()
        let gap = Gap(sender: "P1/DE-H", first: 4, last: 6, noticedAt: TestPlant.at(0))
        try plant.store.perform([Input(.gap(gap))], at: TestPlant.at(0))
        let shown = try #require(try await plant.store.openGaps().first)
        #expect(shown.ranges == [4...6])
        #expect(!shown.isGivenUp(at: TestPlant.at(0) + Limits.askedFor))
        #expect(shown.isGivenUp(at: TestPlant.at(0) + Limits.askedFor + .milliseconds(1)))
    }
}
