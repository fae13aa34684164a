import Domain
import Geo
import Hummingbird
import Logging
import Store

/// Lists for those who run the place, and the health of the service.
struct ListRoutes {
    let board: Board

    func add(to router: Router<BoardContext>) {
        router.get("/api/rejected", use: rejected)
        router.get("/api/outbox", use: outbox)
        router.get("/api/engineers", use: engineers)
        router.get("/healthz", use: health)
    }

    /// `?before=` an id pages on.
    @Sendable private func rejected(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        let before = request.uri.queryParameters["before"].flatMap { Int64($0) }
        let rows = try await board.store.rejected(before: before).map { row -> JSON in
            [
                "id": .int(row.id), "at": JSON(row.at), "topic": .string(row.topic), "reason": .string(row.reason),
                "detail": .string(row.detail), "head": .string(printable(row.head)), "bytes": JSON(row.bytes),
            ]
        }
        return .json(["now": JSON(board.doors.now()), "rejected": JSON(rows)])
    }

    /// Bytes as people can read them: text where it is text, `\xff` where it is not.
    private func printable(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.map { (32..<127).contains($0) ? String(UnicodeScalar($0)) : "\\x\(hex($0))" }.joined()
    }

    /// `?undelivered=1` for those that did not arrive.
    @Sendable private func outbox(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.supervisor()
        let undelivered = request.uri.queryParameters["undelivered"] == "1"
        let notices = try await board.store.notices(undelivered: undelivered)
        return .json(["now": JSON(board.doors.now()), "notices": JSON(notices.map { JSON($0) })])
    }

    @Sendable private func engineers(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        let now = board.doors.now()
        let lines = try await board.store.roster(at: now).map { line -> JSON in
            [
                "engineer": .string(line.id.text), "name": JSON(line.name), "on_shift": JSON(line.isOnShift),
                "load": JSON(line.load), "load_cap": JSON(line.loadCap),
                "skills": .object(line.skills.map { ($0.name, JSON($0.level)) }),
                "lat": JSON(line.fix?.place.latitude), "lon": JSON(line.fix?.place.longitude),
                "accuracy_m": JSON(line.fix?.accuracy), "fix_at": JSON(line.fix?.at),
            ]
        }
        return .json(["now": JSON(now), "engineers": JSON(lines)])
    }

    /// 200 while the store takes writes; what else is the matter stands in the fields.
    @Sendable private func health(_ request: Request, _ context: BoardContext) async throws -> Response {
        var fields: [(String, JSON)] = board.doors.health().sorted { $0.key < $1.key }.map {
            ($0.key, .string($0.value))
        }
        do {
            try await board.store.check()
            fields.insert(("store", "ok"), at: 0)
            return .json(.object(fields))
        } catch {
            context.logger.error("the store does not answer", metadata: ["error": "\(error)"])
            fields.insert(("store", "broken"), at: 0)
            return .json(.object(fields), status: .serviceUnavailable)
        }
    }
}
