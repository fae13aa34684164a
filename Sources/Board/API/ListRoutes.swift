import Domain
import Geo
import Hummingbird
import Store

/// Lists for those who run the place.
struct ListRoutes {
    let board: Board

    func add(to router: Router<BoardContext>) {
        router.get("/api/outbox", use: outbox)
        router.get("/api/engineers", use: engineers)
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
}
