import Testing

@testable import Domain

/// What a waveform says, on its way to readings and tickets.
@Suite struct AnalysisTests {
    private static let outerRace = TicketDiagnosis(cause: "outer_race", confidence: 0.9, at: Scene.at(-30))

    private func analysis(
        _ scene: Scene, at minute: Double, velocity: Double? = nil, _ diagnosis: TicketDiagnosis? = nil
    ) -> WaveformAnalysis {
        var values = Measures()
        values[.velocityRMS] = velocity
        values[.kurtosis] = 5
        return WaveformAnalysis(point: scene.point, at: Scene.at(minute), values: values, diagnosis: diagnosis)
    }

    @Test func itsValuesAreReadings() {
        var scene = Scene()
        var effects: [Effect] = []
        for minute in 0..<3 {
            let one = analysis(scene, at: Double(minute), velocity: 3.3)
            effects += Decide.analysis(one, &scene.state, at: Scene.at(Double(minute) + 0.5), scene.policy)
        }
        #expect(effects.recorded == 6)
        #expect(effects.opened.count == 1)
    }

    /// The sender's own velocity may be measured in another way; two sorts of one measure would make a saw of it.
    @Test func whatTheSenderTellsIsNotDerived() {
        var scene = Scene()
        scene.feed([1.1, 1.1])
        var effects: [Effect] = []
        for minute in 3..<9 {
            let one = analysis(scene, at: Double(minute), velocity: 3.3)
            effects += Decide.analysis(one, &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
        #expect(effects.recorded == 6, "the kurtosis alone")
        #expect(effects.opened.isEmpty && effects.rejections.isEmpty)
    }

    @Test func twiceIsOnce() {
        var scene = Scene()
        let one = analysis(scene, at: 0, velocity: 3.3, Self.outerRace)
        #expect(Decide.analysis(one, &scene.state, at: Scene.at(1), scene.policy).recorded == 2)
        let again = Decide.analysis(one, &scene.state, at: Scene.at(2), scene.policy)
        #expect(again.recorded == 0 && again.rejections.isEmpty)
    }

    @Test func aTicketKnowsWhatWasHeardBefore() {
        var scene = Scene()
        _ = Decide.analysis(analysis(scene, at: -30, Self.outerRace), &scene.state, at: Scene.at(-30), scene.policy)
        let effects = scene.feed([3, 3, 3])
        #expect(effects.entries.contains(.diagnosed))
        #expect(scene.ticket?.diagnosis == Self.outerRace)
    }

    @Test func whatWasHeardLongAgoIsNotOfThisFault() {
        var scene = Scene()
        let old = TicketDiagnosis(cause: "cage", confidence: 0.9, at: Scene.at(-3_000))
        _ = Decide.analysis(analysis(scene, at: -3_000, old), &scene.state, at: Scene.at(-3_000), scene.policy)
        scene.feed([3, 3, 3])
        #expect(scene.ticket?.diagnosis == nil)
    }

    /// A surer word takes the place of a less sure one; only another cause is news.
    @Test func theSurestStays() {
        var scene = Scene()
        scene.feed([3, 3, 3])
        func hear(_ cause: String, _ confidence: Double, at minute: Double) -> [Effect] {
            let diagnosis = TicketDiagnosis(cause: cause, confidence: confidence, at: Scene.at(minute))
            return Decide.analysis(
                analysis(scene, at: minute, diagnosis), &scene.state, at: Scene.at(minute), scene.policy)
        }
        #expect(hear("unbalance", 0.6, at: 4).entries == [.diagnosed])
        #expect(hear("inner_race", 0.5, at: 5).entries.isEmpty)
        #expect(hear("unbalance", 0.75, at: 6).entries.isEmpty)
        #expect(scene.ticket?.diagnosis?.confidence == 0.75)
        #expect(hear("inner_race", 0.95, at: 7).entries == [.diagnosed])
        #expect(scene.ticket?.diagnosis?.cause == "inner_race")
    }

    @Test func causesAreWordedInBothLanguages() {
        for cause in FaultCause.allCases {
            let sure = TicketDiagnosis(cause: cause.rawValue, confidence: 0.9, at: Scene.at(0))
            let unsure = TicketDiagnosis(cause: cause.rawValue, confidence: 0.3, at: Scene.at(0))
            #expect(sure.sentence(.zh)?.contains("请带") == true && sure.sentence(.en)?.contains("bring") == true)
            #expect(unsure.sentence(.en)?.contains("bring") == false, "nobody carries a bearing for a hint")
            #expect(!cause.bring.isEmpty)
        }
        #expect(TicketDiagnosis(cause: "gremlins", confidence: 1, at: Scene.at(0)).sentence(.en) == nil)
    }
}

@Suite struct ClockTests {
    /// Numbers go on, time is a day behind, less a minute of the horizon: the sender's clock was set back. What it sends
    /// now is judged all the same.
    @Test func aClockThatJumpsBackBlindsNobody() {
        var scene = Scene()
        for minute in 0..<5 {
            let series = scene.reading(Double(minute), 1, sequence: Int64(minute))
            _ = Decide.readings([series], &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
        var effects: [Effect] = []
        for minute in 5..<10 {
            let series = scene.reading(Double(minute) - 1_430, 3.3, sequence: Int64(minute))
            effects += Decide.readings([series], &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
        #expect(effects.opened.count == 1 && effects.recorded == 10)
    }

    /// A backlog has numbers from before: it fills history.
    @Test func aBacklogIsNoClockSetBack() {
        var scene = Scene()
        for minute in [0, 1, 20, 21, 22] {
            let series = scene.reading(Double(minute), 1, sequence: Int64(minute))
            _ = Decide.readings([series], &scene.state, at: Scene.at(22), scene.policy)
        }
        var effects: [Effect] = []
        for minute in 2..<20 {
            let series = scene.reading(Double(minute), 3.3, sequence: Int64(minute))
            effects += Decide.readings([series], &scene.state, at: Scene.at(23), scene.policy)
        }
        #expect(effects.opened.isEmpty && effects.recorded == 36)
    }
}

@Suite struct ForecastTests {
    private func history(_ values: [Double]) -> [(at: Instant, value: Double)] {
        values.enumerated().map { (Scene.at(Double($0) * 60), $1) }
    }

    @Test func aLineIsReadAsALine() throws {
        // 0.24 a day, from 2.0: 4.5 is reached after 10.4 days.
        let forecast = try #require(Forecast(history((0..<100).map { 2 + 0.01 * Double($0) }), limit: 4.5))
        #expect(abs(forecast.perDay - 0.24) < 1e-9)
        let wait = try #require(forecast.at) - Scene.at(99 * 60)
        #expect(abs(wait.inMinutes / 1440 - (4.5 - 2.99) / 0.24) < 0.01)
        for end in [forecast.earliest, forecast.latest] {
            #expect(abs((try #require(end) - Scene.at(99 * 60) - wait).milliseconds) < 1_000)
        }
    }

    /// Every fifth value is wild; the slope hardly moves.
    @Test func wildValuesDoNotTurnIt() throws {
        let values = (0..<100).map { n -> Double in
            let wild = n % 5 == 0 ? 3.0 : 0
            return 2 + 0.01 * Double(n) + wild + 0.02 * Double(n * 37 % 11)
        }
        let forecast = try #require(Forecast(history(values), limit: 8))
        #expect(abs(forecast.perDay - 0.24) < 0.02)
        #expect(forecast.perDayLow < forecast.perDay && forecast.perDay < forecast.perDayHigh)
    }

    @Test func noTrendPromisesNothing() throws {
        let values = (0..<100).map { 2 + 0.1 * Double($0 * 37 % 11) }
        let forecast = try #require(Forecast(history(values), limit: 4.5))
        #expect(forecast.perDayLow <= 0 && forecast.latest == nil)
    }

    @Test func tooLittleOrTooLate() {
        #expect(Forecast(history([1, 2, 3]), limit: 4.5) == nil)
        #expect(Forecast(history([Double](repeating: 5, count: 50)), limit: 4.5) == nil)
        #expect(Forecast([], limit: 4.5) == nil)
        #expect(Forecast((0..<20).map { _ in (Scene.at(0), 1) }, limit: 2) == nil)
    }

    @Test func manyAreThinned() throws {
        let forecast = try #require(Forecast(history((0..<10_000).map { 1 + 1e-4 * Double($0) }), limit: 4.5))
        #expect(forecast.count <= 300)
    }
}

@Suite struct ComparableProofTests {
    /// At two thirds of the speed it shakes less by nature: that proves nothing.
    @Test func anotherSpeedProvesNothing() {
        let fast = SpeedBand(number: 18)
        var proof = Proof(before: Proof.Before(mean: 5, peak: 6, count: 10, band: fast))
        for minute in 0..<20 {
            proof.take(1, at: Scene.at(Double(minute)), in: SpeedBand(number: 15), gap: .minutes(5))
        }
        #expect(proof.readings == 0 && proof.elsewhere == 20 && proof.time == .zero)
        for minute in 20..<40 {
            proof.take(1.2, at: Scene.at(Double(minute)), in: SpeedBand(number: 17), gap: .minutes(5))
        }
        #expect(proof.readings == 20 && proof.time == .minutes(19))
        #expect(abs((proof.mean ?? 0) - 1.2) < 1e-9)
    }

    @Test func anUnknownSpeedIsTakenAsTheSame() {
        var proof = Proof(before: Proof.Before(mean: 5, peak: 6, count: 10, band: SpeedBand(number: 18)))
        proof.take(1, at: Scene.at(0), in: SpeedBand(number: 0), gap: .minutes(5))
        #expect(proof.readings == 1)
    }
}
