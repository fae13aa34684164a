import Testing

@testable import Domain

@Suite struct DetectTests {
    let good = Array(repeating: 1.2, count: 6)

    @Test func oneSpikeOpensNothing() {
        var scene = Scene()
        #expect(scene.feed(good + [9.9] + good + [9.9, 9.9] + good).opened.isEmpty)
    }

    @Test func threeOfFiveOpensOneTicketAndOnlyOne() {
        var scene = Scene()
        let effects = scene.feed(good + [3.0, 1.0, 3.1, 3.2] + Array(repeating: 3.3, count: 50))
        #expect(effects.opened.count == 1)
        #expect(effects.opened.first?.severity == .warning)
        #expect(effects.entries == [.opened])
        #expect(scene.ticket?.openedAt == Scene.at(9), "confirmed by the third")
    }

    @Test func severityGoesUpOnTheSameTicket() {
        var scene = Scene()
        let effects = scene.feed(good + [3, 3, 3, 5, 5, 5, 5])
        #expect(effects.opened.count == 1)
        #expect(effects.entries == [.opened, .worsened])
        #expect(scene.ticket?.severity == .critical)
        #expect(scene.feed([3, 3, 3, 5, 5, 5], from: 30).entries.isEmpty, "said once")
    }

    @Test func criticalAfterASupervisorClosedItIsNews() {
        var scene = Scene()
        scene.feed(good + [3, 3, 3])
        scene.setTicket {
            $0.state = .closed
            $0.outcome = .overridden
            $0.closedAt = Scene.at(10)
        }
        let effects = scene.feed([3, 5, 5, 5], from: 11)
        #expect(effects.entries == [.reopened, .worsened])
        #expect(scene.ticket?.state == .pending && scene.ticket?.severity == .critical)
        scene.setTicket {
            $0.state = .cancelled
            $0.closedAt = Scene.at(20)
        }
        #expect(scene.feed([5, 5], from: 21).opened.isEmpty, "called off, and said once")
    }

    @Test func straightIntoZoneDIsCritical() {
        var scene = Scene()
        #expect(scene.feed(good + [6, 6, 6]).opened.first?.severity == .critical)
    }

    @Test func clearsBelowTheClearLimitOnly() {
        var scene = Scene()
        scene.feed(good + [3, 3, 3])
        #expect(!scene.feed([2.7, 2.7, 2.7, 2.7], from: 20).entries.contains(.cleared), "between clear and raise")
        #expect(scene.feed([2.5, 2.5, 2.5], from: 30).entries == [.cleared])
        #expect(scene.ticket?.state == .pending, "a breach that ends by itself closes nothing")
        let again = scene.feed([3, 3, 3], from: 40)
        #expect(again.opened.isEmpty && again.entries == [.breach])
    }

    @Test func peakAndCountAreKept() {
        var scene = Scene()
        scene.feed(good + [3, 3, 3, 3.5, 3.2])
        let episode = scene.watch.detector.episode
        #expect(episode?.peak == 3.5)
        #expect(episode?.count == 3)
        #expect(episode?.peakAt == Scene.at(9))
    }

    @Test func standstillSaysNothing() {
        var scene = Scene()
        #expect(scene.feed(good + Array(repeating: 9, count: 20), running: false).opened.isEmpty)
        scene.feed([3, 3], from: 100)
        scene.feed([0.05], from: 102, running: false)
        #expect(scene.feed([3, 3], from: 103).opened.isEmpty, "the window is forgotten")
        #expect(scene.feed([3], from: 105).opened.count == 1)
    }

    @Test func duplicatesAndConflicts() {
        var scene = Scene()
        let reading = scene.reading(0, 3)
        var effects = Decide.readings(
            [reading, reading, reading, reading], &scene.state, at: Scene.at(0), scene.policy)
        #expect(effects.recorded == 2, "velocity and run state, once")
        #expect(effects.opened.isEmpty && effects.rejections.isEmpty)
        effects = Decide.readings([scene.reading(0, 4)], &scene.state, at: Scene.at(0), scene.policy)
        #expect(effects.rejections == [.conflict])
        #expect(effects.recorded == 0)
    }

    @Test func lateReadingsFillHistoryOnly() {
        var scene = Scene()
        scene.feed(good, from: 10)
        let late = scene.feed([9, 9, 9, 9], from: 0)
        #expect(late.recorded == 8 && late.opened.isEmpty)
    }

    @Test func timesThatCannotBe() {
        var scene = Scene()
        let now = Scene.at(0)
        let cases: [(Double, [RejectionReason], Int)] = [
            (0.9, [], 2), (1.1, [.inTheFuture], 0), (-60 * 25, [], 2), (-60 * 24 * 31, [.tooOld], 0),
        ]
        for (minutes, reasons, recorded) in cases {
            let effects = Decide.readings([scene.reading(minutes, 9)], &scene.state, at: now, scene.policy)
            #expect(effects.rejections == reasons)
            #expect(effects.recorded == recorded)
        }
        var extreme = scene.reading(0, 1)
        extreme.readings[0].at = Instant(milliseconds: .min)
        #expect(Decide.readings([extreme], &scene.state, at: now, scene.policy).rejections == [.tooOld])
    }

    @Test func historyWakesNobody() {
        var scene = Scene()
        let readings = (0..<10).map { scene.reading(-60 * 30 + Double($0), 9) }
        let effects = Decide.readings(readings, &scene.state, at: Scene.at(0), scene.policy)
        #expect(effects.recorded == 20 && effects.opened.isEmpty)
    }

    /// Rule 4: a backlog gives the same tickets as live arrival.
    @Test func replayedBacklogGivesTheSameEpisode() {
        let values = good + [3, 3, 3, 5, 5, 5, 3, 2, 2, 2, 2] + good
        var live = Scene()
        live.feed(values)
        var late = Scene()
        let backlog = values.enumerated().map { late.reading(Double($0), $1) }
        _ = Decide.readings(backlog, &late.state, at: Scene.at(120), late.policy)
        #expect(live.watch.detector == late.watch.detector)
        #expect(live.ticket?.severity == late.ticket?.severity)
    }

    @Test func strangersAreRejected() {
        var scene = Scene()
        var stranger = scene.reading(0, 3)
        stranger.point = PointID(asset: AssetID(stored: "P9"), name: Name(stored: "DE-H"))
        var elsewhere = scene.reading(0, 3)
        elsewhere.site = SiteID(stored: "cixi")
        let effects = Decide.readings([stranger, elsewhere], &scene.state, at: Scene.at(0), scene.policy)
        #expect(effects.rejections == [.unknownPoint, .wrongSite])
    }

    @Test func temperatureIsAFaultOfItsOwn() {
        let rules = [
            Rule(measure: .temperature, basis: .fixed(Thresholds(raise: 80, clear: 70)), source: "t"),
            Rule(measure: .velocityRMS, basis: .fixed(Thresholds(raise: 3, clear: 2)), source: "v"),
        ]
        var scene = Scene(rules: rules)
        var effects: [Effect] = []
        for minute in 0..<10 {
            var reading = scene.reading(Double(minute), 5)
            reading.readings[0].values[.temperature] = 90
            effects += Decide.readings([reading], &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
        #expect(Set(effects.opened.map(\.fault.kind)) == [.temperature, .vibration])
        #expect(effects.opened.count == 2)
    }
}
