import Geo
import Testing

@testable import Domain

@Suite struct BacktestTests {
    private let vibration = Fault(asset: AssetID(stored: "P1"), kind: .vibration)

    /// One reading a minute.
    private func run(
        _ values: [Double], ends: [TicketEnd] = [], rules: [Rule]? = nil, until minute: Double? = nil
    ) -> Backtest {
        let scene = rules.map { Scene(rules: $0) } ?? Scene()
        var backtest = Backtest(scene.state, ends: ends, Policy())
        for (index, value) in values.enumerated() {
            backtest.take(scene.point, scene.reading(Double(index), value).readings[0])
        }
        backtest.finish(at: minute.map(Scene.at))
        return backtest
    }

    private func end(_ minute: Double, _ outcome: Outcome = .verified) -> TicketEnd {
        TicketEnd(fault: vibration, at: Scene.at(minute), outcome: outcome)
    }

    private let breach = [1.0, 1, 1, 3, 3, 3, 5, 5, 5, 5, 3]

    @Test func opensWhatLiveWouldOpen() {
        var scene = Scene()
        let live = scene.feed(breach).opened
        let backtest = run(breach)
        #expect(backtest.readings == breach.count && backtest.until == Scene.at(10))
        #expect(backtest.tickets.map(\.fault) == live.map(\.fault))
        #expect(backtest.tickets[0].beganAt == Scene.at(5) && backtest.tickets[0].severity == .critical)
        #expect(backtest.tickets[0].criticalAt == Scene.at(8))
        #expect(backtest.tickets[0].endedAt == nil, "nobody ended it")
        #expect(backtest.episodes.map(\.raisedAt) == [Scene.at(5)])
    }

    @Test func readingsOfOneMinuteAreJudgedOneByOne() {
        let scene = Scene()
        var backtest = Backtest(scene.state, ends: [], Policy())
        for (index, value) in ([1, 1, 3, 3, 3, 1] + Array(repeating: 1.0, count: 9)).enumerated() {
            backtest.take(scene.point, scene.reading(Double(index) / 60, value).readings[0])
        }
        backtest.finish()
        #expect(backtest.tickets.map(\.beganAt) == [Scene.at(4.0 / 60)])
        #expect(backtest.episodes.map(\.clearedAt) == [Scene.at(7.0 / 60)])
    }

    @Test func peopleEndATicketAndAFaultComesBack() {
        let again = breach + [1, 1, 1, 1, 1, 3, 3, 3]
        let closed = run(again, ends: [end(14.5)])
        #expect(closed.tickets.count == 1)
        #expect(closed.tickets[0].reopened == 1 && closed.tickets[0].endedAt == nil, "within the warranty")
        let twice = run(again, ends: [end(14.5), end(30)], until: 40)
        #expect(twice.tickets.map(\.endedAt) == [Scene.at(30)] && twice.tickets[0].outcome == .verified)
        #expect(run(again, ends: [end(14.5), end(30)]).tickets[0].endedAt == nil, "the readings end before")
        let cancelled = run(again, ends: [end(14.5, .cancelled)])
        #expect(cancelled.tickets.map(\.beganAt) == [Scene.at(5), Scene.at(18)])
        #expect(run(again, ends: [end(2)]).tickets[0].endedAt == nil, "not what had not begun")
    }

    @Test func silenceCountsWhileOthersAreHeard() throws {
        let silence = Rule(measure: .velocityRMS, basis: .silence(after: .minutes(30)), source: "test")
        var scene = Scene(rules: [silence])
        let other = PointID(asset: scene.point.asset, name: Name(stored: "NDE-H"))
        scene.state.add(PointState(key: PointKey(2), id: other, asset: 0, watches: []))
        func run(heard minutes: StrideThrough<Double>) -> Backtest {
            var backtest = Backtest(scene.state, ends: [], Policy())
            backtest.take(scene.point, scene.reading(0, 1).readings[0])
            for minute in minutes { backtest.take(other, scene.reading(minute, 1).readings[0]) }
            backtest.take(scene.point, scene.reading(100, 1).readings[0])
            backtest.finish()
            return backtest
        }
        let quiet = run(heard: stride(from: 1, through: 99, by: 1))
        #expect(quiet.tickets.map(\.fault) == [Fault(asset: other.asset, kind: .silence, point: scene.point.name)])
        #expect(quiet.tickets[0].beganAt == Scene.at(30))
        #expect(quiet.episodes.map(\.clearedAt) == [Scene.at(100)])
        #expect(run(heard: stride(from: 1, through: 99, by: 20)).tickets == [], "nobody may have listened")
    }

