public import Domain
public import Geo

/// What comes in and must be decided on. A burst is a list of them; its effects are one transaction.
public struct Input: Sendable {
    public enum Body: Sendable {
        /// Each with an origin of its own.
        case readings([Series])
        case waveform(WaveformPart)
        /// What was read from a stored waveform.
        case analysis(WaveformAnalysis, AnalysisRecord)
        /// A hole in a numbering that the protocol keeps, not the point.
        case gap(Gap)
        /// What a protocol's session with a sender must remember over a restart; nil = nothing any more.
        case sender(String, state: [UInt8]?)
        case position(PositionReport)
        case action(TicketID, Action, by: Actor)
        case photo(PhotoArrival)
        case rejected(Rejection)
    }
    public var body: Body
    /// The message it came in; nil for what came over HTTP, where the caller hears a refusal itself.
    public var origin: Origin?

    public init(_ body: Body, origin: Origin? = nil) {
        self.body = body
        self.origin = origin
    }

    /// A run of series as one input each.
    public var singly: [Input] {
        guard case .readings(let burst) = body else { return [self] }
        return burst.map { Input(.readings([$0]), origin: $0.origin) }
    }

    /// The input's own, or its first series'.
    public var anyOrigin: Origin? {
        if case .readings(let burst) = body { return origin ?? burst.first?.origin }
        return origin
    }
}

/// A position as a client sent it: the raw pair stays with its datum.
public struct PositionReport: Hashable, Sendable {
    public var engineer: EngineerID
    public var place: Coordinate
    public var rawLatitude: Double
    public var rawLongitude: Double
    public var datum: Datum
    /// Metres.
    public var accuracy: Double
    public var fixAt: Instant

    public init(
        engineer: EngineerID, place: Coordinate, rawLatitude: Double, rawLongitude: Double, datum: Datum,
        accuracy: Double, fixAt: Instant
    ) {
        self.engineer = engineer
        self.place = place
        self.rawLatitude = rawLatitude
        self.rawLongitude = rawLongitude
        self.datum = datum
        self.accuracy = accuracy
        self.fixAt = fixAt
    }
}

/// A photo whose original is already on disk, synced, under its hash.
public struct PhotoArrival: Hashable, Sendable {
    public var ticket: TicketID
    /// Who took it: the identity of the sender, never a field of the message.
    public var by: Actor
    public var upload: UploadID
    /// Lower-case hex of the original's bytes.
    public var sha256: String
    public var bytes: Int
    public var capturedAt: Instant?
    public var position: PositionReport?
    /// What EXIF says, as JSON; nil when it says nothing.
    public var exif: String?

    public init(
        ticket: TicketID, by: Actor, upload: UploadID, sha256: String, bytes: Int, capturedAt: Instant? = nil,
        position: PositionReport? = nil, exif: String? = nil
    ) {
        self.ticket = ticket
        self.by = by
        self.upload = upload
        self.sha256 = sha256
        self.bytes = bytes
        self.capturedAt = capturedAt
        self.position = position
        self.exif = exif
    }
}

/// An analysis as it is kept.
public struct AnalysisRecord: Sendable, Equatable {
    public var waveform: Int64
    /// As `Vibration.Diagnosis.Verdict` is written.
    public var verdict: String
    public var cause: String?
    public var confidence: Double?
    /// RMS above 1000 Hz, g.
    public var highFrequency: Double?
    /// `AnalysisDocument` as JSON.
    public var document: String

    public init(
        waveform: Int64, verdict: String, cause: String?, confidence: Double?, highFrequency: Double?,
        document: String
    ) {
        self.waveform = waveform
        self.verdict = verdict
        self.cause = cause
        self.confidence = confidence
        self.highFrequency = highFrequency
        self.document = document
    }
}
