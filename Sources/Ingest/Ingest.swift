public import Domain
public import Store
import Synchronization

/// A message as it came, before anybody knows what it means.
public struct RawMessage: Sendable {
    public var topic: String
    /// false: not even a topic to MQTT; its text is for people.
    public var isTopic: Bool
    /// All of it, or the head of one that is over its limit.
    public var payload: [UInt8]
    /// The true size in bytes.
    public var size: Int
    /// The broker had kept it from before we subscribed.
    public var isRetained: Bool

    public init(topic: String, isTopic: Bool = true, payload: [UInt8], size: Int, isRetained: Bool = false) {
        self.topic = topic
        self.isTopic = isTopic
        self.payload = payload
        self.size = size
        self.isRetained = isRetained
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
public final class Ingest: Sendable {
    private let store: Store
    private let now: @Sendable () -> Instant
    private let keepPhoto: @Sendable (ArraySlice<UInt8>) throws -> KeptPhoto
    /// Bursts of several brokers come on several threads; one at a time is decoded, in the order of its commit.
    private let formats: Mutex<Formats>

    /// - Parameters:
    ///   - profiles: of senders that speak no format of ours.
    ///   - keepPhoto: writes and syncs an original before its row is committed; throws when the disk does.
    /// - Throws: when the store can't be read.
    public init(
        store: Store, profiles: Profiles = Profiles(), now: @escaping @Sendable () -> Instant,
        keepPhoto: @escaping @Sendable (ArraySlice<UInt8>) throws -> KeptPhoto
    ) throws {
        self.store = store
        self.now = now
        self.keepPhoto = keepPhoto
        formats = Mutex(Formats(profiles: profiles, sessions: try store.senders()))
    }

    /// Returns when every message's effects, or the reason why it has none, are durable: then what its senders are to be
    /// asked. Throws when the store or the disk fails: then nothing may be acknowledged.
    @discardableResult
    public func take(_ burst: [RawMessage]) throws -> [Request] {
        try formats.withLock { formats in
            // Sessions with senders move with the transaction: a burst that fails leaves them as they were.
            var next = formats
            next.sources = try store.sources()
            var requests: [Request] = []
            let inputs = try inputs(of: burst, &next, &requests)
            requests += try commit(inputs)
            formats = next
            return requests
        }
    }

    private func inputs(
        of burst: [RawMessage], _ formats: inout Formats, _ requests: inout [Request]
    ) throws -> [Input] {
        var inputs: [Input] = []
        var series: [Series] = []
        func closeRun() {
            if !series.isEmpty { inputs.append(Input(.readings(series))) }
            series = []
        }
        for delivery in burst {
            let origin = Origin(topic: delivery.topic, payload: delivery.payload, size: delivery.size)
            switch try decode(delivery, origin, &formats) {
            case .measured(let measured):
                series += measured.series
                inputs += measured.waveforms.map { Input(.waveform($0), origin: origin) }
                inputs += measured.rejections.map { Input(.rejected($0), origin: origin) }
                inputs += measured.gaps.map { Input(.gap($0), origin: origin) }
                requests += measured.requests
            case .others(let others):
                closeRun()
                inputs += others.map { Input($0, origin: origin) }
            }
        }
        closeRun()
        return inputs + formats.changes()
    }

    /// One transaction for the burst. An input that no decision can be stored for (a mistake of ours, not of the disk)
    /// must not hold up all that queues behind it for ever: it is looked for, set aside with its reason, and the rest
    /// goes on.
    private func commit(_ inputs: [Input]) throws -> [Request] {
        do {
            return try store.perform(inputs, at: now()).requests
        } catch  where Store.isUndecidable(error) {
            var requests: [Request] = []
            for input in inputs.flatMap(\.singly) {
                do {
                    requests += try store.perform([input], at: now()).requests
                } catch  where Store.isUndecidable(error) {
                    let rejection = Rejection(.undecidable, "please report this: \(error)")
                    try store.perform([Input(.rejected(rejection), origin: input.anyOrigin)], at: now())
                }
            }
            return requests
        }
    }

    private enum Content {
        case measured(Decoded)
        case others([Input.Body])
    }

    private func decode(_ delivery: RawMessage, _ origin: Origin, _ formats: inout Formats) throws -> Content {
        do {
            guard delivery.isTopic else { throw Rejection(.badTopic, "not a topic") }
            let route = try formats.route(delivery.topic)
            guard delivery.size == delivery.payload.count, delivery.size <= route.limit else {
                throw Rejection(.tooLarge, "\(delivery.size) bytes; this kind of message may have \(route.limit)")
            }
            guard !delivery.payload.isEmpty || route.takesEmpty else {
                throw Rejection(.empty, "the message has no payload")
            }
            return try decode(delivery, route, origin, &formats)
        } catch let rejection as Rejection {
            return .others([.rejected(rejection)])
        }
    }

    private func decode(
        _ delivery: RawMessage, _ route: Route, _ origin: Origin, _ formats: inout Formats
    ) throws -> Content {
        let payload = delivery.payload
        switch route {
        case .position(let engineer): return .others([.position(try decodePosition(payload, engineer))])
        case .answer(let engineer):
            let (ticket, action) = try decodeAnswer(payload, Identity(engineer))
            return .others([.action(ticket, action, by: .engineer(engineer))])
        case .photo(let engineer, let upload): return .others(try decodePhoto(payload, engineer, upload))
        default:
            return .measured(
                try formats.decode(delivery, route, origin, at: now()))
        }
    }

    private func decodePosition(_ payload: [UInt8], _ engineer: EngineerID) throws(Rejection) -> PositionReport {
        var scanner = JSONScanner(payload)
        let draft: PositionDraft
        do throws(JSONFailure) {
            draft = try PositionDraft(&scanner, Identity(engineer))
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
