import Testing

@testable import Domain

/// What learned limits must not do: hold for ever what they once said, or learn what is no machine, or a fault.
@Suite struct LearningLimitsTests {
    private static let learned = Rule(
        measure: .velocityRMS,
        basis: .learned(Learning(readings: 50, windows: 2, change: .absolute(0.7), rest: 0.25)), source: "test")
    private static let zones = Rule(
        measure: .velocityRMS, basis: .fixed(Thresholds(boundaryBC: 2.8, boundaryCD: 4.5)), source: "test")

    private func feed(
        _ scene: inout Scene, _ value: Double, rpm: Double?, from: Int, count: Int, running: Bool? = true
    ) -> [Effect] {
        (from..<from + count).flatMap { minute -> [Effect] in
            var series = scene.reading(Double(minute), value + 0.01 * Double(minute * 7 % 5), running: running)
            series.readings[0].values[.speed] = rpm
            return Decide.readings([series], &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
    }

    /// A breach at one speed; then another, of which nothing is known: it is learned, and ends the breach.
    @Test func anotherSpeedIsLearnedWhileABreachIsOn() {
        var scene = Scene(rules: [Self.learned])
        _ = feed(&scene, 0.9, rpm: 1000, from: 0, count: 120)
        #expect(feed(&scene, 2, rpm: 1000, from: 120, count: 10).opened.count == 1)
        let effects = feed(&scene, 2, rpm: 1480, from: 130, count: 200)
        #expect(effects.entries.contains(.cleared))
        #expect(scene.watch.detector.baselines[SpeedBand(rpm: 1480)]?.isLearned == true)
        #expect(scene.watch.detector.episode == nil)
    }

    @Test func aFaultIsNotLearned() {
        var scene = Scene(rules: [Self.learned, Self.zones])
        _ = feed(&scene, 6, rpm: nil, from: 0, count: 300)
        let learning = scene.state.points[0].watches[0].detector
        #expect(learning.baselines[SpeedBand(number: 0)]?.isLearned != true)
        _ = feed(&scene, 1, rpm: nil, from: 300, count: 120)
        let limits = scene.state.points[0].watches[0].thresholds
        #expect((limits?.raise ?? 9) < 2)
    }

    /// The machine is said to run; the sensor lies on a bench.
    @Test(arguments: [0.0, 0.02]) func aSensorOnNoMachineTeachesNothing(value: Double) {
        var scene = Scene(rules: [Self.learned])
        _ = feed(&scene, value, rpm: nil, from: 0, count: 300)
        #expect(scene.watch.thresholds == nil)
    }

    @Test func plannedWorkTeachesNothing() throws {
        var scene = Scene(rules: [Self.learned])
        scene.state.setPlannedWork(
            [try #require(PlannedWork.Span(from: Scene.at(0), until: Scene.at(200)))], ofAssetAt: 0)
        _ = feed(&scene, 1, rpm: nil, from: 0, count: 200)
        #expect(scene.watch.thresholds == nil)
        _ = feed(&scene, 1, rpm: nil, from: 200, count: 120)
        #expect(scene.watch.thresholds != nil)
    }

    /// The speed is told when it changes, and not again for hours.
    @Test func aSpeedIsBelievedForAShift() {
        var scene = Scene(rules: [Self.learned])
        _ = feed(&scene, 0.6, rpm: 1000, from: 0, count: 1)
        _ = feed(&scene, 0.6, rpm: nil, from: 1, count: 300)
        _ = feed(&scene, 2.1, rpm: 1480, from: 301, count: 1)
        #expect(feed(&scene, 2.1, rpm: nil, from: 302, count: 300).opened.isEmpty)
        #expect(scene.watch.detector.baselines[SpeedBand(rpm: 1000)]?.isLearned == true)
        #expect(scene.watch.detector.baselines[SpeedBand(rpm: 1480)]?.isLearned == true)
    }

    /// One end says that it runs, the other that it stands, by turns: no machine starts and stops like that.
    @Test func pointsThatDisagreeMuteNobody() {
        var run = MachineRun()
        for second in stride(from: 0.0, to: 3_600, by: 30) {
            var values = Measures()
            values[.running] = second.truncatingRemainder(dividingBy: 60) == 0 ? 1 : 0
            _ = run.take(Reading(at: Scene.at(second / 60), values: values))
        }
        var values = Measures()
        values[.running] = 1
        let reading = Reading(at: Scene.at(60), values: values)
        _ = run.take(reading)
        let moment = run.moment(of: reading, trust: .minutes(10), speedTrust: .hours(24))
        #expect(moment.isRunning == true && moment.runningFor ?? .hours(9) > .minutes(30))
    }
}
