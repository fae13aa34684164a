import Domain
import GRDB
import Testing

@testable import Store

/// The service's own clock is set while readings come in. Event time is the sender's: it goes on.
@Suite struct OwnClockTests {
    let day = 1440.0

    private func plant() throws -> TestPlant {
        let plant = try TestPlant()
        #expect(try plant.importAll().errors.isEmpty)
        return plant
    }

    /// Readings of `minutes`, while our clock is off by so much.
    private func feed(_ plant: TestPlant, _ minutes: ClosedRange<Int>, _ value: Double, off: Double = 0) throws {
        for minute in minutes.map(Double.init) {
            try plant.store.perform(
                [Input(.readings([plant.reading(minute, value)]))], at: TestPlant.at(minute + off))
        }
    }

    private func times(_ plant: TestPlant) throws -> [Double] {
        try plant.stored().map { Double($0.at.milliseconds - TestPlant.start.milliseconds) / 60_000 }
    }

    /// Those that lie ahead of our clock by more than `aheadAtMost` are rejected, with that reason, and are taken when
    /// they are sent again; no other is.
    @Test func setBackAnHour() async throws {
        let plant = try plant()
        try feed(plant, 0...6, 3)
        #expect(try plant.texts("SELECT state FROM ticket") == ["offered"])
        try feed(plant, 7...9, 3, off: -1)
        try feed(plant, 10...12, 3, off: -60)
        #expect(try times(plant) == (0...9).map(Double.init))
        #expect(try plant.texts("SELECT reason FROM rejected") == Array(repeating: "in_the_future", count: 3))
        // History sent meanwhile is taken, and what we have is not taken twice.
        try plant.store.perform(
            [Input(.readings([plant.reading(-70, 1), plant.reading(5, 3)]))], at: TestPlant.at(-50))
        try feed(plant, 0...20, 3)
        #expect(try times(plant) == [-70] + (0...20).map(Double.init))
        try await plant.store.telemetry.compact(at: TestPlant.at(-40))
        #expect(try times(plant) == [-70] + (0...20).map(Double.init))
        #expect(try plant.value("SELECT count(*) FROM rejected") == 4, "minute 5, an hour ahead, is the fourth")
        #expect(try plant.value("SELECT count(*) FROM ticket") == 1)
    }

    @Test func setForwardADay() async throws {
        let plant = try plant()
        try feed(plant, 0...6, 1)
        try feed(plant, 7...13, 3, off: day - 60)
        try await plant.store.telemetry.retain(at: TestPlant.at(day))
        try feed(plant, 14...20, 3)
        try feed(plant, 0...20, 3, off: day)
        #expect(try times(plant) == (0...20).map(Double.init))
        #expect(
            try plant.texts("SELECT DISTINCT reason FROM rejected") == ["conflict"], "minutes 0 to 6, sent as others")
        #expect(try plant.value("SELECT count(*) FROM ticket") == 1)
        #expect(try plant.value("SELECT count(*) FROM episode") == 1)
    }

    /// Each timer fires when our clock first shows its time, and not again when it shows that time again.
    @Test(arguments: [-60.0, 1440]) func timersFireOnce(jump: Double) async throws {
        let plant = try plant()
        try feed(plant, 0...6, 3)
        let kinds = "SELECT kind FROM ticket_entry WHERE kind = 'expired' ORDER BY id"
        _ = try await plant.store.performDue(at: TestPlant.at(6 + jump))
        let early = try plant.texts(kinds).count
        #expect(early == (jump > 0 ? 1 : 0))
        for minute in [7, 8, 7.5, 8, -52, 8] { _ = try await plant.store.performDue(at: TestPlant.at(minute)) }
        #expect(try plant.texts(kinds).count == 1)
    }

    /// A clock that shows a year that is not yet must not throw away what is there.
    @Test func setForwardYears() async throws {
        let plant = try plant()
        try feed(plant, 0...6, 1)
        try await plant.store.telemetry.compact(at: TestPlant.at(7))
        try await plant.store.telemetry.retain(at: TestPlant.at(day * 3650))
        #expect(try times(plant) == (0...6).map(Double.init))
    }
}
