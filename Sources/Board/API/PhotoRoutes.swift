import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// Photos in, by form; photos out, as they are on disk.
struct PhotoRoutes {
    let board: Board
    private let seats = Seats(Limits.uploadsAtOnce)

    init(board: Board) { self.board = board }

    func add(to router: Router<BoardContext>) {
        router.post("/api/photos", use: receive)
        router.get("/api/photos/:id/original") { try await send($0, $1) { "\($0.sha256).jpg" } }
        router.get("/api/photos/:id/stamped") { request, context in
            try await send(request, context) { photo in
                photo.stampedSHA256.map { "\(photo.sha256).\($0.prefix(16)).stamped.jpg" }
            }
        }
    }

    @Sendable private func receive(_ request: Request, _ context: BoardContext) async throws -> Response {
        let actor = try context.writer()
        guard let seat = seats.take() else { throw Problem.full }
        defer { seat.leave() }
        let form = try await PhotoForm(request)
        let now = board.doors.now()
        var claim = try form.claim(by: actor)
        // A photo is proof by itself: a position that is none costs the position alone, and is told.
        var positionProblem: Problem?
        do { claim.position = try form.position(at: now, board.store.policy) } catch let problem as Problem {
            positionProblem = problem
        }
        // Before anything is kept: an unknown ticket must leave no file behind.
        guard try await board.store.facts(of: claim.ticket) != nil else { throw Problem.noTicket }
        switch try await board.doors.receivePhoto(form.file, claim) {
        case .refused(let code, let sentence):
            throw Problem(status: .unprocessableContent, code: code, title: sentence[context.language])
        case .kept(let sha256):
            if case .engineer(let id) = actor, let position = claim.position {
                _ = try await board.store.perform(Input(.position(position.report(of: id))), at: now)
            }
            let photo = try await board.store.photo(sha256: sha256, on: claim.ticket)
            return .json(
                [
                    "sha256": .string(sha256), "photo": photo.map { JSON($0) } ?? .null,
                    "position_problem": positionProblem?.json ?? .null,
                ], status: .created)
        }
    }

    /// The file that `name` picks, straight from the disk. Its name is made of hashes that we computed.
    private func send(
        _ request: Request, _ context: BoardContext, _ name: (PhotoFacts) -> String?
    ) async throws -> Response {
        try context.reader(board.options)
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }), let photo = try await board.store.photo(id),
            let file = name(photo)
        else { throw Problem.noPhoto }
        let path = "\(board.options.photoDirectory)/\(photo.sha256.prefix(2))/\(file)"
        let tag = "\"\(file)\""
        // Content under a hash never changes, but who may see it does: ask each time, send once.
        var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "image/jpeg"
        headers[.contentDisposition] = "inline; filename=\"\(photo.ticket)-\(photo.id).jpg\""
        do {
            return Response(
                status: .ok, headers: headers, body: try await FileIO().loadFile(path: path, context: context))
        } catch {
            throw Problem.noPhoto
        }
    }
}

extension Problem {
    fileprivate static let noPhoto = Problem(
        status: .notFound, code: "unknown_photo",
        title: "There is no such photo, or its stamped copy is not made yet; look again in a moment.")
}

/// The upload's form: fields `ticket`, `upload`, `captured_at`, `lat`, `lon`, `datum`, `accuracy_m`, `fix_at`, or one
/// `header` with the JSON line that goes before a photo over MQTT; and the JPEG as `file`.
struct PhotoForm {
    private var fields: [String: [UInt8]] = [:]
    private(set) var file: [UInt8] = []

    /// What the MQTT header line says.
    private struct Header: Decodable {
        var ticket: Int64?
        var captured_at: Double?
        var position: PositionForm?
    }

    init(_ request: Request) async throws {
        guard var reader = MultipartReader(contentType: request.headers[.contentType] ?? "") else {
            throw Problem(
                status: .unsupportedMediaType, code: "not_a_form", title: "Send the photo as multipart/form-data.")
        }
        var name = ""
        let limit = Limits.photoBytes + Limits.multipartParts * Limits.multipartField
        try await request.chunks(upTo: limit, within: Limits.photoTime) { chunk in
            try reader.take(chunk.readableBytesView) { event in try self.take(event, &name) }
        }
        try reader.finish()
        guard !file.isEmpty else { throw Problem.badField("file", "The photo is missing; add it as the field “file”.") }
    }

    private mutating func take(_ event: MultipartReader.Event, _ name: inout String) throws {
        switch event {
        case .part(let part):
            guard fields[part] == nil else { throw Problem.badField(part, "The field “\(part)” is there twice.") }
            fields[part] = []
            name = part
        case .data(let bytes) where name == "file":
            guard file.count + bytes.count <= Limits.photoBytes else { throw Problem.tooLarge(Limits.photoBytes) }
            file += bytes
        case .data(let bytes):
            guard fields[name, default: []].count + bytes.count <= Limits.multipartField else {
                throw Problem.badField(name, "The field “\(name)” is too long.")
            }
            fields[name, default: []] += bytes
        }
    }

    /// What the form says about its photo, but for where it was taken.
    func claim(by actor: Actor) throws -> PhotoClaim {
        let header = try header()
        guard let ticket = try number("ticket").flatMap({ Int64(exactly: $0) }) ?? header?.ticket else {
            throw Problem.badField("ticket", "Say which ticket the photo is for.")
        }
        var upload = UploadID("web-\(randomKey(bytes: 12))")
        if let name = text("upload") { upload = UploadID(name) }
        guard let upload else { throw Problem.badField("upload", "An upload's name is 1–64 of A–Z a–z 0–9 . _ -") }
        let captured = try number("captured_at") ?? header?.captured_at
        return PhotoClaim(
            ticket: TicketID(ticket), by: actor, upload: upload,
            capturedAt: captured.flatMap { Int64(exactly: $0.rounded()) }.map(Instant.init(milliseconds:)))
    }

    /// nil when the form tells none; throws, with its code, what is no position.
    func position(at now: Instant, _ policy: Policy) throws -> PhotoPosition? {
        var position = try header()?.position
        if text("lat") != nil || text("lon") != nil {
            position = PositionForm(
                lat: try number("lat"), lon: try number("lon"), datum: text("datum"),
                accuracy_m: try number("accuracy_m"), fix_at: try number("fix_at"))
        }
        return try position?.position(at: now, policy)
    }

    private func header() throws -> Header? {
        guard let bytes = fields["header"], !bytes.isEmpty else { return nil }
        do {
            return try JSONDecoder().decode(Header.self, from: Data(bytes))
        } catch {
            throw Problem.badField("header", "The field “header” is not the JSON that is expected here.")
        }
    }

    /// Empty is absent: a form sends every field it has.
    private func text(_ field: String) -> String? {
        guard let bytes = fields[field], !bytes.isEmpty else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private func number(_ field: String) throws -> Double? {
        guard let text = text(field) else { return nil }
        let bare = field == "ticket" && text.hasPrefix("T") ? String(text.dropFirst()) : text
        guard let number = Double(bare), number.isFinite else {
            throw Problem.badField(field, "The field “\(field)” is not a number.")
        }
        return number
    }
}
