import Hummingbird
import Logging
import NIOCore
import Synchronization
import Testing

/// What came in.
struct Heard: Sendable {
    let path: String
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What goes back.
struct Reply: Sendable {
    var status = 200
    var headers: [(String, String)] = []
    var body = ""
    var delay = Duration.zero

    static let ok = Reply()
    static let wecomOK = Reply(body: #"{"errcode":0,"errmsg":"ok"}"#)
    static func status(_ status: Int, retryAfter: String? = nil) -> Reply {
        Reply(status: status, headers: retryAfter.map { [("retry-after", $0)] } ?? [])
    }
    static func errcode(_ code: Int, _ message: String = "no") -> Reply {
        Reply(body: #"{"errcode":\#(code),"errmsg":"\#(message)"}"#)
    }
}

/// A real HTTP server on loopback that plays replies in order, path by path; the last one stays.
final class ScriptedServer: Sendable {
    private struct State {
        var scripts: [String: [Reply]] = [:]
        var heard: [Heard] = []
    }
    private let state = Mutex(State())

    func script(_ path: String, _ replies: Reply...) { state.withLock { $0.scripts[path] = replies } }
    func heard(_ path: String) -> [Heard] { state.withLock { $0.heard.filter { $0.path == path } } }

    private func reply(to heard: Heard) -> Reply {
        state.withLock { state in
            state.heard.append(heard)
            guard var script = state.scripts[heard.path], let first = script.first else { return .status(404) }
            if script.count > 1 { script.removeFirst() }
            state.scripts[heard.path] = script
            return first
        }
    }

    /// Serves while `body` runs, which gets `http://127.0.0.1:PORT`.
    static func serving(_ body: (ScriptedServer, String) async throws -> Void) async throws {
        let server = ScriptedServer()
        let router = Router()
        router.post("**") { request, _ in
            var request = request
            let body = try await request.collectBody(upTo: 1 << 20)
            let headers = Dictionary(request.headers.map { ($0.name.canonicalName, $0.value) }) { first, _ in first }
            let reply = server.reply(
                to: Heard(path: request.uri.path, headers: headers, body: Array(body.readableBytesView)))
            try await Task.sleep(for: reply.delay)
            var response = Response(
                status: .init(code: reply.status), body: .init(byteBuffer: ByteBuffer(string: reply.body)))
            for (name, value) in reply.headers { response.headers[.init(name)!] = value }
            return response
        }
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "server") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await app.run() }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let found = try #require(await iterator.next())
        try await body(server, "http://127.0.0.1:\(found)")
    }
}