    /// Readings at random, ten seconds apart, people who end tickets at random: burst by burst as reading by reading.
    @Test(arguments: 1...20) func burstsDecideAsSingleReadingsDo(seed: UInt64) {
        var random = seed
        func next(_ below: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return random >> 33 % below
        }
        let learned = Rule(measure: .velocityRMS, basis: .learned(Learning(readings: 50)), source: "learned")
        let zones = Rule(
            measure: .velocityRMS, basis: .fixed(Thresholds(boundaryBC: 2.8, boundaryCD: 4.5)), source: "zones")
        var live = Scene(rules: [zones, learned])
        let plant = live.state
        var (readings, ends, effects): ([Reading], [TicketEnd], [Effect]) = ([], [], [])
        for index in 0..<2_000 {
            let level = [1.0, 1, 1, 1, 3, 5][Int(next(6 * 40) / 40 + UInt64(index) / 40) % 6]
            let series = live.reading(Double(index) / 6, level + Double(next(100)) / 100, running: next(50) > 0)
            readings += series.readings
            effects += Decide.readings([series], &live.state, at: series.readings[0].at, live.policy)
            guard next(60) == 0, let ticket = live.ticket, ticket.state.isOpen else { continue }
            let end = TicketEnd(
                fault: ticket.fault, at: series.readings[0].at, outcome: next(3) == 0 ? .cancelled : .verified)
            ends.append(end)
            live.setTicket {
                $0.state = end.outcome == .cancelled ? .cancelled : .closed
                ($0.outcome, $0.closedAt) = (end.outcome, end.at)
            }
        }
        var backtest = Backtest(plant, ends: ends, live.policy)
        for reading in readings { backtest.take(live.point, reading) }
        backtest.finish()

        let opened = effects.compactMap { if case .openTicket(_, let breach) = $0 { breach } else { nil } }
        #expect(opened.count > 2 && backtest.tickets.map(\.breach) == opened)
        let reopened = effects.entries.count { $0 == .reopened }
        #expect(backtest.tickets.reduce(0) { $0 + $1.reopened } == reopened)
        let cleared = effects.compactMap { if case .saveEpisode(_, _, _, let at?) = $0 { at } else { nil } }
        #expect(backtest.episodes.compactMap(\.clearedAt).sorted() == cleared.sorted())
        #expect(backtest.tickets.last?.severity == live.ticket?.severity)
    }

    // MARK: Comparison

    private func ticket(_ began: Double, to ended: Double? = nil, limit: Double = 2.8, _ id: Int64 = 1) -> PastTicket {
        let breach = Breach(
            point: Scene().point, measure: .velocityRMS, value: 3, limit: limit, source: "test", at: Scene.at(began))
        return PastTicket(
            id: TicketID(id), fault: vibration, breach: breach, beganAt: breach.at, severity: .warning,
            endedAt: ended.map(Scene.at))
    }

    private func compare(_ would: [PastTicket], _ did: [PastTicket], from: Double = 0) -> Comparison {
        Comparison(
            would: (would, []), did: (did, []), in: Scene.at(from)...Scene.at(100_000), heardUntil: nil, Scene().state)
    }

    @Test func ticketsOfOneTimeBelongTogether() {
        let same = compare([ticket(10, to: 50)], [ticket(10, to: 50, 7)])
        #expect(same.pairs.count == 1 && same.pairs[0].differences.isEmpty && same.pairs[0].lead == .zero)
        // A week earlier, and still open when live opened.
        let earlier = compare([ticket(10, to: 12_000, limit: 2)], [ticket(11_000, to: 12_000)])
        #expect(earlier.pairs.count == 1 && earlier.pairs[0].lead == .minutes(10_990))
        #expect(earlier.pairs[0].differences == [.limit, .breachAt])
        #expect(earlier.rules[0].tickets == Comparison.Count(would: 1, did: 1) && earlier.rules[0].leads.count == 1)
        #expect(compare([ticket(70)], [ticket(10, to: 20)]).pairs.count == 1, "an hour after")
        #expect(compare([ticket(80)], [ticket(10, to: 15)]).pairs.count == 2)
        let nearest = compare([ticket(0, to: 5), ticket(30, to: 60, 2)], [ticket(31, to: 60)])
        #expect(nearest.pairs.map(\.lead) == [nil, .minutes(1)])
    }

    @Test func whatBeganBeforeIsToldOnlyWithWhatBeganSince() {
        #expect(compare([ticket(10)], [ticket(10)], from: 20).pairs.isEmpty)
        #expect(compare([ticket(10)], [], from: 20).pairs.isEmpty)
        #expect(compare([ticket(10)], [ticket(30)], from: 20).pairs.map(\.lead) == [.minutes(20)])
    }

    @Test func whatPeopleReportedBelongsToTheFaultThatShowed() {
        let report = PastTicket(
            id: TicketID(9), fault: Fault(asset: vibration.asset, kind: .reported), breach: nil, beganAt: Scene.at(500),
            severity: .warning)
        let pairs = compare([ticket(10)], [report]).pairs
        #expect(pairs.count == 1 && pairs[0].lead == .minutes(490))
        #expect(compare([ticket(10)], [report, ticket(10, 3)]).pairs.count == 2, "a machine's own ticket first")
    }
}
