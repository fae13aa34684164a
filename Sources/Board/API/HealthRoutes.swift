import Crypto
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Store
import Synchronization

/// For those who watch the service: is it alive, is it ready, and its numbers.
///
/// `/healthz` and `/readyz` are open: they name nobody. `/metrics` is for the machine itself, for who holds the token
/// of `http.metrics_token_file`, and for supervisors.
struct HealthRoutes {
    let board: Board
    private let pulse = Pulse()

    init(board: Board) { self.board = board }

    func add(to router: Router<BoardContext>) {
        router.get("/healthz", use: health)
        router.get("/readyz", use: ready)
        router.get("/metrics", use: metrics)
    }

    /// 200 while the store takes writes; what else is the matter stands in the fields.
    @Sendable private func health(_ request: Request, _ context: BoardContext) async throws -> Response {
        let fault = await storeFault(context)
        let store: [(String, JSON)] =
            fault.map { [("store", "broken"), ("store_error", .string($0))] } ?? [("store", "ok")]
        // Unknown while the store is broken, which is said already.
        let losses = (try? await board.store.sessionLosses(at: board.doors.now())) ?? []
        let links = [("brokers", brokers), ("session_losses", JSON(losses.map { JSON($0) }))]
        return .json(.object(store + state + links), status: fault == nil ? .ok : .serviceUnavailable)
    }

    /// 200 when what arrives is taken at once and kept; 503 with the reasons otherwise.
    @Sendable private func ready(_ request: Request, _ context: BoardContext) async throws -> Response {
        var reasons: [JSON] = []
        func lacks(_ code: String, _ sentence: String) {
            reasons.append(["code": .string(code), "sentence": .string(sentence)])
        }
        if let fault = await storeFault(context) { lacks("store", "The store takes no writes: \(fault)") }
        for broker in board.doors.brokers() {
            if broker.isContested {
                lacks("client_id", "\(broker.broker): \(broker.error).")
            } else if !broker.isConnected {
                lacks("broker", "The broker \(broker.broker) (\(broker.session)) is away; it is tried again.")
            }
        }
        if !board.doors.isCaughtUp() { lacks("backlog", "What the broker kept for us is still being taken.") }
        let left = board.store.diskLeft()
        if left < board.options.diskLimit {
            lacks("disk", "\(left >> 20) MiB left on the disk, fewer than \(board.options.diskLimit >> 20).")
        }
        return .json(
            .object([("ready", JSON(reasons.isEmpty)), ("reasons", JSON(reasons))] + state + [("brokers", brokers)]),
            status: reasons.isEmpty ? .ok : .serviceUnavailable)
    }

    private var state: [(String, JSON)] {
        board.doors.health().sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
    }

    private var brokers: JSON { JSON(board.doors.brokers().map { JSON($0) }) }

    /// Why no row can be stored; nil when one was.
    private func storeFault(_ context: BoardContext) async -> String? {
        await pulse.beat {
            do {
                try await board.store.beat(at: board.doors.now())
                return nil
            } catch {
                context.logger.error("the store takes no writes", metadata: ["error": "\(error)"])
                return "\(error)"
            }
        }
    }

    @Sendable private func metrics(_ request: Request, _ context: BoardContext) async throws -> Response {
        guard context.isScraper || context.identity == .supervisor || context.isHere(request) else {
            throw Problem.signIn
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try await board.metrics().text)))
    }
}

extension BoardContext {
    /// Asked from this machine itself, and not by a proxy on it for somebody else.
    fileprivate func isHere(_ request: Request) -> Bool {
        guard let peer, peer == "::1" || peer.hasPrefix("127.") else { return false }
        return request.headers[.forwarded] == nil && request.headers[.forwardedFor] == nil
    }
}

extension HTTPField.Name {
    fileprivate static let forwarded = HTTPField.Name("Forwarded")!
    fileprivate static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}

/// A real write at most once a second, however often somebody asks; in between the last one's outcome counts.
private final class Pulse: Sendable {
    private static let interval = Duration.seconds(1)
    private let last = Mutex<(at: ContinuousClock.Instant, fault: String?)?>(nil)

    func beat(_ write: () async -> String?) async -> String? {
        let known: String?? = last.withLock { last in
            if let last, last.at.duration(to: .now) < Self.interval { return .some(last.fault) }
            last = (.now, last?.fault)
            return nil
        }
        if let known { return known }
        let fault = await write()
        last.withLock { $0 = (.now, fault) }
        return fault
    }
}
