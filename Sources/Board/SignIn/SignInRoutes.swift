import Domain
import HTTPTypes
import Hummingbird
import Store

/// The two ways in: the administrator token typed into a form, and an engineer's personal link.
struct SignInRoutes {
    let board: Board
    private let gate = SignInGate()

    init(board: Board) { self.board = board }

    func add(to router: Router<BoardContext>) {
        router.get("/signin") { request, context in
            form(next: request.uri.queryParameters["next"].map(String.init) ?? "/", in: context.language)
        }
        router.post("/signin", use: signIn)
        router.post("/signout", use: signOut)
        router.get("/l/:token", use: showLink)
        router.post("/l/:token", use: exchange)
    }

    private func form(next: String, fault: String? = nil, in language: Language) -> Response {
        let page = Door(
            title: "signin.title", text: "signin.text", action: "/signin", button: "signin.button",
            asksToken: true, next: Self.local(next), fault: fault)
        return board.pages.door(page, in: language, status: fault == nil ? .ok : .unauthorized)
    }

    private struct Form: Decodable {
        var token: String?
        var next: String?
    }

    @Sendable private func signIn(_ request: Request, _ context: BoardContext) async throws -> Response {
        try admit(.token, context)
        let body = try await request.bytes(upTo: Limits.smallPayload)
        let form = try URLEncodedFormDecoder().decode(Form.self, from: String(buffer: body))
        let token = (form.token ?? "").filter { !$0.isWhitespace }
        guard board.isAdminToken(token) else {
            board.signIns.note(.token, .refused)
            return self.form(next: form.next ?? "/", fault: "error.bad_token", in: context.language)
        }
        let key = SessionKey()
        try await board.store.openSession(hash: key.hash, for: .supervisor, at: board.doors.now())
        wasRight(.token, context)
        return entering(Self.local(form.next ?? "/"), with: key)
    }

    @Sendable private func signOut(_ request: Request, _ context: BoardContext) async throws -> Response {
        if let key = request.cookies[SessionKey.cookie]?.value {
            try await board.store.endSession(hash: SessionKey(key).hash)
        }
        var response = Response.redirect(to: "/signin", type: .normal)
        response.setCookie(SessionKey.ended(isSecure: board.options.isSecure))
        return response
    }

    /// Shows whom the link signs in, and a button. Chat apps fetch links to preview them; only the button's POST
    /// uses the link up.
    @Sendable private func showLink(_ request: Request, _ context: BoardContext) async throws -> Response {
        let goal = Self.goal(request)
        let link: PersonalLink
        do throws(PersonalLink.Fault) {
            link = try read(context)
        } catch {
            return refused(error == .expired ? "link.expired" : "link.forged", context)
        }
        // Tapped again in the chat: it has done its work.
        if context.identity == .engineer(link.engineer) { return .redirect(to: goal, type: .normal) }
        if try await board.store.isUsed(nonce: link.nonce) { return refused("link.used", context) }
        guard let name = try await board.store.name(of: link.engineer) else { return refused("link.unknown", context) }
        // Not the address as it came: "//l/…" would send the form to a host called "l".
        let ticket = request.uri.queryParameters["t"].flatMap { Int64($0) }.map { "?t=\($0)" } ?? ""
        let page = Door(
            title: "link.title", text: "link.text", action: "/l/\(context.parameters.get("token") ?? "")\(ticket)",
            button: "link.button", name: name[context.language])
        return board.pages.door(page, in: context.language)
    }

    @Sendable private func exchange(_ request: Request, _ context: BoardContext) async throws -> Response {
        try admit(.link, context)
        let link: PersonalLink
        do throws(PersonalLink.Fault) {
            link = try read(context)
        } catch {
            board.signIns.note(.link, .refused)
            return refused(error == .expired ? "link.expired" : "link.forged", context)
        }
        let key = SessionKey()
        let outcome = try await board.store.exchangeLink(
            nonce: link.nonce, of: link.engineer, session: key.hash, at: board.doors.now())
        if outcome == .done { wasRight(.link, context) } else { board.signIns.note(.link, .refused) }
        switch outcome {
        case .done: return entering(Self.goal(request), with: key)
        case .unknownEngineer: return refused("link.unknown", context)
        case .used:
            // A double tap: the first one signed this browser in.
            if context.identity == .engineer(link.engineer) { return .redirect(to: Self.goal(request), type: .normal) }
            return refused("link.used", context)
        }
    }

    private func admit(_ way: SignInCounts.Way, _ context: BoardContext) throws {
        guard gate.admits(context.peer ?? "") else {
            board.signIns.note(way, .tooOften)
            throw Problem.tooOften
        }
    }

    private func wasRight(_ way: SignInCounts.Way, _ context: BoardContext) {
        gate.wasRight(context.peer ?? "")
        board.signIns.note(way, .admitted)
    }

    private func read(_ context: BoardContext) throws(PersonalLink.Fault) -> PersonalLink {
        try PersonalLink(
            context.parameters.get("token") ?? "", now: board.doors.now(), secret: board.keys.secret)
    }

    private func refused(_ text: String, _ context: BoardContext) -> Response {
        board.pages.door(Door(title: "link.refused", text: text), in: context.language, status: .forbidden)
    }

    private func entering(_ goal: String, with key: SessionKey) -> Response {
        var response = Response.redirect(to: goal, type: .normal)
        response.setCookie(key.cookie(isSecure: board.options.isSecure))
        return response
    }

    /// The phone page, at the ticket that the link was sent for.
    private static func goal(_ request: Request) -> String {
        request.uri.queryParameters["t"].flatMap { Int64($0) }.map { "/m?t=\($0)" } ?? "/m"
    }

    /// Only a path of ours: "//elsewhere" is none.
    private static func local(_ path: String) -> String {
        let isLocal = path.hasPrefix("/") && !path.hasPrefix("//") && !path.contains("\\") && path.utf8.count <= 200
        return isLocal && path.utf8.allSatisfy { $0 > 32 && $0 < 127 } ? path : "/"
    }
}
