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

    let analyst = Analyst(store: store, log: log.part("analyst"), now: now)

    // Up: broker → burst → one transaction → PUBACK.
    let profiles = try settings.profiles()
    let ingest = try Ingest(
        store: store, profiles: profiles, now: now, keepPhoto: { try keep($0, intake) })
    let commits = Histogram()
    let links = try BrokerLink.all(settings, profiles, store, now, log) { messages in
        try commits.time { try ingest.take(messages) }
    }

    // Down: outbox → courier → the first broker, by a client of its own, so that a failed burst never blocks a notice.
    let publisher = links[0].publisher
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
            spectra: { try await analyst.spectra(of: $0) }, health: { health(links, clock) },
            brokers: { links.map(\.state) },
            metrics: { figures(links, commits: commits) },
            isCaughtUp: { isCaughtUp.isSet }, listening: listening),
        keys: BoardKeys(
            adminTokenHash: Array(SHA256.hash(data: Data(token.utf8))), secret: linkKey.withUnsafeBytes(Array.init),
            metricsTokenHash: try settings.secret("http.metrics_token_file").map {
                Array(SHA256.hash(data: Data($0.utf8)))
            }),
        log: log.part("board"))

    let eachLink = { @Sendable (work: @escaping @Sendable (BrokerLink) async -> Void) in
        await withDiscardingTaskGroup { group in for link in links { group.addTask { await work(link) } } }
    }

    // Started in this order, stopped in the reverse: the door to the broker is the first to close.
    let services: [any Service] = [
        Running("publishers") {
            await untilCancelled()
        } atEnd: {
            for link in links { await link.closePublishers() }
        },
        Running("courier", deliver),
        Running("requests") { await eachLink { await $0.sendRequests() } },
        Running("telemetry") {
            await store.telemetry.run(now: now) {
                log.part("telemetry").error("compaction is tried again", metadata: ["error": "\($0)"])
            }
        },
        Running("heap") { await Heap.giveBack(of: store) },
        Running("stamper") { await stamper.run() },
        Running("analyst") { await analyst.run() },
        Running("timers") {
            await eachLink { await caughtUp($0.subscriber) }
            isCaughtUp.set()
            await runTimers(store, now, log.part("timers"))
        },
        Running("silence") { await watchForSilence(store, now, log.part("silence"), links, isCaughtUp) },
        try board.application(),
        Running("gateway") {
            try await withThrowingDiscardingTaskGroup { group in
                for link in links { group.addTask { try await link.subscriber.run() } }
            }
        },
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

private func keep(_ photo: ArraySlice<UInt8>, _ intake: Intake) throws -> KeptPhoto {
    switch try intake.keep(Array(photo)) {
    case .kept(let digest, let exif): .kept(sha256: digest.hex, exif: exif)
    case .refused(let refusal): .refused(code: refusal.code, sentence: refusal.sentence(.en))
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

/// Looks for points that have fallen silent, while every broker is listened to: what we did not hear because we were away
/// was not silent.
private func watchForSilence(
    _ store: Store, _ now: @Sendable () -> Instant, _ log: Logger, _ links: [BrokerLink], _ isCaughtUp: Flag
) async {
    var since: Instant?
    while !Task.isCancelled {
        let isListening = isCaughtUp.isSet && links.allSatisfy(\.subscriber.status.isConnected)
        since = isListening ? since ?? now() : nil
        do {
            if let since { try await store.performSilence(listeningSince: since, at: now()) }
        } catch {
            log.error("silence waits for the store", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .seconds(2))
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

/// What a person on call asks first: of the first broker that is away, of all when none is.
private func health(_ links: [BrokerLink], _ clock: ServiceClock) -> [String: String] {
    let all = links.map(\.subscriber.status)
    let worst = all.first { !$0.isConnected } ?? all[0]
    func sum(_ part: (LinkStatus) -> Int) -> String { String(all.map(part).reduce(0, +)) }
    return [
        "broker": worst.isConnected ? "connected" : "away", "broker_since": worst.since.iso8601,
        "burst_error": all.lazy.compactMap(\.handlerError).first ?? "",
        "broker_error": worst.lastError.map { "\($0)" } ?? "", "messages": sum(\.messages),
        "bursts": sum(\.bursts), "handler_failures": sum(\.handlerFailures),
        "sessions_lost": sum(\.sessionsLost),
        "downlink": links.allSatisfy(\.publisher.status.isConnected) ? "connected" : "away",
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
