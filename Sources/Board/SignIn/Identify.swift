import Crypto
import Domain
import Foundation
import Hummingbird
import Store

/// Finds out who asks: by the administrator token as a bearer, else by the session cookie.
struct Identify: RouterMiddleware {
    typealias Context = BoardContext
    let board: Board

    func handle(
        _ request: Request, context: BoardContext, next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let header = request.headers[.authorization] {
            guard header.hasPrefix("Bearer ") else { throw Problem.badToken }
            let token = String(header.dropFirst(7))
            context.isScraper = board.isMetricsToken(token)
            if board.isAdminToken(token) {
                context.identity = .supervisor
            } else if !context.isScraper {
                throw Problem.badToken
            }
        } else if let key = request.cookies[SessionKey.cookie]?.value,
            let owner = try await board.store.session(hash: SessionKey(key).hash, at: board.doors.now())
        {
            context.isByCookie = true
            context.identity =
                switch owner {
                case .supervisor: .supervisor
                case .engineer(let id): .engineer(id)
                }
        }
        return try await next(request, context)
    }
}

extension Board {
    /// Compares hashes, in the same time whatever they are.
    func isAdminToken(_ token: String) -> Bool {
        isSame(Array(SHA256.hash(data: Data(token.utf8))), keys.adminTokenHash)
    }

    func isMetricsToken(_ token: String) -> Bool {
        keys.metricsTokenHash.map { isSame(Array(SHA256.hash(data: Data(token.utf8))), $0) } ?? false
    }
}

/// What a browser holds: 256 random bits. The store knows only its hash.
struct SessionKey {
    static let cookie = "fieldloop"
    let key: String

    init(_ key: String) { self.key = key }
    init() { key = randomKey(bytes: 32) }

    var hash: String { SHA256.hash(data: Data(key.utf8)).map { hex($0) }.joined() }

    /// Lax, not strict: a link tapped in a chat must find the engineer signed in.
    func cookie(isSecure: Bool) -> Cookie {
        Cookie(
            name: Self.cookie, value: key, maxAge: Int(Limits.sessionFor.components.seconds), path: "/",
            secure: isSecure, httpOnly: true, sameSite: .lax)
    }

    static func ended(isSecure: Bool) -> Cookie {
        Cookie(
            name: cookie, value: "", maxAge: 0, path: "/", secure: isSecure, httpOnly: true, sameSite: .lax)
    }
}

/// Tells one key from another, and nothing about either.
func fingerprint(_ key: [UInt8]) -> String { SHA256.hash(data: key).map { hex($0) }.joined() }

/// Two lower-case digits.
func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
}
