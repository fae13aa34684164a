import Domain
import HTTPTypes
import Hummingbird
import Logging

/// What every answer tells the browser: nothing from elsewhere, nothing inline, no frame around us.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = BoardContext

    func handle(
        _ request: Request, context: BoardContext, next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
            + "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        response.headers[.xContentTypeOptions] = "nosniff"
        // Not "no-referrer": browsers would then send "Origin: null" with our own forms.
        response.headers[.referrerPolicy] = "same-origin"
        response.headers[.permissionsPolicy] = "camera=(self), geolocation=(self), microphone=()"
        return response
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    fileprivate static let permissionsPolicy = HTTPField.Name("Permissions-Policy")!
    fileprivate static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}

/// Another site must not make a signed-in browser change things here.
///
/// A bearer token is never sent by itself, so programs pass. Browsers say where a request comes from: the newer ones
/// by Sec-Fetch-Site, all of them by Origin with a POST; one that sends our cookie and says nothing is refused.
struct SameOrigin: RouterMiddleware {
    typealias Context = BoardContext
    /// How people reach us when a proxy in between changes the Host header.
    let publicURL: String

    func handle(
        _ request: Request, context: BoardContext, next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get || request.method == .head || isOurs(request, context) else {
            throw Problem.otherOrigin
        }
        return try await next(request, context)
    }

    private func isOurs(_ request: Request, _ context: BoardContext) -> Bool {
        if context.identity != .anonymous, !context.isByCookie { return true }
        if let site = request.headers[.secFetchSite] { return site == "same-origin" }
        if let origin = request.headers[.origin] { return isOurs(origin, request) }
        if let page = request.headers[.referer] { return isOurs(page, request) }
        return !context.isByCookie
    }

    private func isOurs(_ address: String, _ request: Request) -> Bool {
        guard let authority = authority(of: address) else { return false }
        return authority == request.head.authority?.lowercased() || authority == self.authority(of: publicURL)
    }

    private func authority(of address: String) -> String? {
        for scheme in ["https://", "http://"] where address.hasPrefix(scheme) {
            return address.dropFirst(scheme.count).prefix { $0 != "/" }.lowercased()
        }
        return nil
    }
}

/// `?lang=` before the cookie before the browser's own wish.
struct ChooseLanguage: RouterMiddleware {
    typealias Context = BoardContext
    let fallback: Language

    func handle(
        _ request: Request, context: BoardContext, next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let asked = request.uri.queryParameters["lang"].flatMap { Language(rawValue: String($0)) }
        let kept = request.cookies["lang"].flatMap { Language(rawValue: $0.value) }
        context.isLanguageNew = asked != nil && asked != kept
        context.language = asked ?? kept ?? Language(accepting: request.headers[.acceptLanguage] ?? "") ?? fallback
        var response = try await next(request, context)
        if context.isLanguageNew {
            response.setCookie(
                Cookie(
                    name: "lang", value: context.language.rawValue, maxAge: 365 * 86_400, path: "/", sameSite: .lax))
        }
        return response
    }
}

extension Language {
    /// The best liked of ours in an Accept-Language header; nil when it names none.
    init?(accepting header: String) {
        var best: (language: Language, weight: Double)?
        for item in header.prefix(200).split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let tag = parts.first, let language = Language.allCases.first(where: { tag.hasPrefix($0.rawValue) })
            else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if weight > best?.weight ?? 0 { best = (language, weight) }
        }
        guard let best else { return nil }
        self = best.language
    }
}

/// Turns errors into answers: problem+json for programs, a page that says what to do for people.
struct Faults: RouterMiddleware {
    typealias Context = BoardContext
    let board: Board

    func handle(
        _ request: Request, context: BoardContext, next: (Request, BoardContext) async throws -> Response
    ) async throws -> Response {
        let problem: Problem
        do {
            return try await next(request, context)
        } catch let error as Problem {
            problem = error
        } catch let error as any HTTPResponseError {
            problem = error.status == .notFound ? .notFound : .unread(error.status)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A personal link is a key until it is used.
            let path = request.uri.path.hasPrefix("/l/") ? "/l/…" : request.uri.path
            context.logger.error("request failed", metadata: ["path": "\(path)", "error": "\(error)"])
            problem = .broken
        }
        let isForPrograms = ["/healthz", "/readyz", "/metrics"].contains(request.uri.path)
        if isForPrograms || request.uri.path.hasPrefix("/api/") { return problem.response }
        // The language was chosen further in; a page about a fault chooses for itself.
        let kept = request.cookies["lang"].flatMap { Language(rawValue: $0.value) }
        let language =
            kept ?? Language(accepting: request.headers[.acceptLanguage] ?? "") ?? board.options.language
        if problem.status == .unauthorized, request.method == .get {
            return .redirect(to: "/signin?next=\(request.uri.path)", type: .normal)
        }
        return board.pages.message(problem, in: language)
    }
}

extension Problem {
    /// The request itself was not understood.
    fileprivate static func unread(_ status: HTTPResponse.Status) -> Problem {
        Problem(status: status, code: "bad_request", title: "The request can't be read; reload the page and try again.")
    }
}
