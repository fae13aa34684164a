import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The board, a ticket, what people do to it, and the trend behind it.
struct TicketRoutes {
    let board: Board

    func add(to router: Router<BoardContext>) {
        router.get("/api/board", use: columns)
        router.get("/api/tickets/:id", use: ticket)
        router.post("/api/tickets/:id/actions", use: act)
        router.get("/api/tickets/:id/trend", use: trend)
        router.get("/api/tickets/:id/spectrum", use: spectrum)
        router.get("/api/me", use: me)
        router.get("/api/me/tickets", use: jobs)
        router.post("/api/me/position", use: position)
    }

    @Sendable private func columns(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        let now = board.doors.now()
        let columns = try await board.store.board(at: now).map { column -> JSON in
            [
                "state": .string(column.column.rawValue), "count": JSON(column.count),
                "cards": JSON(column.cards.map { JSON($0) }),
            ]
        }
        return .json(["now": JSON(now), "columns": JSON(columns)])
    }

    @Sendable private func ticket(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        return try await story(try context.ticket(), context)
    }

    private func story(_ id: TicketID, _ context: BoardContext) async throws -> Response {
        let now = board.doors.now()
        guard let story = try await board.store.story(of: id),
            let insight = try await board.store.insight(of: id, at: now)
        else { throw Problem.noTicket }
        return .json(JSON(story, insight, for: context.identity, at: now, board.store.policy))
    }

    @Sendable private func spectrum(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        return .json(JSON(try await board.doors.spectra(try context.ticket())))
    }

    private struct ActionForm: Decodable {
        var action: String
        var epoch: Int?
        var text: String?
    }

    @Sendable private func act(_ request: Request, _ context: BoardContext) async throws -> Response {
        let actor = try context.writer()
        let id = try context.ticket()
        let form = try await request.json(ActionForm.self)
        let action: Action
        do throws(Refusal) {
            action = try Action(name: form.action, epoch: form.epoch, text: form.text ?? "")
        } catch {
            throw Problem(error)
        }
        do {
            if let refusal = try await board.store.perform(Input(.action(id, action, by: actor)), at: board.doors.now())
            {
                throw Problem(refusal)
            }
        } catch is AssignmentRaced {
            throw Problem(
                status: .conflict, code: "raced", title: "Somebody else was quicker; reload the ticket and try again.")
        }
        return try await story(id, context)
    }

    /// Around the breach: some time before it, and up to now or to the ticket's end, within bounds.
    @Sendable private func trend(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        guard let facts = try await board.store.facts(of: try context.ticket()) else { throw Problem.noTicket }
        let query = request.uri.queryParameters
        let name = query["point"].map { Name<PointID>(String($0)) } ?? facts.point?.name
        guard let name else {
            throw Problem.badField("point", "There is no such point; leave it out for the ticket's.")
        }
        let measure = query["measure"].map { Measure(name: String($0)) } ?? facts.measure
        guard let measure else {
            throw Problem.badField("measure", "There is no such measure; see the payload's names.")
        }

        let from = facts.breachAt - board.options.trendBefore
        let end = facts.ticket.closedAt.map { $0 + .minutes(10) } ?? board.doors.now()
        let to = max(from, min(min(end, board.doors.now()), facts.breachAt + board.options.trendAfter))
        let point = PointID(asset: facts.ticket.fault.asset, name: name)
        guard let trend = try await board.store.trend(of: point, measure, from: from, to: to) else {
            throw Problem.badField("point", "There is no such point; leave it out for the ticket's.")
        }
        return .json([
            "point": .string(name.text), "measure": .string(measure.name), "from": JSON(from), "to": JSON(to),
            "breach_at": JSON(facts.breachAt), "raise": JSON(trend.limits?.raise), "clear": JSON(trend.limits?.clear),
            "critical": JSON(trend.limits?.critical), "source": JSON(trend.source),
            "slices": JSON(
                trend.slices.map { slice in
                    .array([JSON(slice.at), .double(slice.lowest), .double(slice.highest), JSON(slice.count)])
                }),
        ])
    }

    @Sendable private func me(_ request: Request, _ context: BoardContext) async throws -> Response {
        var name: LocalName?
        var engineer: String?
        if case .engineer(let id) = context.identity {
            engineer = id.text
            name = try await board.store.name(of: id)
        }
        return .json(["role": .string(context.identity.role), "engineer": JSON(engineer), "name": JSON(name)])
    }

    @Sendable private func jobs(_ request: Request, _ context: BoardContext) async throws -> Response {
        let engineer = try context.engineer()
        let now = board.doors.now()
        let tickets = try await board.store.tickets(of: engineer, at: now).map { facts in
            let actions = facts.ticket.actions(open: context.identity, at: now, board.store.policy)
            return JSON(facts).with(["actions": JSON(actions.map(JSON.string))])
        }
        return .json(["now": JSON(now), "engineer": .string(engineer.text), "tickets": JSON(tickets)])
    }

    /// Where the engineer is, for dispatch: the phone's page tells it when its owner takes a step.
    @Sendable private func position(_ request: Request, _ context: BoardContext) async throws -> Response {
        let engineer = try context.engineer()
        let now = board.doors.now()
        let position = try await request.json(PositionForm.self).position(at: now, board.store.policy)
        _ = try await board.store.perform(Input(.position(position.report(of: engineer))), at: now)
        return Response(status: .noContent)
    }
}

extension Request {
    /// A small body as JSON.
    func json<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let body = try await bytes()
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw Problem(
                status: .badRequest, code: "bad_json", title: "The body is not the JSON that is expected here.")
        }
    }
}
