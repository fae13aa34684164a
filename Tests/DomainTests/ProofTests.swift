import Testing

@testable import Domain

@Suite struct ProofTests {
    /// A ticket whose engineer said "done" at minute 20, after the breach had cleared.
    private func verifying(grade: Grade = .A) -> Scene {
        var scene = Scene(grade: grade)
        scene.feed([1, 1, 3, 3, 3, 3, 2, 2, 2, 2])
        scene.setTicket {
            $0.state = .verifying
            $0.stateSince = Scene.at(20)
            $0.engineer = EngineerID(stored: "E1")
            $0.epoch = 1
            $0.proof = [ProofKey(PointKey(1), .velocityRMS): Proof()]
        }
        return scene
    }

    @Test func tenRunningMinutesAndTenReadingsClose() {
        var scene = verifying()
        let effects = scene.feed(Array(repeating: 1.5, count: 15), from: 21)
        #expect(scene.ticket?.outcome == .verified)
        #expect(scene.ticket?.closedAt == Scene.at(31), "ten minutes after the first good reading")
        #expect(effects.entries == [.closed])
    }

    @Test func readingsFromBeforeDoneProveNothing() {
        var scene = verifying()
        scene.feed(Array(repeating: 1.5, count: 9), from: 10.5)
        #expect(scene.ticket?.proof[ProofKey(PointKey(1), .velocityRMS)]?.readings == 0)
    }

    @Test func silenceIsNotRunningTime() {
        var scene = verifying()
        scene.feed([1.5], from: 21)
        scene.feed([1.5], from: 200)
        #expect(scene.ticket?.proof[ProofKey(PointKey(1), .velocityRMS)]?.time == scene.policy.proofGap)
        #expect(scene.ticket?.state == .verifying)
    }

    @Test func standstillPausesTheProof() {
        var scene = verifying()
        scene.feed(Array(repeating: 1.5, count: 6), from: 21)
        scene.feed(Array(repeating: 0.02, count: 30), from: 27, running: false)
        #expect(scene.ticket?.state == .verifying)
        #expect(scene.ticket?.proof[ProofKey(PointKey(1), .velocityRMS)]?.time == .minutes(5))
        scene.feed(Array(repeating: 1.5, count: 6), from: 57)
        #expect(scene.ticket?.outcome == .verified)
    }

    @Test func aStoppedMachineWithoutRunStateProvesNothing() {
        var scene = verifying()
        scene.feed(Array(repeating: 0.02, count: 60), from: 21, running: nil)
        #expect(scene.ticket?.state == .verifying)
        #expect(scene.ticket?.proof[ProofKey(PointKey(1), .velocityRMS)]?.readings == 0)
        scene.feed(Array(repeating: 1.5, count: 12), from: 90, running: nil)
        #expect(scene.ticket?.outcome == .verified)
    }

    @Test func oneReadingAboveTheClearLimitStartsAfresh() {
        var scene = verifying()
        scene.feed(Array(repeating: 1.5, count: 8), from: 21)
        let effects = scene.feed([2.7], from: 29)
        #expect(effects.entries == [.proofReset])
        #expect(scene.ticket?.proof[ProofKey(PointKey(1), .velocityRMS)]?.readings == 0)
    }

    @Test func relapseWhileVerifyingGoesBackToTheEngineer() {
        var scene = verifying()
        let effects = scene.feed([3, 3, 3], from: 21)
        #expect(scene.ticket?.state == .diagnosing)
        #expect(scene.ticket?.engineer == EngineerID(stored: "E1"))
        #expect(effects.notices == [.relapsed] && effects.opened.isEmpty)
    }

    @Test func relapseWithinTheWarrantyReopensTheSameTicket() {
        var scene = verifying()
        scene.feed(Array(repeating: 1.5, count: 15), from: 21)
        let effects = scene.feed([3, 3, 3], from: 600)
        #expect(effects.opened.isEmpty && effects.entries == [.reopened])
        #expect(scene.ticket?.id == TicketID(1) && scene.ticket?.state == .pending && scene.ticket?.closedAt == nil)
    }

