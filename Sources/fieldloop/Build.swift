import AsyncHTTPClient
import Board
import Crypto
import Domain
import Foundation
import Gateway
import Ingest
import Logging
import Notify
import Photos
import ServiceLifecycle
import Store
import Synchronization
import UnixSignals

/// The whole service, wired in a straight line. The only place that sees everyone.
///
/// Arrows of the flow, top to bottom: gateway → ingest → store; store → courier → publisher; board and photos beside.
func build(
    _ settings: Settings, clock: ServiceClock, store: Store, directory: DataDirectory, log: Logger,
    listening: @escaping @Sendable (Int) -> Void = { _ in }
) throws -> ServiceGroup {
    let now: @Sendable () -> Instant = { clock.now() }
    let language = try settings.choice("language", of: Language.self)
    let linkKey = try directory.linkKey()

    // Photos: the original before its row, the stamp afterwards.
    let files = try PhotoFiles(directory: directory.photos)
    let intake = Intake(files: files)
    let stamper = Stamper(
        store: store, files: files, font: try StampFont(path: settings["photo.font"]), language: language,
        log: log.part("photos"), now: now)

    // Up: broker → burst → one transaction → PUBACK.
    let profiles = try settings.profiles()
    let (requests, asking) = AsyncStream.makeStream(
        of: Request.self, bufferingPolicy: .bufferingNewest(Limits.waitingRequests))
    let ingest = try Ingest(
        store: store, profiles: profiles, now: now, keepPhoto: { try keep($0, intake) },
        ask: { for request in $0 { asking.yield(request) } })
    let commits = Histogram()
    var subscription = try settings.subscriberOptions(profiles)
    // Kept over restarts: a broker that has forgotten our session while we were away has lost messages.
    subscription.hadSession = try store.setting("mqtt_session") == subscription.clientID
    let subscriber = try Subscriber(subscription, logger: log.part("gateway")) { [clientID = subscription.clientID] in
        if case .connected = $0 { try? store.setSetting("mqtt_session", clientID) }
    } handler: { burst in
        let messages = burst.messages.map(RawMessage.init)
        try commits.time { try ingest.take(messages) }
    }

    // Down: outbox → courier → its own client, so that a failed burst never blocks a notice.
    let publisher = try downlink(settings, now, log.part("publisher"))
    let broker = BrokerFigures()
    let statistics = try broker.publisher(settings, log.part("statistics"))
    let isCaughtUp = Flag()
    let publicURL = try settings.publicURL()
    let link: Courier.PersonalLink = { engineer, ticket in personalLink(publicURL, engineer, ticket, linkKey, now()) }
    let (notices, sendsLinks) = (try settings.courierOptions(), try settings.yesOrNo("notify.wecom.personal_link"))
    let deliver = { @Sendable () async throws in
        // Made only now: a client that is never shut down traps, and what follows may still find a wrong setting.
        let http = HTTPClient(configuration: Courier.httpConfiguration)
        let courier = Courier(
            store: store, options: notices, http: http, logger: log.part("notify"), now: now,
            publish: { topic, payload in try await publisher.publish(try Topic(topic), payload) },
            personalLink: sendsLinks ? link : nil)
        await courier.run()
        try await http.shutdown()
    }

    // The web side.
    let token = try directory.adminToken()
    let board = try Board(
        store: store, options: try settings.boardOptions(photos: directory.photos),
        doors: BoardDoors(
            now: now,
            receivePhoto: { bytes, claim in try await receive(bytes, claim, intake, store, at: now()) },
            health: { health(subscriber.status, publisher.status, clock) },
            metrics: { figures(up: [subscriber.status], down: publisher.status, commits: commits, broker: broker) },
            isCaughtUp: { isCaughtUp.isSet }, listening: listening),
        keys: BoardKeys(
            adminTokenHash: Array(SHA256.hash(data: Data(token.utf8))), secret: linkKey.withUnsafeBytes(Array.init),
            metricsTokenHash: try settings.secret("http.metrics_token_file").map {
                Array(SHA256.hash(data: Data($0.utf8)))
            }),
        log: log.part("board"))

    // Started in this order, stopped in the reverse: the door to the broker is the first to close.
    let services: [any Service] = [
        Running("publisher") {
            await untilCancelled()
        } atEnd: {
            await publisher.close()
            await statistics.close()
        },
        Running("courier", deliver),
        Running("requests") { await ask(requests, by: publisher, log.part("requests")) },
        Running("telemetry") {
            await store.telemetry.run(now: now) {
                log.part("telemetry").error("compaction is tried again", metadata: ["error": "\($0)"])
            }
        },
        Running("stamper") { await stamper.run() },
        Running("timers") {
            await caughtUp(subscriber)
            isCaughtUp.set()
            await runTimers(store, now, log.part("timers"))
        },
        try board.application(),
        Running("gateway") { try await subscriber.run() },
    ]
    return ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: log.part("service")))
}

/// A part of the service that works until it is cancelled.
private struct Running: Service {
    let name: String
    let work: @Sendable () async throws -> Void
    let atEnd: @Sendable () async -> Void

    init(
        _ name: String, _ work: @escaping @Sendable () async throws -> Void,
        atEnd: @escaping @Sendable () async -> Void = {}
    ) {
        self.name = name
        self.work = work
        self.atEnd = atEnd
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await work() }
        await atEnd()
    }
}

private func untilCancelled() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
}

/// Something that has happened, once and for all.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// The client that everything goes out by. Sparkplug's edge nodes see by its birth and will whether their host is there.
private func downlink(
    _ settings: Settings, _ now: @escaping @Sendable () -> Instant, _ log: Logger
) throws -> Publisher {
    let host = settings["mqtt.client_id"]
    let state = try Topic(SparkplugState.topic(host: host))
    var options = Publisher.Options(broker: try settings.broker(), clientID: host + "-down")
    options.presence = {
        let now = now()
        func said(_ online: Bool) -> Publication {
            Publication(state, SparkplugState.payload(online: online, at: now), retain: true)
        }
        return Publisher.Presence(birth: said(true), will: said(false))
    }
    return try Publisher(options, logger: log)
}

