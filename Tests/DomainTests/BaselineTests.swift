import Testing

@testable import Domain

@Suite struct BaselineTests {
    private static func learned(_ values: [Double], _ learning: Learning) -> Baseline {
        var baseline = Baseline()
        for (second, value) in values.enumerated() {
            baseline.add(value, at: Instant(milliseconds: Int64(second) * 1000), learning)
        }
        return baseline
    }

    private static func noise(_ count: Int, mean: Double, deviation: Double, seed: UInt64) -> [Double] {
        var random = SplitMix(seed: seed)
        return (0..<count).map { _ in mean + deviation * random.normal() }
    }

    @Test(arguments: [1, 7, 23]) func learnsMeanAndSpreadOfNoise(seed: UInt64) throws {
        let learning = Learning(readings: 1_000, windows: 1)
        let baseline = Self.learned(Self.noise(1_000, mean: 5, deviation: 0.5, seed: seed), learning)
        #expect(abs(baseline.mean - 5) < 0.06, "seed \(seed)")
        #expect(abs(baseline.deviation / 0.5 - 1) < 0.08, "seed \(seed)")
        let limits = try #require(baseline.thresholds(learning))
        #expect(abs(limits.raise - (baseline.mean + 6 * baseline.deviation)) < 1e-12)
        #expect(abs(limits.clear - (baseline.mean + 4 * baseline.deviation)) < 1e-12)
        #expect(limits.critical == nil, "a change is no damage yet")
    }

    @Test(arguments: [1, 7, 23]) func spikesWhileLearningCostNothing(seed: UInt64) {
        let learning = Learning(readings: 300, windows: 1)
        let clean = Self.noise(300, mean: 1, deviation: 0.05, seed: seed)
        var spiked = clean
        for index in stride(from: 4, to: 300, by: 20) { spiked[index] = 90 }
        let (a, b) = (Self.learned(clean, learning), Self.learned(spiked, learning))
        #expect(abs(a.mean - b.mean) < 0.01, "seed \(seed)")
        #expect(b.deviation < a.deviation * 1.2, "seed \(seed)")
    }

    /// One product an hour, two of them in half a day: what is normal is both.
    @Test func aWindowLasts() throws {
        let hours = (0..<12).flatMap { Array(repeating: $0 < 6 ? 1.0 : 2.0, count: 3_600) }
        let short = Learning(readings: 250, windows: 1)
        #expect(abs(Self.learned(hours, short).mean - 1) < 1e-9)
        let long = Learning(readings: 250, lasting: .hours(11), windows: 1)
        #expect(!Self.learned(Array(hours.prefix(39_590)), long).isLearned)
        let learned = Self.learned(hours, long)
        #expect(learned.windows == 1 && abs(learned.mean - 1.4545) < 0.001 && abs(learned.deviation - 0.66) < 0.01)
    }

    /// A quarter of the mean, or of the class's limit.
    @Test func aSmallChangeIsNone() throws {
        let flat = Array(repeating: 1.0, count: 50)
        let share = Learning(readings: 50)
        #expect(try #require(Self.learned(flat, share).thresholds(share)).raise == 1.25)
        let absolute = Learning(readings: 50, change: .absolute(0.7))
        #expect(try #require(Self.learned(flat, absolute).thresholds(absolute)).raise == 1.7)
    }

    @Test func aLaterWindowMayLowerTheLimitsAndNeverRaiseThem() throws {
        let learning = Learning(readings: 50, windows: 3)
        var baseline = Self.learned(Array(repeating: 2, count: 50), learning)
        #expect(baseline.thresholds(learning)?.raise == 2.5)
        for _ in 0..<50 { baseline.add(1, at: Scene.at(0), learning) }
        #expect(baseline.thresholds(learning)?.raise == 1.25)
        for _ in 0..<50 { baseline.add(3, at: Scene.at(0), learning) }
        #expect(baseline.thresholds(learning)?.raise == 1.25)
        // The last window is over.
        for _ in 0..<100 { baseline.add(0.1, at: Scene.at(0), learning) }
        #expect(baseline.thresholds(learning)?.raise == 1.25)
    }

    /// Or every value would be above.
    @Test func nothingIsLearnedFromZeros() {
        let learning = Learning(readings: 50)
        #expect(Self.learned(Array(repeating: 0, count: 500), learning).thresholds(learning) == nil)
    }

    @Test func notLearnedBeforeTheWindowIsFull() {
        let learning = Learning(readings: 50)
        #expect(Self.learned(Array(repeating: 1, count: 49), learning).thresholds(learning) == nil)
        #expect(Self.learned(Array(repeating: 1, count: 50), learning).thresholds(learning) != nil)
    }
}

/// Sebastiano Vigna's SplitMix64: the same noise each time.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The sum of twelve uniform values has variance 1.
    mutating func normal() -> Double {
        (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    }
}

@Suite struct LearnedLimitsTests {
    private func scene(_ learning: Learning, hold: Duration = .zero, settling: Duration = .zero) -> Scene {
        Scene(rules: [
            Rule(
                measure: .velocityRMS, basis: .learned(learning), confirmation: Confirmation(5, of: 5)!, hold: hold,
                settling: settling, source: "learned")
        ])
    }

    @Test func nothingIsJudgedWhileLearning() {
        var scene = scene(Learning(readings: 50))
        #expect(scene.feed((0..<49).map { $0 % 2 == 0 ? 1 : 20 }).opened.isEmpty)
    }

