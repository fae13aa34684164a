import Geo
import Testing

@testable import Domain

@Suite struct DispatchTests {
    let asset = Scene.asset()
    let now = Scene.at(0)
    let policy = Policy()

    private func rank(_ candidates: [Candidate]) -> Ledger { Ledger.rank(candidates, for: asset, at: now, policy) }

    private func reason(_ ledger: Ledger, _ id: String) -> Ineligible? {
        ledger.lines.first { $0.engineer == id }?.ineligible
    }

    @Test func nearestByArrivalNotByOldFix() {
        let ledger = rank([
            Scene.engineer("E1", at: (29.885, 121.795), fixAge: 25),
            Scene.engineer("E2", at: (29.90, 121.81), fixAge: 1),
            Scene.engineer("E3", at: (29.881, 121.791), fixAge: 60, depot: (30.3, 121.2)),
        ])
        #expect(ledger.chosen == "E2", "a 25 minute old fix may be 17 km off by now")
        #expect(ledger.lines.map(\.arrival?.basis) == [.fresh, .aged, .depot])
        #expect(ledger.lines[1].arrival?.ageMinutes == 25)
    }

    @Test func arrivalIsDistanceTimesDetourOverSpeedPlusStart() throws {
        let line = try #require(rank([Scene.engineer("E1", at: (29.97, 121.79))]).lines.first?.arrival)
        #expect(abs(line.metres - 10_007.5) < 10)
        #expect(abs(line.minutes - (5 + 10.0075 * 1.3 / 40 * 60)) < 0.05)
    }

    @Test func everyReasonHasAName() {
        var offShift = Scene.engineer("E1")
        offShift.shift = Shift(days: [1], start: 480, end: 1020)
        var declined = Scene.engineer("E4")
        declined.declinedAt = now - .minutes(10)
        let ledger = rank([
            offShift, Scene.engineer("E2", skills: ["pump": 1]), Scene.engineer("E3", load: 2, cap: 2), declined,
            Scene.engineer("E5", depot: nil), Scene.engineer("E6", skills: ["bearing": 3]),
        ])
        #expect(ledger.chosen == nil)
        #expect(reason(ledger, "E1") == .offShift)
        #expect(reason(ledger, "E2") == .lacksSkill("pump", needed: 2, has: 1))
        #expect(reason(ledger, "E3") == .atCap(load: 2, cap: 2))
        #expect(reason(ledger, "E4") == .declinedRecently)
        #expect(reason(ledger, "E5") == .noPosition)
        #expect(reason(ledger, "E6") == .lacksSkill("pump", needed: 2, has: 0))
        #expect(
            ledger.counts == ["off_shift": 1, "lacks_skill": 2, "at_cap": 1, "declined_recently": 1, "no_position": 1])
    }

    @Test func declineRestsForHalfAnHour() {
        var candidate = Scene.engineer("E1")
        candidate.declinedAt = now - .minutes(31)
        #expect(rank([candidate]).chosen == "E1")
    }

    @Test func tiesGoById() {
        #expect(rank([Scene.engineer("E9"), Scene.engineer("E2"), Scene.engineer("E5")]).chosen == "E2")
    }

    @Test(arguments: [
        (4, 21, 59, false), (4, 22, 0, true), (5, 5, 59, true), (5, 6, 0, false), (1, 5, 0, false), (6, 23, 0, false),
        (6, 3, 0, true),
    ]) func overnightShift(weekday: Int, hour: Int, minute: Int, expected: Bool) {
        // Mondays to Fridays 22:00–06:00; 2026-01-01 was a Thursday.
        let shift = Shift(days: Set(1...5), start: 22 * 60, end: 6 * 60)
        let minutes = (weekday - 4) * 1440 + hour * 60 + minute
        #expect(shift.covers(CivilTime(Scene.start + .minutes(minutes))) == expected)
    }

    @Test func roundTheClock() {
        let shift = Shift(days: Set(1...7), start: 0, end: 1440)
        for minute in stride(from: 0, to: 7 * 1440, by: 37) {
            #expect(shift.covers(CivilTime(Scene.start + .minutes(minute))))
        }
    }

    @Test func offerHasEpochLedgerTimerAndNotice() {
        let ticket = Ticket(
            id: TicketID(1), fault: Fault(asset: asset.id, kind: .vibration), grade: .A, severity: .warning,
            openedAt: now)
        let effects = Decide.dispatch(ticket, asset, [Scene.engineer("E1")], at: now, policy)
        #expect(effects.timers == [.offerExpires])
        #expect(effects.notices == [.offer])
        #expect(effects.entries == [.offered])
        guard case .offer(let offered, let until, let cap)? = effects.first else {
            Issue.record("no offer")
            return
        }
        #expect(offered.epoch == 1 && offered.state == .offered && cap == 2)
        #expect(until == now + policy.offerFor)
        #expect(Decide.dispatch(offered, asset, [Scene.engineer("E1")], at: now, policy).isEmpty, "not twice")
    }

    @Test func nobodyEligibleIsToldOnceAndRetried() throws {
        let ticket = Ticket(
            id: TicketID(1), fault: Fault(asset: asset.id, kind: .vibration), grade: .A, severity: .warning,
            openedAt: now)
        let first = Decide.dispatch(ticket, asset, [Scene.engineer("E1", load: 2)], at: now, policy)
        #expect(first.notices == [.nobodyEligible])
        #expect(first.timers == [.dispatchAgain])
        let waiting = try #require(first.saved)
        #expect(waiting.lacksEngineer)
        let second = Decide.dispatch(waiting, asset, [], at: now, policy)
        #expect(second.notices.isEmpty && second.timers == [.dispatchAgain])
    }
}
