import Testing

@testable import Domain

@Suite struct TicketTests {
    let policy = Policy()
    let engineer = EngineerID(stored: "E1")

    private func ticket(_ state: TicketState, epoch: Int = 1) -> Ticket {
        Ticket(
            id: TicketID(1), fault: Fault(asset: AssetID(stored: "P1"), kind: .vibration), grade: .A,
            severity: .warning,
            state: state, engineer: engineer, epoch: epoch, openedAt: Scene.at(0))
    }

    private func act(
        _ action: Action, by actor: Actor? = nil, on state: TicketState, raised: [RaisedPoint] = []
    ) -> (effects: [Effect], refusal: Refusal?) {
        let scene = TicketScene(
            ticket: ticket(state), raised: raised, breached: [ProofKey(PointKey(1), .velocityRMS): nil])
        return Decide.action(action, by: actor ?? .engineer(engineer), on: scene, at: Scene.at(10), policy)
    }

    @Test(arguments: [
        (Action.accept(epoch: 1), TicketState.offered, TicketState.accepted), (.enRoute, .accepted, .enRoute),
        (.arrived, .accepted, .diagnosing), (.arrived, .enRoute, .diagnosing),
        (.awaitingParts(note: "bearing"), .diagnosing, .awaitingParts), (.partsArrived, .awaitingParts, .diagnosing),
        (.done(note: ""), .diagnosing, .verifying), (.decline(epoch: 1, reason: "sick"), .offered, .pending),
    ]) func steps(action: Action, from: TicketState, to: TicketState) {
        let (effects, refusal) = act(action, on: from)
        #expect(refusal == nil)
        #expect(effects.saved?.state == to)
    }

    /// Every action in every state: it either moves the ticket or says why not, and closed stays closed.
    @Test func noOtherSteps() {
        let allowed: [String: Set<TicketState>] = [
            "accept": [.offered], "decline": [.offered], "en_route": [.accepted], "arrived": [.accepted, .enRoute],
            "awaiting_parts": [.diagnosing], "parts_arrived": [.awaitingParts], "done": [.diagnosing],
        ]
        for (name, states) in allowed {
            for state in TicketState.allCases {
                let action = try! Action(name: name, epoch: 1, text: "x")
                let (effects, refusal) = act(action, on: state)
                #expect((refusal == nil && !effects.isEmpty) == states.contains(state), "\(name) in \(state)")
            }
        }
    }

    @Test func oldEpochsAndStrangersAreRefused() {
        #expect(act(.accept(epoch: 0), on: .offered).refusal == .oldOffer(yours: 0, now: 1))
        #expect(act(.accept(epoch: 2), on: .offered).refusal == .oldOffer(yours: 2, now: 1))
        let other = Actor.engineer(EngineerID(stored: "E2"))
        #expect(act(.accept(epoch: 1), by: other, on: .offered).refusal == .oldOffer(yours: 1, now: 1))
        #expect(act(.arrived, by: other, on: .accepted).refusal == .notYours)
        #expect(act(.override(reason: "x"), on: .diagnosing).refusal == .notAllowed)
        #expect(act(.accept(epoch: 1), by: .supervisor, on: .offered).refusal == .notAllowed)
        #expect(act(.override(reason: "x"), by: .supervisor, on: .closed).refusal == .wrongState(.closed))
    }

    @Test func aRepeatedAnswerHappensOnce() {
        let repeats: [(Action, TicketState)] = [
            (.accept(epoch: 1), .accepted), (.accept(epoch: 1), .diagnosing), (.arrived, .diagnosing),
            (.done(note: ""), .verifying), (.enRoute, .enRoute),
        ]
        for (action, state) in repeats {
            let (effects, refusal) = act(action, on: state)
            #expect(effects.isEmpty && refusal == nil, "\(action) in \(state)")
        }
        #expect(act(.accept(epoch: 1), on: .closed).refusal == .oldOffer(yours: 1, now: 1))
    }

    @Test func doneIsRefusedWhileTheBreachIsOnWithTheValue() {
        let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
        let raised = RaisedPoint(point: point, key: PointKey(1), measure: .velocityRMS, value: 3.9, clear: 2.52)
        let (effects, refusal) = act(.done(note: ""), on: .diagnosing, raised: [raised])
        #expect(refusal == .stillRaised(point: point, measure: .velocityRMS, value: 3.9, clear: 2.52))
        #expect(refusal?.sentence.contains("3.90") == true)
        #expect(effects.entries == [.doneRefused] && effects.saved == nil)
        let (override, none) = act(
            .override(reason: "pump scrapped"), by: .supervisor, on: .diagnosing, raised: [raised])
        #expect(none == nil && override.saved?.outcome == .overridden)
    }

    @Test func closingWhatNobodyHasLeavesTheLastAnswerAlone() {
        var waiting = ticket(.pending, epoch: 2)
        waiting.engineer = nil
        let scene = TicketScene(ticket: waiting, raised: [], breached: [:])
        let (effects, _) = Decide.action(
            .cancel(reason: "scrapped"), by: .supervisor, on: scene, at: Scene.at(10), policy)
        #expect(!effects.contains { if case .answer = $0 { true } else { false } })
        #expect(effects.saved?.state == .cancelled)
    }

    @Test func wordsBecomeActions() throws {
        #expect(try Action(name: "accept", epoch: 3, text: "") == .accept(epoch: 3))
        #expect(throws: Refusal.missing("epoch")) { try Action(name: "accept", epoch: nil, text: "") }
        #expect(throws: Refusal.unknownAction("explode")) { try Action(name: "explode", epoch: 1, text: "") }
        #expect(throws: Refusal.missing("reason")) { try Action(name: "override", epoch: nil, text: "") }
    }

    @Test func aCommentResetsNoClock() {
        let (effects, _) = act(.comment("waiting for the crane"), on: .accepted)
        #expect(effects.timers.isEmpty && effects.saved == nil && effects.entries == [.comment])
    }

    @Test func timersFireOnlyWhenTheyFit() {
        func due(_ kind: Timer.Kind, _ state: TicketState) -> [Effect] {
            Decide.due(Timer(kind, TicketID(1), at: Scene.at(5)), ticket(state), at: Scene.at(5), policy)
        }
        #expect(due(.offerExpires, .offered).saved?.state == .pending)
        #expect(due(.offerExpires, .offered).notices == [.withdrawn])
        #expect(due(.offerExpires, .accepted).saved == nil)
        #expect(due(.stale, .accepted).saved?.isOverdue == true)
        #expect(due(.stale, .accepted).notices == [.stale])
        #expect(due(.stale, .awaitingParts).saved == nil)
        #expect(due(.escalate, .awaitingParts).notices == [.escalated])
        #expect(due(.escalate, .closed).saved == nil)
        #expect(due(.proofDeadline, .verifying).saved?.outcome == .unverified)
        #expect(due(.proofDeadline, .diagnosing).saved == nil)
    }

    @Test func twoQuietHoursRunOnlyWhileSomebodyOwesAStep() {
        #expect(act(.accept(epoch: 1), on: .offered).effects.timers == [.stale])
        #expect(act(.awaitingParts(note: ""), on: .diagnosing).effects.timers.isEmpty)
        #expect(act(.done(note: ""), on: .diagnosing).effects.timers == [.proofDeadline])
    }
}
