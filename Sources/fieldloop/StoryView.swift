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
    private let token: String
    private let http: HTTPClient

    /// Talks to this machine's own service only, so its certificate, made for the outside name, is not checked.
    init(settings: Settings, directory: DataDirectory) throws {
        let scheme = settings.optional("http.tls.cert") == nil ? "http" : "https"
        base = "\(scheme)://127.0.0.1:\(try settings.listener().port)"
        token = try directory.adminToken()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        http = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: tls))
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

    func close() async { try? await http.shutdown() }

    private func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response = try await http.execute(request, timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 16 << 20)
        guard response.status == .ok else {
            throw Recording.Invalid(description: "\(path) answers \(response.status.code)")
        }
        return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    }
}
