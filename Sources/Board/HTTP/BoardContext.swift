import Domain
import Hummingbird
import Logging
import NIOCore

/// Who is asking.
enum Identity: Hashable, Sendable {
    case anonymous
    /// Holds the administrator token.
    case supervisor
    case engineer(EngineerID)

    /// nil for those who may change nothing.
    var actor: Actor? {
        switch self {
        case .anonymous: nil
        case .supervisor: .supervisor
        case .engineer(let id): .engineer(id)
        }
    }

    /// The word pages and API know the role by.
    var role: String {
        switch self {
        case .anonymous: "anonymous"
        case .supervisor: "supervisor"
        case .engineer: "engineer"
        }
    }
}

/// What is known of a request on its way to the handler.
struct BoardContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's address, without its port; nil where there is no network.
    let peer: String?
    var identity = Identity.anonymous
    /// Holds the token that opens the numbers, and nothing else.
    var isScraper = false
    /// The browser sent a cookie by itself: only then can another site have made it ask.
    var isByCookie = false
    var language = Language.zh
    /// `?lang=` was given and is to be remembered.
    var isLanguageNew = false

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress?.ipAddress
    }

    /// For what anybody may look at who has signed in, and others where the options say so.
    func reader(_ options: BoardOptions) throws {
        guard identity != .anonymous || options.anonymousRead else { throw Problem.signIn }
    }

    /// For changes.
    func writer() throws -> Actor {
        guard let actor = identity.actor else { throw Problem.signIn }
        return actor
    }

    func supervisor() throws {
        if identity == .anonymous { throw Problem.signIn }
        guard identity == .supervisor else { throw Problem.supervisorsOnly }
    }

    func engineer() throws -> EngineerID {
        if identity == .anonymous { throw Problem.signIn }
        guard case .engineer(let id) = identity else { throw Problem.engineersOnly }
        return id
    }

    /// The ticket in the address: `12` or `T12`.
    func ticket() throws -> TicketID {
        guard let text = parameters.get("id"), let number = Int64(text.hasPrefix("T") ? text.dropFirst() : text[...])
        else { throw Problem.noTicket }
        return TicketID(number)
    }
}
