import Domain
import Hummingbird
import Logging
import Store

/// Planned work: who silences what, why, and until when.
struct PlannedWorkRoutes {
    let board: Board

    func add(to router: Router<BoardContext>) {
        router.get("/api/planned-work", use: list)
        router.post("/api/planned-work", use: plan)
        router.post("/api/planned-work/:id/end", use: end)
        router.get("/api/assets", use: assets)
        router.post("/api/points/:asset/:point/relearn", use: relearn)
    }

    @Sendable private func list(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        return try await list()
    }

    private func list() async throws -> Response {
        let now = board.doors.now()
        let work = try await board.store.plannedWork(at: now)
        return .json(["now": JSON(now), "work": JSON(work.map { JSON($0) })])
    }

    private struct Form: Decodable {
        var site: String?
        var asset: String?
        var reason: String?
        var from: Int64?
        var until: Int64?

        func work(by actor: Actor, at now: Instant) throws(Problem) -> PlannedWork {
            let scope: PlannedWork.Scope
            switch (site, asset) {
            case (let site?, nil):
                guard let site = SiteID(site) else { throw .badField("site", "There is no such site.") }
                scope = .site(site)
            case (nil, let asset?):
                guard let asset = AssetID(asset) else { throw .badField("asset", "There is no such machine.") }
                scope = .asset(asset)
            default: throw .badField("asset", "Name a machine (asset) or a whole site, one of the two.")
            }
            let reason = String((reason ?? "").trimmingPrefix(while: \.isWhitespace).prefix(Limits.textLength))
            guard !reason.isEmpty else { throw .badField("reason", "Say why: others will read it on the board.") }
            let from = self.from.map(Instant.init(milliseconds:)) ?? now
            guard let until = until.map(Instant.init(milliseconds:)), until > now, until > from else {
                throw .badField("until", "Say until when; it must lie ahead, after the beginning.")
            }
            guard until - now <= Limits.plannedWorkFor, let span = PlannedWork.Span(from: max(from, now), until: until)
            else {
                let days = Limits.plannedWorkFor.milliseconds / 86_400_000
                throw .badField("until", "At most \(days) days ahead; plan it again when it goes on.")
            }
            return PlannedWork(scope, span, reason: reason, by: actor)
        }
    }

    @Sendable private func plan(_ request: Request, _ context: BoardContext) async throws -> Response {
        let actor = try context.writer()
        let now = board.doors.now()
        let work = try await request.json(Form.self).work(by: actor, at: now)
        try await refusing { _ = try await board.store.plan(work, at: now) }
        return try await list()
    }

    @Sendable private func end(_ request: Request, _ context: BoardContext) async throws -> Response {
        let actor = try context.writer()
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }) else { throw Problem.noPlannedWork }
        try await refusing { try await board.store.endPlannedWork(id, by: actor, at: board.doors.now()) }
        return try await list()
    }

    private func refusing(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let refusal as PlannedWorkRefusal {
            switch refusal {
            case .unknown: throw Problem.noPlannedWork
            case .unknownPlace: throw Problem.badField("asset", "There is no such machine or site; reload the page.")
            case .tooMany: throw Problem.full
            }
        }
    }

    /// What planned work can be on.
    @Sendable private func assets(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        let sites = try await board.store.machines()
        return .json([
            "sites": JSON(
                sites.map { site in
                    [
                        "site": .string(site.id.text), "name": JSON(site.name),
                        "assets": JSON(
                            site.assets.map { ["asset": .string($0.id.text), "name": JSON($0.name)] }),
                    ]
                })
        ])
    }

    /// After a repair, a new sensor or a move to another machine: what the point learned is no longer true.
    @Sendable private func relearn(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.supervisor()
        guard let asset = context.parameters.get("asset").flatMap({ AssetID($0) }),
            let name = context.parameters.get("point").flatMap({ Name<PointID>($0) }),
            let learned = try await board.store.relearn(PointID(asset: asset, name: name))
        else { throw Problem.badField("point", "There is no such point.") }
        board.log.notice("learned limits are learned anew", metadata: ["point": "\(asset)/\(name)"])
        return .json(["forgotten": JSON(learned)])
    }
}

extension Problem {
    fileprivate static let noPlannedWork = Problem(
        status: .notFound, code: "no_planned_work", title: "There is no such work, or it has ended; reload the page.")
}