    @Test func aQuarterAboveAVeryQuietBaselineIsNoFault() {
        var scene = scene(Learning(readings: 50))
        scene.feed((0..<50).map { 1 + 0.001 * Double($0 % 3) })
        #expect(scene.feed(Array(repeating: 1.2, count: 20), from: 50).opened.isEmpty)
        #expect(scene.feed(Array(repeating: 1.3, count: 5), from: 80).opened.count == 1)
    }

    /// What is over the limits is not learned as normal, however long it stays.
    @Test func aFaultIsNotLearned() {
        var scene = scene(Learning(readings: 50))
        scene.feed(Array(repeating: 1, count: 50))
        scene.feed(Array(repeating: 3, count: 200), from: 50)
        #expect(scene.watch.thresholds?.raise == 1.25)
    }

    /// A pump at two speeds has two normals; at a third it is learned first.
    @Test func eachSpeedHasItsOwnNormal() throws {
        var scene = scene(Learning(readings: 50))
        var minute = 0.0
        func feed(_ value: Double, rpm: Double, _ count: Int) -> [Effect] {
            var effects: [Effect] = []
            for _ in 0..<count {
                var reading = scene.reading(minute, value)
                reading.readings[0].values[.speed] = rpm
                effects += Decide.readings([reading], &scene.state, at: Scene.at(minute), scene.policy)
                minute += 1
            }
            return effects
        }
        _ = feed(1, rpm: 1_000, 50) + feed(4, rpm: 2_900, 50)
        #expect(feed(4, rpm: 2_900, 20).opened.isEmpty)
        #expect(feed(9, rpm: 1_450, 20).opened.isEmpty)
        #expect(feed(4, rpm: 1_000, 20).opened.count == 1)
    }

    /// What a silent sender shows of a machine at rest is not its normal.
    @Test func aMachineAtRestTeachesNothing() {
        var scene = scene(Learning(readings: 50, rest: 0.25))
        scene.feed(Array(repeating: 0.1, count: 200), running: nil)
        #expect(scene.watch.thresholds == nil)
        scene.feed(Array(repeating: 1, count: 50), from: 200, running: nil)
        // It stops for a night, which is no quieter normal.
        scene.feed(Array(repeating: 0.3, count: 200), from: 250, running: nil)
        #expect(scene.watch.thresholds?.raise == 1.25)
    }

    @Test func aBreachIsHeldBeforeItIsRaised() {
        var scene = scene(Learning(readings: 50), hold: .minutes(30))
        scene.feed(Array(repeating: 1, count: 50))
        // 25 minutes, and over; then the same again.
        #expect(scene.feed(Array(repeating: 3, count: 30), from: 50).opened.isEmpty)
        scene.feed(Array(repeating: 1, count: 10), from: 80)
        let effects = scene.feed(Array(repeating: 3, count: 34), from: 90)
        #expect(effects.opened.isEmpty)
        #expect(scene.feed([3], from: 124).opened.count == 1)
    }

    @Test func aStartIsNotJudged() {
        var scene = scene(Learning(readings: 50), settling: .minutes(10))
        scene.feed(Array(repeating: 1, count: 50))
        scene.feed([0, 0], from: 50, running: false)
        // Ten minutes of running up, then five readings to confirm.
        #expect(scene.feed(Array(repeating: 9, count: 14), from: 52).opened.isEmpty)
        #expect(scene.feed([9], from: 66).opened.count == 1)
    }
}

@Suite struct MachineRunTests {
    private static func reading(_ minutes: Double, running: Bool? = nil, rpm: Double? = nil) -> Reading {
        var values = Measures()
        if let running { values[.running] = running ? 1 : 0 }
        values[.speed] = rpm
        return Reading(at: Scene.at(minutes), values: values)
    }

    @Test func onePointTellsForTheOthers() {
        var run = MachineRun()
        func moment(_ minutes: Double) -> MachineRun.Moment {
            run.moment(of: Self.reading(minutes), trust: .minutes(10), speedTrust: .minutes(10))
        }
        #expect(moment(0).isRunning == nil)
        var changes = [run.take(Self.reading(1, running: true))]
        // Seen for the first time it may have run for years.
        #expect(moment(2).runningFor == nil)
        #expect(moment(2).isRunning == true)
        changes += [run.take(Self.reading(3, running: true)), run.take(Self.reading(4, running: false))]
        #expect(moment(5).isRunning == false)
        changes += [run.take(Self.reading(6, rpm: 2_900))]
        #expect(moment(9).runningFor == .minutes(3))
        #expect(moment(9).band == SpeedBand(number: 19))
        // Nobody has told for too long, or the reading is of before.
        #expect(moment(17).isRunning == nil)
        #expect(moment(5).isRunning == nil)
        // Late news is none.
        changes += [run.take(Self.reading(5, running: false))]
        #expect(run.isRunning == true)
        #expect(changes == [true, true, true, true, false])
    }

    @Test func bandsAreAQuarterWide() {
        let bands = [0, 10, 59, 60, 74, 75, 1_450, 1_480, 2_900, 1e9].map { SpeedBand(rpm: $0).number }
        #expect(bands == [0, 1, 1, 2, 2, 3, 16, 16, 19, 33])
        #expect(SpeedBand(rpm: nil).number == 0)
        #expect(SpeedBand(rpm: .nan).number == 0)
    }
}
