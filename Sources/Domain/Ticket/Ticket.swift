/// Where a ticket stands. The board shows five columns; `column` says which.
public enum TicketState: String, Sendable, CaseIterable, Codable {
    case pending, offered
    case accepted, enRoute = "en_route"
    case diagnosing, verifying
    case awaitingParts = "awaiting_parts"
    case closed, cancelled

    public enum Column: String, Sendable, CaseIterable, Codable {
        case pending, accepted, diagnosing, awaitingParts = "awaiting_parts", closed
    }

    public var column: Column {
        switch self {
        case .pending, .offered: .pending
        case .accepted, .enRoute: .accepted
        case .diagnosing, .verifying: .diagnosing
        case .awaitingParts: .awaitingParts
        case .closed, .cancelled: .closed
        }
    }

    public var isOpen: Bool { column != .closed }

    /// Somebody has it and owes the next step: this is where two quiet hours turn a ticket red.
    public var isWorked: Bool {
        switch self {
        case .accepted, .enRoute, .diagnosing: true
        default: false
        }
    }

    /// Counts against an engineer's load cap; an open offer does.
    public var isLoad: Bool { self == .offered || isWorked }
}

/// How a ticket ended.
public enum Outcome: String, Sendable, CaseIterable, Codable {
    /// The vibration itself proved the repair.
    case verified
    /// The deadline passed without enough running data.
    case unverified
    /// A supervisor closed it with a reason.
    case overridden
    case cancelled
}

/// Who did something.
public enum Actor: Hashable, Sendable {
    case system
    case engineer(EngineerID)
    /// Signed in with the administrator token.
    case supervisor

    /// `system`, `supervisor` or `engineer:E03`.
    public var text: String {
        switch self {
        case .system: "system"
        case .supervisor: "supervisor"
        case .engineer(let id): "engineer:\(id)"
        }
    }
}

/// What makes two breaches the same fault.
public struct Fault: Hashable, Sendable {
    public var asset: AssetID
    public var kind: FaultKind
    /// nil for a fault of the machine, wherever it shows.
    public let point: Name<PointID>?

    /// - Parameter point: where it showed; kept for a fault of what measures, not of the machine.
    public init(asset: AssetID, kind: FaultKind, point: Name<PointID>? = nil) {
        self.asset = asset
        self.kind = kind
        self.point = kind.isOfPoint ? point : nil
    }
}

/// What a waveform said about a ticket's fault; the surest one so far.
public struct TicketDiagnosis: Hashable, Sendable {
    /// As `Vibration.Diagnosis.Finding.Cause` is written.
    public var cause: String
    /// 0…1.
    public var confidence: Double
    /// Of the waveform.
    public var at: Instant

    public init(cause: String, confidence: Double, at: Instant) {
        self.cause = cause
        self.confidence = confidence
        self.at = at
    }
}

/// A ticket as deciding needs it.
public struct Ticket: Hashable, Sendable {
    public var id: TicketID
    public var fault: Fault
    public var grade: Grade
    public var severity: Severity
    public var state: TicketState
    /// Who has the offer or the job.
    public var engineer: EngineerID?
    /// Counts offers; an answer that names another is refused.
    public var epoch: Int
    public var openedAt: Instant
    /// When the ticket came into its state.
    public var stateSince: Instant
    public var closedAt: Instant?
    public var outcome: Outcome?
    /// The last dispatch found nobody: a lane of its own on the board.
    public var lacksEngineer: Bool
    /// Red on the board: two quiet hours, or an escalation.
    public var isOverdue: Bool
    /// What each breached measure has shown since "done".
    public var proof: [ProofKey: Proof]
    public var diagnosis: TicketDiagnosis?

    public init(
        id: TicketID, fault: Fault, grade: Grade, severity: Severity, state: TicketState = .pending,
        engineer: EngineerID? = nil, epoch: Int = 0, openedAt: Instant, stateSince: Instant? = nil,
        closedAt: Instant? = nil, outcome: Outcome? = nil, lacksEngineer: Bool = false, isOverdue: Bool = false,
        proof: [ProofKey: Proof] = [:], diagnosis: TicketDiagnosis? = nil
    ) {
        self.id = id
        self.fault = fault
        self.grade = grade
        self.severity = severity
        self.state = state
        self.engineer = engineer
        self.epoch = epoch
        self.openedAt = openedAt
        self.stateSince = stateSince ?? openedAt
        self.closedAt = closedAt
        self.outcome = outcome
        self.lacksEngineer = lacksEngineer
        self.isOverdue = isOverdue
        self.proof = proof
        self.diagnosis = diagnosis
    }
}

/// Why a ticket opened: the breach in one line.
public struct Breach: Hashable, Sendable {
    public var point: PointID
    public var measure: Measure
    public var kind: Rule.Kind
    /// How a sensor's fault showed.
    public var cause: SensorFault?
    /// In the measure's unit; of a rate that an hour, of a silence minutes.
    public var value: Double
    public var limit: Double
    /// Where the limit comes from.
    public var source: String
    /// Event time of the reading that confirmed it.
    public var at: Instant

    public init(
        point: PointID, measure: Measure, kind: Rule.Kind = .limit, cause: SensorFault? = nil, value: Double,
        limit: Double, source: String, at: Instant
    ) {
        self.point = point
        self.measure = measure
        self.kind = kind
        self.cause = cause
        self.value = value
        self.limit = limit
        self.source = source
        self.at = at
    }
}
