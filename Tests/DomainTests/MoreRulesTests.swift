import Testing

@testable import Domain

/// Rules that judge no level: how fast it rises, whether anything comes, and whether it can be believed.
@Suite struct RateTests {
    private static let rule = Rule(
        measure: .temperature, basis: .rate(Thresholds(raise: 10, clear: 5), over: .minutes(30)), source: "test")

    private func feed(_ scene: inout Scene, _ value: (Double) -> Double, from: Double = 0, to: Double) -> [Effect] {
        var effects: [Effect] = []
        for minute in stride(from: from, to: to, by: 1) {
            var values = Measures()
            values[.temperature] = value(minute)
            let series = Series(point: scene.point, readings: [Reading(at: Scene.at(minute), values: values)])
            effects += Decide.readings([series], &scene.state, at: Scene.at(minute), scene.policy)
        }
        return effects
    }

    /// 12 K an hour for three hours: the mean slope settles at 12.
    @Test func aSteadyRiseIsMeasuredAsWhatItIs() {
        var scene = Scene(rules: [Self.rule])
        let effects = feed(&scene, { 40 + $0 / 5 }, to: 240)
        #expect(abs(scene.watch.detector.lastValue - 12) < 0.1)
        #expect(effects.opened.map(\.fault.kind) == [.temperature])
        #expect(scene.watch.detector.episode != nil)
    }

    @Test func whatIsHighAndSteadyIsNoRise() {
        var scene = Scene(rules: [Self.rule])
        #expect(feed(&scene, { 90 + ($0.truncatingRemainder(dividingBy: 2) == 0 ? 1 : -1) }, to: 240).opened.isEmpty)
    }

    /// A pause of a time constant: nothing is known of what was between, so it begins anew.
    @Test func aPauseStartsAnew() {
        var scene = Scene(rules: [Self.rule])
        _ = feed(&scene, { _ in 40 }, to: 120)
        #expect(feed(&scene, { _ in 80 }, from: 160, to: 219).opened.isEmpty)
        guard case .slope(let slope) = scene.watch.detector.memory else {
            Issue.record("no slope")
            return
        }
        #expect(slope.since == Scene.at(160) && slope.fast == 80)
    }

    @Test func itIsOverWhenItNoLongerRises() {
        var scene = Scene(rules: [Self.rule])
        _ = feed(&scene, { 40 + $0 / 5 }, to: 240)
        let effects = feed(&scene, { _ in 88 }, from: 240, to: 300)
        #expect(effects.entries.contains(.cleared))
        #expect(scene.watch.detector.episode == nil)
    }
}

@Suite struct SensorTests {
    private static let flat = Rule(
        measure: .velocityRMS, basis: .sensor(SensorCheck(flat: 30, rest: 0.25)), source: "test")
    private static let zones = Rule(
        measure: .velocityRMS, basis: .fixed(Thresholds(boundaryBC: 2.8, boundaryCD: 4.5)), source: "test")

    /// A living value first: what has never moved is waited for ten times as long.
    private func alive(_ scene: inout Scene) { scene.feed((0..<40).map { 1 + 0.01 * Double($0 % 7) }) }

    @Test func aFlatLineOpensItsOwnTicketAndMutesTheMachine() {
        let peaks = Rule(measure: .accelerationPeak, basis: .fixed(Thresholds(raise: 5, clear: 4)), source: "test")
        var scene = Scene(rules: [peaks, Self.zones, Self.flat])
        func feed(_ velocity: (Double) -> Double, peak: Double, from: Double, count: Int) -> [Effect] {
            var effects: [Effect] = []
            for minute in stride(from: from, to: from + Double(count), by: 1) {
                var series = scene.reading(minute, velocity(minute))
                series.readings[0].values[.accelerationPeak] = peak
                effects += Decide.readings([series], &scene.state, at: Scene.at(minute), scene.policy)
            }
            return effects
        }
        _ = feed({ 1 + 0.01 * $0.truncatingRemainder(dividingBy: 7) }, peak: 1, from: 0, count: 40)
        let effects = feed({ _ in 1.5 }, peak: 1, from: 40, count: 40)
        #expect(effects.opened.map(\.fault.kind) == [.sensor])
        #expect(effects.opened.first?.fault.point?.text == "DE-H")
        // The same sensor's peaks are no more to be believed.
        #expect(feed({ _ in 1.5 }, peak: 50, from: 80, count: 20).opened.isEmpty)
        // It lives again: its episode ends, and the machine is judged.
        let after = feed({ 1 + 0.01 * $0.truncatingRemainder(dividingBy: 7) }, peak: 50, from: 100, count: 20)
        #expect(after.entries.contains(.cleared))
        #expect(after.opened.map(\.fault.kind) == [.vibration])
    }