    @Test func whatComesBackIsEscalatedLikeNew() {
        var scene = verifying(grade: .B)
        scene.feed(Array(repeating: 1.5, count: 15), from: 21)
        #expect(scene.feed([3, 3, 3], from: 600).timers == [.escalate])
    }

    /// A gateway's backlog arrives after the ticket closed: over while it was open, it changes nothing; if it is on
    /// still, the ticket comes back.
    @Test func aBreachFromBeforeTheEndCountsOnceItOutlivesIt() {
        var scene = verifying()
        scene.setTicket {
            $0.state = .closed
            $0.closedAt = Scene.at(40)
        }
        let late = (22..<40).map { scene.reading(Double($0), 3) }
        let effects = Decide.readings(late, &scene.state, at: Scene.at(41), scene.policy)
        #expect(effects.entries.isEmpty && scene.ticket?.state == .closed)
        #expect(scene.feed([3], from: 41).entries == [.reopened])
    }

    @Test func laterItIsANewTicket() {
        var scene = verifying()
        scene.feed(Array(repeating: 1.5, count: 15), from: 21)
        let effects = scene.feed([3, 3, 3], from: 73 * 60)
        #expect(effects.opened.map(\.id) == [TicketID(2)])
    }

    @Test func aCancelledTicketIsNotReopened() {
        var scene = Scene()
        scene.feed([3, 3, 3])
        scene.setTicket {
            $0.state = .cancelled
            $0.closedAt = Scene.at(5)
        }
        scene.feed([1, 1, 1], from: 10)
        #expect(scene.feed([3, 3, 3], from: 20).opened.map(\.id) == [TicketID(2)])
    }

    /// What breached must prove itself; another measure of the point that is fine proves nothing.
    @Test func anotherMeasureProvesNothing() {
        let rules = [
            Rule(measure: .velocityRMS, basis: .fixed(Thresholds(boundaryBC: 2.8, boundaryCD: 4.5)), source: "v"),
            Rule(measure: .accelerationPeak, basis: .fixed(Thresholds(raise: 5, clear: 4)), source: "a"),
        ]
        var scene = Scene(rules: rules)
        scene.feed([3, 3, 3, 2, 2, 2])
        scene.setTicket {
            $0.state = .verifying
            $0.stateSince = Scene.at(6)
            $0.proof = [ProofKey(PointKey(1), .accelerationPeak): Proof()]
        }
        scene.feed(Array(repeating: 1.5, count: 30), from: 7)
        #expect(scene.ticket?.state == .verifying)
        for minute in 40..<52 {
            var reading = scene.reading(Double(minute), 1.5)
            reading.readings[0].values[.accelerationPeak] = 1
            _ = Decide.readings([reading], &scene.state, at: Scene.at(Double(minute)), scene.policy)
        }
        #expect(scene.ticket?.outcome == .verified)
    }

    /// Rule 4 over a closing: the proof and the relapse after it, live and as one late backlog.
    @Test func aBacklogClosesAndReopensAsLiveArrivalDoes() {
        let values = Array(repeating: 1.5, count: 15) + [3, 3, 3]
        var live = verifying()
        live.feed(values, from: 21)
        var late = verifying()
        let backlog = values.enumerated().map { late.reading(21 + Double($0), $1) }
        let effects = Decide.readings(backlog, &late.state, at: Scene.at(200), late.policy)
        #expect(effects.entries == [.closed, .reopened])
        #expect(live.ticket?.state == .pending && late.ticket?.state == .pending)
    }

    /// Two points breached: both must prove it.
    @Test func everyBreachedPointMustProve() {
        var scene = verifying()
        scene.setTicket { $0.proof[ProofKey(PointKey(2), .velocityRMS)] = Proof() }
        scene.feed(Array(repeating: 1.5, count: 30), from: 21)
        #expect(scene.ticket?.state == .verifying)
    }
}
