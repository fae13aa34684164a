public import Domain
public import Store

/// A message as it came, before anybody knows what it means.
public struct RawMessage: Sendable {
    /// The topic's levels; nil when the topic is none to us.
    public var levels: [Substring]?
    /// The topic for people.
    public var topic: String
    /// All of it, or the head of one that is over its limit.
    public var payload: [UInt8]
    /// The true size in bytes.
    public var size: Int

    public init(levels: [Substring]?, topic: String, payload: [UInt8], size: Int) {
        self.levels = levels
        self.topic = topic
        self.payload = payload
        self.size = size
    }
}

/// What became of a photo's bytes.
public enum KeptPhoto: Sendable {
    /// On disk and synced, under its hash.
    case kept(sha256: String, exif: String?)
    /// Poison: no picture that we take. The code and a sentence that says what to do.
    case refused(code: String, sentence: String)
}

/// From a burst of messages to one transaction.
public struct Ingest: Sendable {
    private let store: Store
    private let now: @Sendable () -> Instant
    private let keepPhoto: @Sendable (ArraySlice<UInt8>) throws -> KeptPhoto

    /// - Parameter keepPhoto: writes and syncs an original before its row is committed; throws when the disk does.
    public init(
        store: Store, now: @escaping @Sendable () -> Instant,
        keepPhoto: @escaping @Sendable (ArraySlice<UInt8>) throws -> KeptPhoto
    ) {
        self.store = store
        self.now = now
        self.keepPhoto = keepPhoto
    }

    /// Returns when every message's effects, or the reason why it has none, are durable. Throws when the store or the
    /// disk fails: then nothing may be acknowledged.
    public func take(_ burst: [RawMessage]) throws {
        var inputs: [Input] = []
        var readings: [Reading] = []
        func flush() {
            if !readings.isEmpty { inputs.append(Input(.readings(readings))) }
            readings = []
        }
        for delivery in burst {
            let origin = Origin(topic: delivery.topic, payload: delivery.payload, size: delivery.size)
            switch try decode(delivery, origin) {
            case .readings(let new, let rejected):
                readings += new
                if rejected.isEmpty { continue }
                flush()
                inputs += rejected.map { Input(.rejected($0), origin: origin) }
            case .others(let others):
                flush()
                inputs += others.map { Input($0, origin: origin) }
            }
        }
        flush()
        try commit(inputs)
    }

    /// One transaction for the burst. An input that no decision can be stored for (a mistake of ours, not of the disk)
    /// must not hold up all that queues behind it for ever: it is looked for, set aside with its reason, and the rest
    /// goes on.
    private func commit(_ inputs: [Input]) throws {
        do {
            try store.perform(inputs, at: now())
        } catch  where Store.isUndecidable(error) {
            for input in inputs.flatMap(\.singly) {
                do {
                    try store.perform([input], at: now())
                } catch  where Store.isUndecidable(error) {
                    let rejection = Rejection(.undecidable, "please report this: \(error)")
                    try store.perform([Input(.rejected(rejection), origin: input.anyOrigin)], at: now())
                }
            }
        }
    }

    private enum Decoded {
        case readings([Reading], [Rejection])
        case others([Input.Body])
    }

    private func decode(_ delivery: RawMessage, _ origin: Origin) throws -> Decoded {
        do {
            guard let levels = delivery.levels else { throw Rejection(.badTopic, "not a topic") }
            let route = try Route(levels)
            guard delivery.size == delivery.payload.count, delivery.size <= route.limit else {
                throw Rejection(.tooLarge, "\(delivery.size) bytes; this kind of message may have \(route.limit)")
            }
            guard !delivery.payload.isEmpty else { throw Rejection(.empty, "the message has no payload") }
            return try decode(delivery.payload, route, origin)
        } catch let rejection as Rejection {
            return .others([.rejected(rejection)])
        }
    }

    private func decode(_ payload: [UInt8], _ route: Route, _ origin: Origin) throws -> Decoded {
        switch route {
        case .reading(let site, let point):
            var decoder = ReadingDecoder(site: site, point: point, origin: origin)
            try decoder.decode(payload)
            return .readings(decoder.readings, decoder.rejections)
        case .waveform:
            throw Rejection(.waveformNotSupported, "waveforms are not taken yet; send features as a reading")
        case .position(let engineer):
            return .others([.position(try decodePosition(payload, engineer))])
        case .answer(let engineer):
            let (ticket, action) = try decodeAnswer(payload)
            return .others([.action(ticket, action, by: .engineer(engineer))])
        case .photo(let engineer, let upload):
            return .others(try decodePhoto(payload, engineer, upload))
        }
    }

    private func decodePosition(_ payload: [UInt8], _ engineer: EngineerID) throws(Rejection) -> PositionReport {
        var scanner = JSONScanner(payload)
        let draft: PositionDraft
        do throws(JSONFailure) {
            draft = try PositionDraft(&scanner)
            try scanner.end()
        } catch {
            throw Rejection(error)
        }
        return try draft.report(engineer)
    }

    private func decodePhoto(_ payload: [UInt8], _ engineer: EngineerID, _ upload: UploadID) throws -> [Input.Body] {
        let envelope = try PhotoEnvelope(payload, by: engineer)
        // Asked before anything is written: what belongs nowhere must not fill the disk.
        if let rejection = try store.refusesPhoto(of: .engineer(engineer), on: envelope.ticket) { throw rejection }
        switch try keepPhoto(envelope.body) {
        case .refused(let code, let sentence): throw Rejection(.photo(code: code), sentence)
        case .kept(let sha256, let exif):
            let arrival = PhotoArrival(
                ticket: envelope.ticket, by: .engineer(engineer), upload: upload, sha256: sha256,
                bytes: envelope.body.count, capturedAt: envelope.capturedAt, position: envelope.position, exif: exif)
            return [.photo(arrival)] + (envelope.positionProblem.map { [.rejected($0)] } ?? [])
        }
    }
}