    /// One digit after the point: in health the same value comes many times in a row.
    @Test func coarseValuesAreNoFlatLine() {
        var scene = Scene(rules: [Self.flat])
        let values = (0..<600).map { 1.1 + 0.1 * Double(($0 / 20) % 3) }
        #expect(scene.feed(values).opened.isEmpty)
    }

    @Test func aMachineAtRestIsFlatAndWell() {
        var told = Scene(rules: [Self.flat])
        alive(&told)
        #expect(told.feed([Double](repeating: 0.02, count: 500), from: 40, running: false).opened.isEmpty)
        var untold = Scene(rules: [Self.flat])
        untold.feed((0..<40).map { 1 + 0.01 * Double($0 % 7) }, running: nil)
        #expect(untold.feed([Double](repeating: 0.02, count: 500), from: 40, running: nil).opened.isEmpty)
    }

    @Test func railsJumpsAndDrift() {
        func causes(_ measure: Measure, _ check: SensorCheck, _ values: [Double]) -> [String] {
            var scene = Scene(rules: [Rule(measure: measure, basis: .sensor(check), source: "test")])
            var effects: [Effect] = []
            for (index, value) in values.enumerated() {
                var measures = Measures()
                measures[measure] = value
                let at = Scene.at(Double(index) / 60)
                let series = Series(point: scene.point, readings: [Reading(at: at, values: measures)])
                effects += Decide.readings([series], &scene.state, at: at, scene.policy)
            }
            return effects.compactMap { if case .openTicket(_, let breach) = $0 { breach.cause?.name } else { nil } }
        }
        let alternating = (0..<10).map { $0 % 2 == 0 ? 40.0 : 90 }
        #expect(causes(.temperature, SensorCheck(rails: -50...300), [40, 850, 850, 850]) == ["rail"])
        #expect(causes(.temperature, SensorCheck(jump: 5), alternating) == ["jump"])
        #expect(causes(.temperature, SensorCheck(jump: 5), (0..<60).map { 40 + Double($0) }) == [])
        let bias = [Double](repeating: 0.98, count: 20)
        #expect(causes(.bias, SensorCheck(drift: 0.3), bias + [1.4, 1.4, 1.4]) == ["drift"])
        #expect(causes(.bias, SensorCheck(drift: 0.3), bias + [0.5, 0.5, 0.5]) == ["drift"])
        #expect(causes(.bias, SensorCheck(drift: 0.3), bias + [1.2, 1.2, 0.8]) == [])
    }

