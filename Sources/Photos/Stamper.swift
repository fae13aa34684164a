public import Domain
public import Logging
public import Store

/// Makes the stamped copies that the store says are owed, one photo at a time, on a thread of its own: a slow picture
/// delays neither a burst nor a page.
public struct Stamper: Sendable {
    private let store: Store
    private let files: PhotoFiles
    private let font: StampFont
    private let language: Language
    private let now: @Sendable () -> Instant
    private let log: Logger
    private let worker = Worker(label: "fieldloop.stamper")

    public init(
        store: Store, files: PhotoFiles, font: StampFont, language: Language, log: Logger,
        now: @escaping @Sendable () -> Instant
    ) {
        self.store = store
        self.files = files
        self.font = font
        self.language = language
        self.log = log
        self.now = now
    }

    /// Works until the task is cancelled; a photo that was under way is stamped again at the next start.
    public func run() async {
        for await _ in store.changes.stream() {
            while !Task.isCancelled {
                do {
                    let owed = try await store.pendingStamps()
                    if owed.isEmpty { break }
                    for photo in owed { try await stampAndBook(photo) }
                } catch {
                    log.error("stamping failed; it is tried again", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
            if Task.isCancelled { return }
        }
    }

    private func stampAndBook(_ photo: PendingStamp) async throws {
        switch try await worker.run({ try stampFile(photo) }) {
        case .success(let (digest, band)):
            try await store.bookStamp(photo.id, sha256: digest.hex, rectangle: band, at: now())
        case .failure(let refusal):
            log.notice("photo not stamped", metadata: ["photo": "\(photo.id)", "reason": "\(refusal.code)"])
            try await store.bookStampRefused(photo.id, code: refusal.code)
        }
    }

    private func stampFile(_ photo: PendingStamp) throws -> Result<(PhotoDigest, String), PhotoRefusal> {
        guard let digest = PhotoDigest(hex: photo.sha256) else { return .failure(.corrupt("no digest")) }
        let bytes: [UInt8]
        do throws(PhotoFileError) {
            bytes = try files.read(digest, .original)
        } catch {
            guard error.isMissing else { throw error }
            // A file that somebody removed does not come back by waiting.
            return .failure(.corrupt("the original is gone"))
        }
        let copy: StampedPhoto
        do throws(PhotoRefusal) {
            copy = try stamp(jpeg: bytes, caption: Caption(photo, language).lines(language), font: font)
        } catch {
            return .failure(error)
        }
        let band = "\(copy.band.left),\(copy.band.top),\(copy.band.width),\(copy.band.height)"
        return .success((try files.writeStamped(copy.bytes, of: digest), band))
    }
}

extension Caption {
    /// What the stamp says of a stored photo.
    init(_ photo: PendingStamp, _ language: Language) {
        self.init(
            workerName: photo.engineerName?[language] ?? "", worker: photo.engineer ?? EngineerID(stored: "supervisor"),
            at: photo.capturedAt ?? photo.receivedAt, moment: photo.capturedAt == nil ? .received : .captured,
            offsetSeconds: photo.utcOffset,
            position: photo.place.map { Position($0, accuracy: photo.accuracy, fixAt: photo.fixAt) },
            placeName: photo.siteName?[language], ticket: photo.ticket,
            assetName: "\(photo.asset) \(photo.assetName[language])")
    }
}
