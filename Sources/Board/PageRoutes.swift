import HTTPTypes
import Hummingbird

/// The pages people open, and the files these fetch.
struct PageRoutes {
    let board: Board

    func add(to router: Router<BoardContext>) {
        router.get("/") { request, context in try page("board", request, context) }
        router.get("/engineers") { request, context in try page("engineers", request, context) }
        router.get("/intake") { request, context in try page("intake", request, context) }
        router.get("/rejected") { request, context in try page("rejected", request, context) }
        router.get("/t/:id") { request, context in
            try context.reader(board.options)
            return board.pages.page(
                Page(name: "ticket", ticket: try context.ticket()), for: context, path: request.uri.path)
        }
        router.get("/m") { request, context in
            // Who comes without a session needs a link, not a token.
            guard context.identity != .anonymous else {
                return board.pages.door(
                    Door(title: "phone.title", text: "link.needed"), in: context.language, status: .unauthorized)
            }
            _ = try context.engineer()
            return try page("phone", request, context)
        }
        router.get("/static/:version/:name") { request, context in
            let name = context.parameters.get("name") ?? ""
            guard let file = board.pages.file(name, version: context.parameters.get("version") ?? "") else {
                throw Problem.notFound
            }
            return file
        }
        router.get("/favicon.ico") { _, _ in Response(status: .noContent) }
    }

    private func page(_ name: String, _ request: Request, _ context: BoardContext) throws -> Response {
        try context.reader(board.options)
        return board.pages.page(Page(name: name), for: context, path: request.uri.path)
    }
}
