import Testing

@testable import Domain

@Suite struct NumberingTests {
    private func numbering(_ numbers: Int64...) -> Numbering {
        var numbering = Numbering()
        for number in numbers { _ = numbering.take(number, .newer) }
        return numbering
    }

    @Test func countsOn() {
        #expect(numbering(7, 8, 9) == Numbering(last: 9))
    }

    @Test func holesAreNoticedAndFilled() {
        var numbering = Numbering(last: 1)
        #expect(numbering.take(5, .newer) == .gap(2...4))
        #expect(numbering.take(3, .older) == .filled(3))
        #expect(numbering.missing == [2...2, 4...4])
        #expect(numbering.take(3, .older) == nil, "once")
        #expect(numbering.take(4, .older) == .filled(4))
        #expect(numbering.take(2, .older) == .filled(2))
        #expect(numbering == Numbering(last: 5))
    }

    @Test func aSenderThatStartsAgainHasNoHole() {
        var numbering = numbering(100, 104)
        #expect(numbering.take(1, .newer) == nil)
        #expect(numbering == Numbering(last: 1))
    }

    @Test func lateButHigherSaysNothing() {
        var numbering = Numbering(last: 5)
        #expect(numbering.take(9, .older) == nil)
        #expect(numbering.last == 5)
    }

    @Test func extremesDoNotTrap() {
        var numbering = Numbering(last: .min)
        for number in [.max, .min, .max, .max, .min, 0, .max, 1] as [Int64] {
            #expect(numbering.take(number, .newer) == nil)
            #expect(numbering == Numbering(last: number))
        }
    }

    @Test func aFarJumpIsAnotherCount() {
        var numbering = Numbering(last: 5, missing: [2...3])
        #expect(numbering.take(5 + Limits.sequenceJump, .newer) == .gap(6...(4 + Limits.sequenceJump)))
        #expect(numbering.take(6 + 2 * Limits.sequenceJump, .newer) == nil)
        #expect(numbering.missing.isEmpty)
    }

    /// One measure a message, all of one time.
    @Test func numbersOfOneTimeCountToo() {
        var numbering = Numbering(last: 5)
        #expect(numbering.take(7, .same) == .gap(6...6))
        #expect(numbering.take(6, .same) == .filled(6))
        #expect(numbering.take(8, .newer) == nil)
        #expect(numbering == Numbering(last: 8))
    }

    @Test func remembersNoMoreThanItsLimit() {
        var numbering = Numbering(last: 0)
        for index in 1...Int64(Limits.openGaps * 3) { _ = numbering.take(index * 2, .newer) }
        #expect(numbering.missing.count == Limits.openGaps)
        #expect(numbering.missing.last == (Int64(Limits.openGaps) * 6 - 1)...(Int64(Limits.openGaps) * 6 - 1))
    }

    /// Minutes at which a sender that reports every second is asked, from a state as loaded after a restart.
    @Test func aHoleIsAskedForAgainAndGivenUp() {
        let scene = Scene()
        let (series, site) = (scene.reading(0, 1), SiteID(stored: "beilun"))
        var numbering = Numbering(last: 9, missing: [4...5])
        let asked = (0..<7200).filter { numbering.ask(of: series, in: site, at: Scene.at(Double($0) / 60)) != nil }
        #expect(asked == [0, 10, 30, 70, 150, 310, 630, 1270])
        #expect(Duration.seconds(asked.last ?? 0) == Limits.askedFor)
        #expect(numbering.take(4, .older) == .filled(4), "given up is not forgotten")
        // A new hole is asked for, and the old one with it.
        #expect(numbering.take(12, .newer) == .gap(10...11))
        let request = numbering.ask(of: series, in: site, at: Scene.at(120))
        #expect(request?.payload == Array(#"{"missing":[[5,5],[10,11]]}"#.utf8))
    }

