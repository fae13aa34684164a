/// Why something that arrived was not taken. The code is what the store, the log, the API and the tests say.
public enum RejectionReason: Hashable, Sendable {
    // The message
    case badTopic, tooLarge, empty, notJSON, wrongShape, wrongType, tooMany
    /// Bytes that are not of the format: CBOR, protobuf, base64 …
    case badPayload, truncated, noProfile
    // The reading
    case missingTime, notFinite, implausibleValue, noMeasure, unknownPoint, wrongSite
    case inTheFuture, tooOld, conflict
    // Foreign senders
    case unknownUnit, unknownMetric, unknownAlias, neverBorn, badSequence, wrongDevice
    // Waveforms
    case badWaveform, partMismatch, partsExpired
    // Positions
    case missingDatum, unknownDatum, noPosition, positionInTheFuture, olderPosition
    // People, tickets, photos
    case unknownEngineer, unknownTicket, unknownAnswer
    /// A decision that could not be stored: a mistake of ours.
    case undecidable
    case refused(Refusal)
    case photo(code: String)

    public var code: String {
        switch self {
        case .badTopic: "bad_topic"
        case .tooLarge: "too_large"
        case .empty: "empty"
        case .notJSON: "not_json"
        case .wrongShape: "wrong_shape"
        case .wrongType: "wrong_type"
        case .tooMany: "too_many"
        case .badPayload: "bad_payload"
        case .truncated: "truncated"
        case .noProfile: "no_profile"
        case .missingTime: "missing_time"
        case .notFinite: "not_finite"
        case .implausibleValue: "implausible_value"
        case .noMeasure: "no_measure"
        case .unknownPoint: "unknown_point"
        case .wrongSite: "wrong_site"
        case .inTheFuture: "in_the_future"
        case .tooOld: "too_old"
        case .conflict: "conflict"
        case .unknownUnit: "unknown_unit"
        case .unknownMetric: "unknown_metric"
        case .unknownAlias: "unknown_alias"
        case .neverBorn: "never_born"
        case .badSequence: "bad_sequence"
        case .wrongDevice: "wrong_device"
        case .badWaveform: "bad_waveform"
        case .partMismatch: "part_mismatch"
        case .partsExpired: "parts_expired"
        case .missingDatum: "missing_datum"
        case .unknownDatum: "unknown_datum"
        case .noPosition: "no_position"
        case .positionInTheFuture: "position_in_the_future"
        case .olderPosition: "older_position"
        case .unknownEngineer: "unknown_engineer"
        case .unknownTicket: "unknown_ticket"
        case .unknownAnswer: "unknown_answer"
        case .undecidable: "undecidable"
        case .refused(let refusal): refusal.code
        case .photo(let code): "photo_\(code)"
        }
    }
}

/// The message that something came in: enough for the person who mends the sender.
public struct Origin: Hashable, Sendable {
    public var topic: String
    /// True size of the payload in bytes.
    public var size: Int
    /// Shared with the message: nearly every origin is never looked at.
    private var payload: [UInt8]
    /// The first bytes, at most `Limits.rejectedHead`.
    public var head: [UInt8] { Array(payload.prefix(Limits.rejectedHead)) }

    public init(topic: String, payload: [UInt8], size: Int) {
        self.topic = topic
        self.payload = payload
        self.size = size
    }
}

/// A message, or a part of one, that was acknowledged but not taken.
public struct Rejection: Error, Hashable, Sendable {
    public var reason: RejectionReason
    /// What exactly, and what to do.
    public var detail: String
    /// nil for what did not come as a message.
    public var origin: Origin?

    public init(_ reason: RejectionReason, _ detail: String, origin: Origin? = nil) {
        self.reason = reason
        self.detail = String(detail.prefix(Limits.textLength))
        self.origin = origin
    }
}
