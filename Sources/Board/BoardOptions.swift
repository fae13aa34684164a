public import Domain
public import Geo
public import Store

/// How the web side is set up; the configuration's `http.*` keys.
public struct BoardOptions: Sendable {
    /// A certificate chain and its key, both PEM files.
    public struct TLS: Sendable {
        public var certificate: String
        public var key: String
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }
    public var host = "127.0.0.1"
    /// 0 takes a free one; `BoardDoors.listening` tells which.
    public var port = 8080
    public var tls: TLS?
    /// How people reach us, without a slash at the end; personal links start with it.
    public var publicURL = "http://127.0.0.1:8080"
    /// Whether people who have not signed in may look. They may never change anything.
    public var anonymousRead = false
    /// For browsers that ask for neither Chinese nor English.
    public var language = Language.zh
    /// Where the originals and the stamped copies are.
    public var photoDirectory: String
    /// How much of the trend is shown before the breach.
    public var trendBefore = Duration.hours(1)
    /// … and at most after it.
    public var trendAfter = Duration.hours(24)
    /// Debian's `libjs-chart.js`; without the file pages say that it is missing.
    public var chartJS = "/usr/share/javascript/chart.js/chart.min.js"

    /// With fewer bytes left on the disk `/readyz` says no.
    public var diskLimit = 512 << 20

    public init(photoDirectory: String) { self.photoDirectory = photoDirectory }

    /// Cookies travel over HTTPS only when people come over HTTPS, be it through a proxy.
    var isSecure: Bool { tls != nil || publicURL.hasPrefix("https://") }
}

/// What the web side asks of the rest of the house.
public struct BoardDoors: Sendable {
    /// The service's clock, which may be scaled.
    public var now: @Sendable () -> Instant
    /// Keeps a photo: the file first, then its row. The bytes may be anything.
    public var receivePhoto: @Sendable ([UInt8], PhotoClaim) async throws -> PhotoReceipt
    /// What the waveforms behind a ticket look like.
    public var spectra: @Sendable (TicketID) async throws -> TicketSpectra
    /// Name and value of what a person on call asks first: broker, backlog …
    public var health: @Sendable () -> [String: String]
    /// Each session at a broker.
    public var brokers: @Sendable () -> [BrokerState]
    /// Numbers of the other parts, for `/metrics` and the intake page.
    public var metrics: @Sendable () async throws -> [Metric]
    /// Whether what the broker had kept for us has been taken.
    public var isCaughtUp: @Sendable () -> Bool
    /// Called once, with the port that is listened on.
    public var listening: @Sendable (Int) -> Void

    public init(
        now: @escaping @Sendable () -> Instant,
        receivePhoto: @escaping @Sendable ([UInt8], PhotoClaim) async throws -> PhotoReceipt,
        spectra: @escaping @Sendable (TicketID) async throws -> TicketSpectra = { _ in TicketSpectra() },
        health: @escaping @Sendable () -> [String: String] = { [:] },
        brokers: @escaping @Sendable () -> [BrokerState] = { [] },
        metrics: @escaping @Sendable () async throws -> [Metric] = { [] },
        isCaughtUp: @escaping @Sendable () -> Bool = { true },
        listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.now = now
        self.receivePhoto = receivePhoto
        self.spectra = spectra
        self.health = health
        self.brokers = brokers
        self.metrics = metrics
        self.isCaughtUp = isCaughtUp
        self.listening = listening
    }
}

/// What an upload says about its photo. The sender is who is signed in, never a field.
public struct PhotoClaim: Sendable {
    public var ticket: TicketID
    public var by: Actor
    public var upload: UploadID
    public var capturedAt: Instant?
    /// Where it was taken, by the phone's own receiver.
    public var position: PhotoPosition?
}

/// A position as the phone sent it, and what it is in WGS-84.
public struct PhotoPosition: Sendable, Hashable {
    public var place: Coordinate
    public var rawLatitude: Double
    public var rawLongitude: Double
    public var datum: Datum
    /// Metres.
    public var accuracy: Double
    public var fixAt: Instant

    /// As the store books the fix of `engineer`.
    public func report(of engineer: EngineerID) -> PositionReport {
        PositionReport(
            engineer: engineer, place: place, rawLatitude: rawLatitude, rawLongitude: rawLongitude, datum: datum,
            accuracy: accuracy, fixAt: fixAt)
    }
}

/// What became of an upload.
public enum PhotoReceipt: Sendable {
    /// Durable and on the ticket, now or since an earlier try.
    case kept(sha256: String)
    /// Not taken: a code (`RejectionReason.code`) and a sentence that says what to do, in both languages.
    case refused(code: String, sentence: LocalName)
}

/// The secrets of the web side.
public struct BoardKeys: Sendable {
    /// SHA-256 of the administrator token.
    public var adminTokenHash: [UInt8]
    /// Signs personal links; at least 32 random bytes.
    public var secret: [UInt8]
    /// SHA-256 of the token that opens `/metrics` to other machines; nil = none does.
    public var metricsTokenHash: [UInt8]?

    public init(adminTokenHash: [UInt8], secret: [UInt8], metricsTokenHash: [UInt8]? = nil) {
        self.adminTokenHash = adminTokenHash
        self.secret = secret
        self.metricsTokenHash = metricsTokenHash
    }
}