    @Test func aClockSetBackDoesNotSilenceUs() {
        let scene = Scene()
        var numbering = Numbering(last: 9, missing: [4...5])
        let asked = [60.0, 0, 0.1, 0.5].map { minute in
            numbering.ask(of: scene.reading(0, 1), in: SiteID(stored: "beilun"), at: Scene.at(minute)) != nil
        }
        #expect(asked == [true, true, false, true])
    }

    /// What is sent again can only be refused again.
    @Test func whatCameAndWasRefusedIsNotMissing() {
        var scene = Scene()
        func take(_ series: Series, _ minutes: Double) -> [Effect] {
            Decide.readings([series], &scene.state, at: Scene.at(minutes), scene.policy)
        }
        let sender = scene.reading(0, 1).point
        _ = take(scene.reading(0, 1, sequence: 1), 0)
        let refused = take(Series(point: sender, readings: [], refused: [2, 3]), 0)
        #expect(refused.gaps.isEmpty && refused.contains { if case .savePoint = $0 { true } else { false } })
        _ = take(scene.reading(500_000, 1, sequence: 4), 0)
        #expect(take(scene.reading(1, 1, sequence: 5), 1).gaps.isEmpty)
        #expect(take(Series(point: sender, readings: [], refused: [8]), 1).gaps.map(\.first) == [6])
    }

    @Test func aRepeatFillsItsHole() {
        var scene = Scene()
        func take(_ minutes: Double, _ sequence: Int64, _ value: Double = 1) -> [Effect] {
            Decide.readings(
                [scene.reading(minutes, value, sequence: sequence)], &scene.state, at: Scene.at(5), scene.policy)
        }
        _ = take(0, 1)
        #expect(take(1, 4).gaps.count == 1)
        #expect(take(0, 2).filled == [2], "the same value again, under its own number now")
        #expect(take(0, 3, 7).filled == [3], "a conflict has come too")
    }

    /// As after a restart: what is missing is known, and no new hole is needed to ask for it.
    @Test func aRememberedHoleIsAskedFor() {
        var scene = Scene()
        scene.state.update(0) { $0.numbering = Numbering(last: 9, missing: [4...5]) }
        func take(_ minutes: Double, _ sequence: Int64) -> [Effect] {
            Decide.readings(
                [scene.reading(minutes, 1, sequence: sequence)], &scene.state, at: Scene.at(minutes), scene.policy)
        }
        #expect(take(0, 10).requests.map(\.payload) == [Array(#"{"missing":[[4,5]]}"#.utf8)])
        #expect(take(0.1, 11).requests.isEmpty)
        #expect(take(0.2, 12).requests.count == 1)
    }

    @Test func aHoleIsRecordedAndAskedFor() {
        var scene = Scene()
        func take(_ minutes: Double, _ sequence: Int64, at now: Double? = nil) -> [Effect] {
            Decide.readings(
                [scene.reading(minutes, 1, sequence: sequence)], &scene.state, at: Scene.at(now ?? minutes),
                scene.policy)
        }
        #expect(take(0, 1).gaps.isEmpty)
        let effects = take(3, 4)
        #expect(effects.gaps == [Gap(sender: "P1/DE-H", first: 2, last: 3, noticedAt: Scene.at(3))])
        #expect(
            effects.requests == [
                Request(
                    topic: "fieldloop/v1/beilun/P1/DE-H/resend", payload: Array(#"{"missing":[[2,3]]}"#.utf8))
            ])
        let late = take(1, 2, at: 3)
        #expect(late.filled == [2])
        #expect(take(1, 2, at: 3).filled.isEmpty, "a repeat fills nothing")
        #expect(take(3.1, 6).requests.isEmpty, "asked a moment ago")
        #expect(
            take(4, 9).requests.first?.payload == Array(#"{"missing":[[3,3],[5,5],[7,8]]}"#.utf8))
    }
}

extension [Effect] {
    var gaps: [Gap] { compactMap { if case .openGap(let gap) = $0 { gap } else { nil } } }
    var requests: [Request] { compactMap { if case .ask(let request) = $0 { request } else { nil } } }
    var filled: [Int64] { compactMap { if case .fillGap(_, let number, _) = $0 { number } else { nil } } }
}
