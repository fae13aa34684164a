/// What the refusal of "done" looks at: a breach that is on.
public struct RaisedPoint: Hashable, Sendable {
    public var point: PointID
    public var key: PointKey
    public var measure: Measure
    public var kind: Rule.Kind
    /// The last value of the running machine, as judged.
    public var value: Double
    public var clear: Double

    public init(
        point: PointID, key: PointKey, measure: Measure, kind: Rule.Kind = .limit, value: Double, clear: Double
    ) {
        self.point = point
        self.key = key
        self.measure = measure
        self.kind = kind
        self.value = value
        self.clear = clear
    }
}

/// A ticket with what a person's action on it depends on.
public struct TicketScene: Sendable {
    public var ticket: Ticket
    public var raised: [RaisedPoint]
    /// Every measure whose breach is part of this ticket, with what it showed, where that can be compared.
    public var breached: [ProofKey: Proof.Before?]

    public init(ticket: Ticket, raised: [RaisedPoint], breached: [ProofKey: Proof.Before?]) {
        self.ticket = ticket
        self.raised = raised
        self.breached = breached
    }
}

extension Decide {
    /// A person's step on a ticket. A refusal may have effects too: that somebody tried is part of the story.
    public static func action(
        _ action: Action, by actor: Actor, on scene: TicketScene, at now: Instant, _ policy: Policy
    ) -> (effects: [Effect], refusal: Refusal?) {
        // Delivery is at least once: what has happened already happens once.
        if scene.ticket.hasTaken(action, by: actor) { return ([], nil) }
        var change = Change(scene.ticket, at: now, policy)
        do {
            try check(action, by: actor, on: scene.ticket)
        } catch {
            return ([], error)
        }
        if let refusal = stillRaised(action, scene) {
            change.log(.doneRefused, by: actor, refusal.values.merging(["reason": refusal.sentence]) { a, _ in a })
            return (change.effects, refusal)
        }
        switch action {
        case .accept:
            change.append(.answer(scene.ticket.id, epoch: scene.ticket.epoch, .accepted, reason: ""))
            change.append(.cancelTimer(.offerExpires, scene.ticket.id))
            change.move(to: .accepted)
            change.log(.accepted, by: actor)
        case .decline(_, let reason):
            change.log(.declined, by: actor, ["reason": reason])
            change.release(.declined, reason: reason)
        case .enRoute:
            change.move(to: .enRoute)
            change.log(.enRoute, by: actor)
        case .arrived:
            change.move(to: .diagnosing)
            change.log(.arrived, by: actor)
        case .awaitingParts(let note):
            change.move(to: .awaitingParts)
            change.log(.awaitingParts, by: actor, ["note": note])
        case .partsArrived:
            change.move(to: .diagnosing)
            change.log(.partsArrived, by: actor)
        case .done(let note):
            done(&change, by: actor, note: note, scene)
        case .comment(let text):
            change.log(.comment, by: actor, ["text": text])
        case .override(let reason):
            let raised = scene.raised.map { "\($0.point) \($0.measure.name) \(decimal($0.value))" }
            change.close(.overridden, by: actor, ["reason": reason, "raised": raised.joined(separator: ", ")])
        case .cancel(let reason):
            change.close(.cancelled, by: actor, ["reason": reason])
        }
        return (change.effects, nil)
    }

    /// The machine has the last word: "done" starts the proof, it does not close.
    private static func done(_ change: inout Change, by actor: Actor, note: String, _ scene: TicketScene) {
        change.move(to: .verifying)
        change.update { $0.proof = scene.breached.mapValues { Proof(before: $0) } }
        change.append(.setTimer(Timer(.proofDeadline, scene.ticket.id, at: change.now + change.policy.proofDeadline)))
        change.log(.done, by: actor, ["note": note])
    }

    private static func check(_ action: Action, by actor: Actor, on ticket: Ticket) throws(Refusal) {
        switch action {
        case .comment: return
        case .override, .cancel:
            guard actor == .supervisor else { throw .notAllowed }
            guard ticket.state.isOpen else { throw .wrongState(ticket.state) }
            return
        case .accept(let epoch), .decline(let epoch, _):
            guard case .engineer(let id) = actor else { throw .notAllowed }
            guard ticket.state == .offered, ticket.epoch == epoch, ticket.engineer == id else {
                throw .oldOffer(yours: epoch, now: ticket.epoch)
            }
            return
        case .enRoute, .arrived, .awaitingParts, .partsArrived, .done: break
        }
        if case .engineer(let id) = actor, ticket.engineer != id { throw .notYours }
        guard actor != .system, ticket.state.allows(action) else { throw .wrongState(ticket.state) }
    }

    /// Refused while a breach is on: the value that stands in the way, the worst against its limit first.
    private static func stillRaised(_ action: Action, _ scene: TicketScene) -> Refusal? {
        guard case .done = action else { return nil }
        return scene.raised.max { $0.value / $0.clear < $1.value / $1.clear }
            .map {
                .stillRaised(point: $0.point, measure: $0.measure, $0.kind, value: $0.value, clear: $0.clear)
            }
    }
}

extension Ticket {
    /// Whether `action` is what brought the ticket to where it stands.
    fileprivate func hasTaken(_ action: Action, by actor: Actor) -> Bool {
        guard case .engineer(let id) = actor, engineer == id else { return false }
        switch action {
        case .accept(let answered): return answered == epoch && state.isOpen && state != .offered
        case .enRoute: return state == .enRoute
        case .arrived, .partsArrived: return state == .diagnosing
        case .awaitingParts: return state == .awaitingParts
        case .done: return state == .verifying
        case .decline, .comment, .override, .cancel: return false
        }
    }
}

extension TicketState {
    /// The steps of the one who has the ticket.
    fileprivate func allows(_ action: Action) -> Bool {
        switch action {
        case .enRoute: self == .accepted
        case .arrived: self == .accepted || self == .enRoute
        case .awaitingParts: self == .diagnosing
        case .partsArrived: self == .awaitingParts
        case .done: self == .diagnosing
        default: false
        }
    }
}
