import Board
import Crypto
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Store
import Testing

/// The web side over a plant, as `serve` builds it, with a photo door that keeps files and rows.
struct Site {
    static let token = "the-administrator-token"
    static let secret = [UInt8](repeating: 9, count: 32)
    let plant: Plant
    let board: Board

    /// What the gateway says of itself.
    struct Link: Sendable {
        var health: @Sendable () -> [String: String] = { ["mqtt": "connected"] }
        var brokers: @Sendable () -> [BrokerState] = { [] }
        var isCaughtUp: @Sendable () -> Bool = { true }
    }

    init(
        _ plant: Plant, token: String = Self.token, secret: [UInt8] = Self.secret, metricsToken: String? = nil,
        metrics: [Metric] = [], link: Link = Link(), _ change: (inout BoardOptions) -> Void = { _ in }
    ) throws {
        self.plant = plant
        var options = BoardOptions(photoDirectory: plant.folder + "/photos")
        options.port = 0
        options.publicURL = "https://board.test"
        change(&options)
        board = try Board(
            store: plant.store, options: options,
            doors: BoardDoors(
                now: { plant.now }, receivePhoto: { try await plant.keep($0, $1) }, health: link.health,
                brokers: link.brokers, metrics: { metrics },
                isCaughtUp: link.isCaughtUp),
            keys: BoardKeys(
                adminTokenHash: hash(token), secret: secret, metricsTokenHash: metricsToken.map(hash)),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func open(_ setup: TestingSetup = .router, _ test: @Sendable (Browser) async throws -> Void) async throws {
        try await board.application().test(setup) { client in try await test(Browser(client: client)) }
    }

    func link(_ engineer: String, validFor: Duration = .days(7)) -> String {
        PersonalLink.make(
            engineer: EngineerID(stored: engineer), now: plant.now, validFor: validFor, secret: Self.secret)
    }

    /// Signs in as an engineer by a personal link; returns the cookie.
    func cookie(_ engineer: String, _ browser: Browser) async throws -> String {
        let answer = try await browser.post("/l/\(link(engineer))", headers: [.origin: "https://board.test"])
        #expect(answer.status == .seeOther)
        return try #require(answer.cookie)
    }
}

extension BrokerState {
    static func at(_ place: String, isConnected: Bool = true) -> BrokerState {
        BrokerState(
            broker: place, session: "fieldloop-\(place)", isConnected: isConnected, since: Instant(milliseconds: 0),
            error: "", messages: 1, backlog: nil)
    }
}

private func hash(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Data(token.utf8))) }

/// Asks as a browser or a program does.
struct Browser {
    let client: any TestClientProtocol
    static let bearer: HTTPFields = [.authorization: "Bearer \(Site.token)"]

    func get(_ path: String, _ headers: HTTPFields = bearer) async throws -> TestResponse {
        try await client.executeRequest(uri: path, method: .get, headers: headers, body: nil)
    }

    func get(_ path: String, cookie: String) async throws -> TestResponse { try await get(path, [.cookie: cookie]) }

    func post(_ path: String, _ body: String = "", headers: HTTPFields = bearer) async throws -> TestResponse {
        try await post(path, bytes: Array(body.utf8), headers: headers)
    }

    func post(_ path: String, bytes: [UInt8], headers: HTTPFields) async throws -> TestResponse {
        try await client.executeRequest(uri: path, method: .post, headers: headers, body: ByteBuffer(bytes: bytes))
    }

    /// A POST by the page's own script.
    func post(_ path: String, _ body: String = "", cookie: String) async throws -> TestResponse {
        try await post(path, body, headers: [.cookie: cookie, .origin: "https://board.test"])
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    /// The session cookie that came with it, as it is sent back.
    var cookie: String? {
        headers[values: .setCookie].first { $0.hasPrefix("fieldloop=") }?.split(separator: ";").first.map(String.init)
    }

    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// The problem's code.
    func code() throws -> String { try #require(try object()["code"] as? String) }
}

extension Plant {
    /// What the photo side does, without looking into the picture: the file first, then the row.
    func keep(_ bytes: [UInt8], _ claim: PhotoClaim) async throws -> PhotoReceipt {
        guard bytes.starts(with: [0xFF, 0xD8]) else {
            return .refused(code: "photo_not_jpeg", sentence: LocalName(zh: "不是 JPEG。", en: "This is no JPEG."))
        }
        let sha256 = SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let directory = "\(folder)/photos/\(sha256.prefix(2))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/\(sha256).jpg"))
        let engineer: EngineerID = if case .engineer(let id) = claim.by { id } else { EngineerID(stored: "-") }
        let arrival = PhotoArrival(
            ticket: claim.ticket, by: claim.by, upload: claim.upload, sha256: sha256, bytes: bytes.count,
            capturedAt: claim.capturedAt, position: claim.position?.report(of: engineer))
        _ = try await store.perform(Input(.photo(arrival)), at: now)
        return .kept(sha256: sha256)
    }
}