    @Test func aStuckSequenceIsSeen() {
        var scene = Scene(rules: [Self.flat])
        var effects: [Effect] = []
        for minute in 0..<40 {
            let series = scene.reading(Double(minute), 1 + 0.01 * Double(minute % 7), sequence: 7)
            effects += Decide.readings([series], &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
        let causes = effects.compactMap { if case .openTicket(_, let breach) = $0 { breach.cause } else { nil } }
        #expect(causes == [.stuckSequence])
    }

    /// A temperature that nobody believes says nothing about how the vibration is measured.
    @Test func aBrokenThermometerMutesNoVibration() {
        let check = Rule(measure: .temperature, basis: .sensor(SensorCheck(rails: -50...300)), source: "test")
        var scene = Scene(rules: [Self.zones, check])
        var kinds: [FaultKind] = []
        for minute in 0..<10 {
            var values = Measures()
            values[.temperature] = 850
            values[.velocityRMS] = 3.5
            values[.running] = 1
            let at = Scene.at(Double(minute))
            let series = Series(point: scene.point, readings: [Reading(at: at, values: values)])
            kinds += Decide.readings([series], &scene.state, at: at, scene.policy).opened.map(\.fault.kind)
        }
        #expect(kinds.sorted { $0.rawValue < $1.rawValue } == [.sensor, .vibration])
    }

    /// "Done" on a sensor's ticket is proven by values that can be believed, running or not.
    @Test func aNewSensorProvesItself() {
        var scene = Scene(rules: [Self.flat])
        alive(&scene)
        scene.feed([Double](repeating: 1.5, count: 40), from: 40)
        scene.feed([1.1, 1.2, 1.3], from: 90)
        scene.setTicket {
            $0.state = .verifying
            $0.stateSince = Scene.at(95)
            $0.proof = [ProofKey(PointKey(1), .velocityRMS): Proof()]
        }
        let effects = scene.feed((0..<15).map { 1 + 0.01 * Double($0 % 7) }, from: 96)
        #expect(effects.entries.contains(.closed))
        #expect(scene.ticket?.outcome == .verified)
    }
}

@Suite struct SilenceTests {
    private static let rule = Rule(measure: .velocityRMS, basis: .silence(after: .minutes(15)), source: "test")

    private func sweep(_ scene: inout Scene, at minute: Double, since: Double = -1000) -> [Effect] {
        Decide.silence([scene.point], [:], since: Scene.at(since), &scene.state, at: Scene.at(minute), scene.policy)
    }

    @Test func nothingForAQuarterOfAnHour() {
        var scene = Scene(rules: [Self.rule])
        scene.feed([1, 1, 1])
        #expect(sweep(&scene, at: 16.9).opened.isEmpty)
        let effects = sweep(&scene, at: 17)
        #expect(effects.opened.map(\.fault.kind) == [.silence])
        let breach = effects.compactMap { if case .openTicket(_, let breach) = $0 { breach } else { nil } }.first
        #expect(breach?.value == 15 && breach?.limit == 15 && breach?.kind == .silence)
        #expect(sweep(&scene, at: 30).opened.isEmpty, "one episode, one ticket")
        #expect(scene.feed([1], from: 31).entries == [.cleared])
        #expect(scene.watch.detector.episode == nil)
    }

    @Test func whatNobodyListenedToWasNotSilent() {
        var scene = Scene(rules: [Self.rule])
        scene.feed([1, 1, 1])
        #expect(sweep(&scene, at: 60, since: 50).opened.isEmpty)
        #expect(sweep(&scene, at: 65, since: 50).opened.count == 1)
    }

    /// A sender whose clock was set back a day talks all the time and says nothing current.
    @Test func readingsOfYesterdayAreNoSignOfLife() {
        var scene = Scene(rules: [Self.rule])
        scene.feed([1, 1, 1], from: 1_000)
        for minute in 1..<20 {
            let late = scene.reading(Double(minute), 1)
            _ = Decide.readings([late], &scene.state, at: Scene.at(1_002 + Double(minute)), scene.policy)
        }
        #expect(sweep(&scene, at: 1_022).opened.count == 1)
    }

    @Test func neverHeardIsNotSilent() {
        var scene = Scene(rules: [Self.rule])
        #expect(sweep(&scene, at: 1_000).isEmpty)
    }

    @Test func plannedWorkIsQuiet() throws {
        var scene = Scene(rules: [Self.rule])
        scene.feed([1, 1, 1])
        scene.state.setPlannedWork(
            [try #require(PlannedWork.Span(from: Scene.at(10), until: Scene.at(60)))], ofAssetAt: 0)
        #expect(sweep(&scene, at: 30).opened.isEmpty)
        #expect(sweep(&scene, at: 60).opened.count == 1)
    }
}

@Suite struct PlannedWorkTests {
    private func planned(_ from: Double, _ until: Double) throws -> Scene {
        var scene = Scene()
        scene.state.setPlannedWork(
            [try #require(PlannedWork.Span(from: Scene.at(from), until: Scene.at(until)))], ofAssetAt: 0)
        return scene
    }

    /// Recorded and judged, but no ticket; what is on when it ends opens one, with the value of then.
    @Test func opensWhatIsStillOn() throws {
        var scene = try planned(0, 10)
        let during = scene.feed([3, 3, 3, 3, 3, 3])
        #expect(during.opened.isEmpty && during.recorded == 12)
        #expect(scene.watch.detector.episode?.ticket == nil && scene.watch.detector.episode != nil)
        let after = scene.feed([3.4], from: 10)
        #expect(after.opened.count == 1)
        #expect(scene.watch.detector.episode?.ticket == after.opened[0].id)
        #expect(scene.feed([3.4, 3.4], from: 11).opened.isEmpty)
    }

    @Test func whatIsOverByThenOpensNothing() throws {
        var scene = try planned(0, 10)
        let effects = scene.feed([3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1])
        #expect(effects.opened.isEmpty)
        #expect(scene.watch.detector.episode == nil)
    }

    /// By event time: a backlog from before the work is judged as it would have been.
    @Test func aBacklogFromBeforeIsNotSilenced() throws {
        var scene = try planned(60, 120)
        var effects: [Effect] = []
        for minute in 0..<5 {
            effects += Decide.readings(
                [scene.reading(Double(minute), 3)], &scene.state, at: Scene.at(70), scene.policy)
        }
        #expect(effects.opened.count == 1)
    }

    @Test func anOpenTicketStaysOpen() throws {
        var scene = Scene()
        scene.feed([3, 3, 3])
        scene.state.setPlannedWork(
            [try #require(PlannedWork.Span(from: Scene.at(3), until: Scene.at(60)))], ofAssetAt: 0)
        let effects = scene.feed([5, 5, 5], from: 4)
        #expect(effects.entries.contains(.worsened))
        #expect(scene.ticket?.severity == .critical)
    }
}
