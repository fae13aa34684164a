/// What a person does to a ticket.
public enum Action: Hashable, Sendable {
    case accept(epoch: Int)
    case decline(epoch: Int, reason: String)
    case enRoute
    case arrived
    case awaitingParts(note: String)
    case partsArrived
    case done(note: String)
    case comment(String)
    /// A supervisor's: close it although the breach is on, or call it off.
    case override(reason: String)
    case cancel(reason: String)

    /// The word on the wire and in the timeline.
    public var name: String {
        switch self {
        case .accept: "accept"
        case .decline: "decline"
        case .enRoute: "en_route"
        case .arrived: "arrived"
        case .awaitingParts: "awaiting_parts"
        case .partsArrived: "parts_arrived"
        case .done: "done"
        case .comment: "comment"
        case .override: "override"
        case .cancel: "cancel"
        }
    }

    /// The only place where words become actions.
    public init(name: String, epoch: Int?, text: String) throws(Refusal) {
        let text = String(text.prefix(Limits.textLength))
        switch name {
        case "accept": self = .accept(epoch: try epoch.orRefuse(.missing("epoch")))
        case "decline": self = .decline(epoch: try epoch.orRefuse(.missing("epoch")), reason: text)
        case "en_route": self = .enRoute
        case "arrived": self = .arrived
        case "awaiting_parts": self = .awaitingParts(note: text)
        case "parts_arrived": self = .partsArrived
        case "done": self = .done(note: text)
        case "comment" where !text.isEmpty: self = .comment(text)
        case "override" where !text.isEmpty: self = .override(reason: text)
        case "cancel" where !text.isEmpty: self = .cancel(reason: text)
        case "comment", "override", "cancel": throw .missing("reason")
        default: throw .unknownAction(name)
        }
    }
}

/// Why an action was not taken, and what to do next.
public enum Refusal: Error, Hashable, Sendable {
    case unknownTicket
    case unknownAction(String)
    /// A field that the action needs.
    case missing(String)
    /// The offer has gone to somebody else, was withdrawn, or was answered already.
    case oldOffer(yours: Int, now: Int)
    case notYours
    case notAllowed
    /// The ticket's state does not know this step.
    case wrongState(TicketState)
    /// "Done" while the machine still shakes, or its sensor still fails: the point, the last running value and the clear
    /// limit.
    case stillRaised(point: PointID, measure: Measure, Rule.Kind = .limit, value: Double, clear: Double)

    public var code: String {
        switch self {
        case .unknownTicket: "unknown_ticket"
        case .unknownAction: "unknown_action"
        case .missing: "missing_field"
        case .oldOffer: "old_offer"
        case .notYours: "not_yours"
        case .notAllowed: "not_allowed"
        case .wrongState: "wrong_state"
        case .stillRaised: "still_raised"
        }
    }

    /// What pages word it with.
    public var values: [String: String] {
        switch self {
        case .unknownAction(let name): ["action": String(name.prefix(40))]
        case .missing(let field): ["field": field]
        case .oldOffer(let yours, let now): ["yours": String(yours), "now": String(now)]
        case .wrongState(let state): ["state": state.rawValue]
        case .stillRaised(let point, let measure, let kind, let value, let clear):
            [
                "point": point.description, "measure": measure.name, "rule": kind.name, "value": decimal(value),
                "clear": decimal(clear),
            ]
        case .unknownTicket, .notYours, .notAllowed: [:]
        }
    }

    /// For the log and the API; pages word it in their own language from the code and these values.
    public var sentence: String {
        switch self {
        case .unknownTicket: "There is no such ticket; check the number."
        case .unknownAction(let name): "There is no action “\(name.prefix(40))”."
        case .missing(let field): "The field “\(field)” is missing."
        case .oldOffer(let yours, let now):
            "This answer is for offer \(yours), the ticket is at offer \(now): it is no longer yours to answer."
        case .notYours: "This ticket is with somebody else; ask the dispatcher."
        case .notAllowed: "Only a supervisor may do this."
        case .wrongState(let state): "The ticket is \(state.rawValue); reload it to see what can be done next."
        case .stillRaised(let point, let measure, .silence, _, _):
            "\(point) is still silent, no \(measure.name) comes: look at its sensor, gateway and network, or ask a "
                + "supervisor to override with a reason."
        case .stillRaised(let point, let measure, .sensor, _, _):
            "What \(point) sends as \(measure.name) still can't be believed: change the sensor and let it send, or ask a "
                + "supervisor to override with a reason."
        case .stillRaised(let point, let measure, let kind, let value, let clear):
            "\(point) still shows \(measure.name) \(decimal(value))\(kind == .rate ? " an hour" : ""), above "
                + "\(decimal(clear)): let the machine run until it is below, or ask a supervisor to override with a reason."
        }
    }
}

extension Optional {
    fileprivate func orRefuse(_ refusal: Refusal) throws(Refusal) -> Wrapped {
        guard let self else { throw refusal }
        return self
    }
}

/// Two decimals, for people: `3.21`.
public func decimal(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let hundredths = Int64((abs(value) * 100).rounded())
    let fraction = hundredths % 100
    return "\(value < 0 && hundredths > 0 ? "-" : "")\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}