private func keep(_ photo: ArraySlice<UInt8>, _ intake: Intake) throws -> KeptPhoto {
    switch try intake.keep(Array(photo)) {
    case .kept(let digest, let exif): .kept(sha256: digest.hex, exif: exif)
    case .refused(let refusal): .refused(code: refusal.code, sentence: refusal.sentence(.en))
    }
}

/// Asks senders for what is missing. One that can't be asked now is asked again at its next gap.
private func ask(_ requests: AsyncStream<Request>, by publisher: Publisher, _ log: Logger) async {
    for await request in requests {
        do {
            // Sparkplug's commands go out at QoS 0, by specification.
            let qos: QoS = request.topic.hasPrefix("spBv1.0/") ? .atMostOnce : .atLeastOnce
            try await publisher.publish(try Topic(request.topic), request.payload, qos: qos)
        } catch {
            log.warning("not asked", metadata: ["topic": "\(request.topic)", "error": "\(error)"])
        }
    }
}

/// Returns when what the broker had kept for us has been taken, or after half a minute: a proof that is already in
/// the queue must not lose against a deadline that passed while we were away.
private func caughtUp(_ subscriber: Subscriber) async {
    var seen = -1
    for _ in 0..<30 where !Task.isCancelled {
        let status = subscriber.status
        if status.isConnected, status.messages == seen { return }
        seen = status.isConnected ? status.messages : -1
        try? await Task.sleep(for: .seconds(1))
    }
}

/// Fires what is due, at most half a second late by the wall: a scaled clock rings no bell.
private func runTimers(_ store: Store, _ now: @Sendable () -> Instant, _ log: Logger) async {
    while !Task.isCancelled {
        do {
            if let next = try await store.performDue(at: now()), next <= now() { continue }
        } catch {
            log.error("timers wait for the store", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .milliseconds(500))
    }
}

/// A photo from a phone's browser: the same two steps as one from the broker.
private func receive(
    _ bytes: [UInt8], _ claim: PhotoClaim, _ intake: Intake, _ store: Store, at now: Instant
) async throws -> PhotoReceipt {
    switch try await uploads.run({ try keep(bytes, claim, intake, store) }) {
    case .refused(let code, let sentence): return .refused(code: code, sentence: sentence)
    case .kept(let sha256, let exif):
        let engineer: EngineerID? = if case .engineer(let id) = claim.by { id } else { nil }
        let position = claim.position.map { $0.report(of: engineer ?? EngineerID(stored: "supervisor")) }
        let arrival = PhotoArrival(
            ticket: claim.ticket, by: claim.by, upload: claim.upload, sha256: sha256, bytes: bytes.count,
            capturedAt: claim.capturedAt, position: position, exif: exif)
        _ = try await store.perform(Input(.photo(arrival)), at: now)
        return .kept(sha256: sha256)
    }
}

private enum KeptUpload: Sendable {
    case kept(sha256: String, exif: String?)
    case refused(code: String, sentence: LocalName)
}

/// Hashing and syncing block; they have a thread of their own.
private let uploads = Worker(label: "fieldloop.uploads")

private func keep(_ bytes: [UInt8], _ claim: PhotoClaim, _ intake: Intake, _ store: Store) throws -> KeptUpload {
    if let rejection = try store.refusesPhoto(of: claim.by, on: claim.ticket) {
        let zh = rejection.reason == .tooMany ? "这张工单的照片已达上限。" : "没有这张工单或这位工程师，请刷新后再试。"
        return .refused(code: rejection.reason.code, sentence: LocalName(zh: zh, en: rejection.detail))
    }
    return switch try intake.keep(bytes) {
    case .kept(let digest, let exif): .kept(sha256: digest.hex, exif: exif)
    case .refused(let refusal):
        .refused(code: refusal.code, sentence: LocalName(zh: refusal.sentence(.zh), en: refusal.sentence(.en)))
    }
}

/// What a person on call asks first.
private func health(_ up: LinkStatus, _ down: LinkStatus, _ clock: ServiceClock) -> [String: String] {
    [
        "broker": up.isConnected ? "connected" : "away", "broker_since": up.since.iso8601,
        "burst_error": up.handlerError ?? "", "broker_error": up.lastError.map { "\($0)" } ?? "",
        "messages": String(up.messages),
        "bursts": String(up.bursts), "handler_failures": String(up.handlerFailures),
        "sessions_lost": String(up.sessionsLost), "downlink": down.isConnected ? "connected" : "away",
        "now": String(clock.now().milliseconds), "clock_rate": String(clock.rate()),
    ]
}

/// A one-time sign-in that opens at the ticket.
func personalLink(
    _ publicURL: String, _ engineer: EngineerID, _ ticket: TicketID?, _ key: SymmetricKey, _ now: Instant
) -> String {
    let token = PersonalLink.make(
        engineer: engineer, now: now, validFor: .hours(24), secret: key.withUnsafeBytes(Array.init))
    return "\(publicURL)/l/\(token)" + (ticket.map { "?t=\($0.number)" } ?? "")
}

extension Logger {
    func part(_ name: String) -> Logger {
        var logger = self
        logger[metadataKey: "part"] = "\(name)"
        return logger
    }
}

extension RawMessage {
    init(_ message: Message) {
        self.init(
            levels: message.topic?.levels, topic: message.topicText, payload: message.payload, size: message.size,
            isRetained: message.isRetained)
    }
}
