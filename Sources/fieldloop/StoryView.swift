import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// What the story's player sees of the service: its public API, as a supervisor.
struct StoryView: Sendable {
    struct Ticket: Decodable, Sendable {
        struct Entry: Decodable, Sendable {
            var at: Int64
            var kind: String
            var actor: String
            var detail: [String: String]
        }
        struct Photo: Decodable, Sendable {
            var stamped: Bool
        }
        var ticket: Int64
        var asset: String
        var state: String
        var severity: String
        var outcome: String?
        var engineer: String?
        var cause: String?
        var entries: [Entry]
        var photos: [Photo]
    }

    private struct Health: Decodable {
        var now: String
        var clock_rate: String
    }

    private struct BoardPage: Decodable {
        struct Column: Decodable { var cards: [Card] }
        struct Card: Decodable {
            var ticket: Int64
            var asset: String
        }
        var columns: [Column]
    }

    private let base: String
    private let token: String?

    /// - Parameter directory: holds the administrator's token; nil to ask for what everybody may know.
    init(settings: Settings, directory: DataDirectory?) throws {
        let scheme = settings.optional("http.tls.cert") == nil ? "http" : "https"
        base = "\(scheme)://127.0.0.1:\(try settings.listener().port)"
        token = try directory?.adminToken()
    }

    /// The service's clock, as exact as one request.
    func clock() async throws -> ServiceClock {
        let health: Health = try await get("/healthz")
        let wall = Instant.wall
        guard let now = Int64(health.now), let rate = Double(health.clock_rate) else {
            throw Recording.Invalid(description: "/healthz tells no time")
        }
        return ServiceClock(rate: rate, behind: wall - Instant(milliseconds: now), wall: wall)
    }

    func ticket(_ number: Int64) async throws -> Ticket { try await get("/api/tickets/\(number)") }

    /// How many tickets the board shows for an asset.
    func tickets(of asset: String) async throws -> Int {
        let board: BoardPage = try await get("/api/board")
        return board.columns.flatMap(\.cards).count { $0.asset == asset }
    }

    private func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        let (status, body) = try await fetch(path)
        guard status == .ok else { throw Recording.Invalid(description: "\(path) answers \(status.code)") }
        return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    }

    /// Asks until there is an answer, for half a minute: a story goes on over a restart of the service.
    private func fetch(_ path: String) async throws -> (HTTPResponseStatus, ByteBuffer) {
        var request = HTTPClientRequest(url: base + path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        // This machine's own service only: its certificate, made for the outside name, is not checked.
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        request.tlsConfiguration = tls
        let end = ContinuousClock.now + .seconds(30)
        while true {
            do {
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
                return (response.status, try await response.body.collect(upTo: 16 << 20))
            } catch {
                guard ContinuousClock.now < end, !Task.isCancelled else { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
