import Domain
import Testing

@testable import Store

@Suite struct StoredPastTests {
    private let e1 = Actor.engineer(EngineerID(stored: "E1"))

    private func act(_ plant: TestPlant, _ action: Action, by actor: Actor, at minute: Double) throws {
        let input = Input(.action(TicketID(1), action, by: actor))
        #expect(try plant.store.perform([input], at: TestPlant.at(minute)).refusals == [nil])
    }

    private func backtest(_ past: StoredPast) throws -> (Backtest, did: PastTicket?) {
        let all = Instant(milliseconds: 0)...TestPlant.at(1e6)
        let (tickets, ends) = try past.tickets(in: all)
        var backtest = Backtest(try past.plant(), ends: ends, Policy())
        try past.readings.visitInOrder(from: all.lowerBound, to: all.upperBound) { backtest.take($0, $1) }
        backtest.finish(at: all.upperBound)
        return (backtest, tickets.first)
    }

    @Test func aRelapseEndsTwice() throws {
        let plant = try TestPlant()
        #expect(try plant.importAll().errors.isEmpty)
        try plant.feed([1, 1, 1, 3, 3, 3, 3], from: 0)
        try act(plant, .accept(epoch: 1), by: e1, at: 7)
        try act(plant, .arrived, by: e1, at: 8)
        try plant.feed([2, 2, 2], from: 9)
        try act(plant, .done(note: ""), by: e1, at: 12)
        try plant.feed(Array(repeating: 1.2, count: 12), from: 13)
        #expect(try plant.texts("SELECT outcome FROM ticket") == ["verified"])
        try plant.feed([3, 3, 3], from: 30)
        try act(plant, .override(reason: "known"), by: .supervisor, at: 40)

        let past = try StoredPast(directory: plant.directory)
        let (backtest, did) = try backtest(past)
        let ends = try past.tickets(in: TestPlant.at(0)...TestPlant.at(100)).ends
        #expect(ends.map(\.outcome) == [.verified, .overridden] && ends.last?.at == TestPlant.at(40))
        #expect(did?.reopened == 1 && did?.outcome == .overridden)
        #expect(backtest.tickets == [did], "the same in every respect")
        #expect(backtest.episodes == (try past.episodes(in: TestPlant.at(0)...TestPlant.at(100))))
        #expect(try past.tickets(in: TestPlant.at(50)...TestPlant.at(60)).tickets.isEmpty, "it had ended")
    }

    @Test func whatWasPlannedOpensNothingHereEither() async throws {
        let plant = try TestPlant()
        #expect(try plant.importAll().errors.isEmpty)
        let span = try #require(PlannedWork.Span(from: TestPlant.at(0), until: TestPlant.at(20)))
        let work = PlannedWork(.asset(AssetID(stored: "P1")), span, reason: "belt", by: .supervisor)
        _ = try await plant.store.plan(work, at: TestPlant.at(0))
        try plant.feed([3, 3, 3, 3, 1, 1, 1], from: 1)
        #expect(try backtest(StoredPast(directory: plant.directory)).0.tickets == [])
        try plant.feed([3, 3, 3, 3], from: 18)
        let (backtest, did) = try backtest(StoredPast(directory: plant.directory))
        #expect(backtest.tickets == [did] && did?.beganAt == TestPlant.at(20), "what is still on when the work ends")
    }

    @Test func aFolderWithoutADatabaseIsSaidSo() {
        #expect(throws: StoredReadings.Unreadable.self) { try StoredPast(directory: "/nowhere") }
    }
}
