import Crypto
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Mustache

/// The pages as they stand in the bundle: two templates, two catalogues, and the files browsers fetch.
///
/// All of it is read once; a request names a file by a key of a dictionary and never by a path.
struct Pages: Sendable {
    struct File: Sendable {
        let content: ByteBuffer
        let type: String
    }

    private let shell: MustacheTemplate
    private let frontDoor: MustacheTemplate
    private let words: [Language: [String: String]]
    private let files: [String: File]
    /// Part of every file's address: a new build is new addresses, so browsers may keep what they have for good.
    let version: String

    init(chartJS: String) throws {
        let folder = Self.folder
        shell = try MustacheTemplate(string: String(contentsOfFile: "\(folder)/shell.mustache", encoding: .utf8))
        frontDoor = try MustacheTemplate(string: String(contentsOfFile: "\(folder)/door.mustache", encoding: .utf8))
        var files: [String: File] = [:]
        var digest = SHA256()
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/static").sorted() {
            guard let type = Self.type(of: name) else { continue }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/static/\(name)"))
            digest.update(data: bytes)
            files[name] = File(content: ByteBuffer(bytes: bytes), type: type)
        }
        if let bytes = FileManager.default.contents(atPath: chartJS) {
            digest.update(data: bytes)
            files["chart.js"] = File(content: ByteBuffer(bytes: bytes), type: "text/javascript; charset=utf-8")
        }
        self.files = files
        version = digest.finalize().prefix(6).map { hex($0) }.joined()
        words = try Self.catalogues()
    }

    static var folder: String { Bundle.module.bundlePath + "/Pages" }

    static func catalogues() throws -> [Language: [String:
        String]]
    {
        var words: [Language: [String: String]] = [:]
        for language in Language.allCases {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/static/\(language.rawValue).json"))
            words[language] = try JSONDecoder().decode([String: String].self, from: bytes)
        }
        return words
    }

    private static func type(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json": "application/json; charset=utf-8"
        case "svg": "image/svg+xml"
        case "webmanifest": "application/manifest+json"
        default: nil
        }
    }

    /// A file under its versioned address, kept for good; under another version it is looked up afresh.
    func file(_ name: String, version asked: String) -> Response? {
        guard let file = files[name] else { return nil }
        let keep = asked == version ? "public, max-age=31536000, immutable" : "no-cache"
        return Response(
            status: .ok, headers: [.contentType: file.type, .cacheControl: keep],
            body: ResponseBody(byteBuffer: file.content))
    }

    func word(_ key: String, in language: Language) -> String { words[language]?[key] ?? key }
}

/// A page of the application: the frame around one of our modules, which fetches and draws the rest.
struct Page {
    /// The module, and the page's key in the catalogues.
    var name: String
    var ticket: TicketID?
}

/// A page without script: sign-in, a personal link, a message. Texts are keys of the catalogues.
struct Door {
    var title: String
    var text: String
    /// Where the form goes; without one there is only a way back to the board.
    var action: String?
    var button: String?
    var asksToken = false
    var next: String?
    var fault: String?
    /// Fills `{name}` in title, text and button.
    var name: String?
}

extension Pages {
    func page(_ page: Page, for context: BoardContext, path: String) -> Response {
        let language = context.language
        let other: Language = language == .zh ? .en : .zh
        var engineer = ""
        if case .engineer(let id) = context.identity { engineer = id.text }
        let values: [String: Any] = [
            "lang": language == .zh ? "zh-Hans" : "en", "language": language.rawValue, "other": other.rawValue,
            "other_name": other == .zh ? "中文" : "English", "version": version, "module": page.name,
            "role": context.identity.role, "engineer": engineer, "ticket": page.ticket.map { "\($0.number)" } ?? "",
            "title": page.ticket.map { "\($0)" } ?? word("\(page.name).title", in: language), "path": path,
            "isSignedIn": context.identity != .anonymous, "isSupervisor": context.identity == .supervisor,
            "isEngineer": !engineer.isEmpty,
            "on_\(page.name)": true, "navLabel": word("nav.label", in: language),
            "navBoard": word("nav.board", in: language), "navEngineers": word("nav.engineers", in: language),
            "navIntake": word("nav.intake", in: language), "navRejected": word("nav.rejected", in: language),
            "navPhone": word("nav.phone", in: language),
            "navSignIn": word("nav.sign_in", in: language), "navSignOut": word("nav.sign_out", in: language),
            "navSkip": word("nav.skip", in: language), "loading": word("loading", in: language),
            "noscript": word("noscript", in: language),
        ]
        return html(shell.render(values))
    }

    func door(_ door: Door, in language: Language, status: HTTPResponse.Status = .ok) -> Response {
        let say = { (key: String) in
            self.word(key, in: language).replacing("{name}", with: door.name ?? "")
        }
        let other: Language = language == .zh ? .en : .zh
        let values: [String: Any] = [
            "lang": language == .zh ? "zh-Hans" : "en", "version": version, "title": say(door.title),
            "text": say(door.text), "action": door.action ?? "", "hasForm": door.action != nil,
            "button": door.button.map(say) ?? "", "asksToken": door.asksToken, "next": door.next ?? "",
            "fault": door.fault.map(say) ?? "", "hasFault": door.fault != nil,
            "tokenLabel": word("signin.token", in: language), "back": word("nav.back", in: language),
            "other": other.rawValue, "other_name": other == .zh ? "中文" : "English",
        ]
        return html(frontDoor.render(values), status: status)
    }

    /// What went wrong, in words for people.
    func message(_ problem: Problem, in language: Language) -> Response {
        let key = "error.\(problem.code)"
        let text = words[language]?[key] == nil ? "error.broken" : key
        return door(Door(title: "error.title", text: text), in: language, status: problem.status)
    }

    private func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
