import Domain
import HTTPTypes
import Hummingbird

/// An error answer: a code for programs, a sentence that says what to do next, and the values pages word it with.
struct Problem: Error {
    var status: HTTPResponse.Status
    var code: String
    var title: String
    var values: [String: String] = [:]

    var json: JSON {
        ["status": .int(Int64(status.code)), "code": .string(code), "title": .string(title), "values": JSON(values)]
    }

    var response: Response {
        var response = Response.json(json, status: status)
        response.headers[.contentType] = "application/problem+json; charset=utf-8"
        return response
    }
}

extension Problem {
    static let signIn = Problem(
        status: .unauthorized, code: "sign_in", title: "Sign in first: open your personal link, or go to /signin.")
    static let badToken = Problem(
        status: .unauthorized, code: "bad_token",
        title: "This is not the administrator token; the service printed the path of its file at its start.")
    static let supervisorsOnly = Problem(
        status: .forbidden, code: "supervisors_only", title: "Only a supervisor may do this; sign in with the token.")
    static let engineersOnly = Problem(
        status: .forbidden, code: "engineers_only", title: "This is for engineers; open your personal link.")
    static let otherOrigin = Problem(
        status: .forbidden, code: "other_origin", title: "This came from another site; reload the page and try again.")
    static let tooOften = Problem(
        status: .tooManyRequests, code: "too_often", title: "Too many tries; wait a minute and try again.")
    static let notFound = Problem(
        status: .notFound, code: "not_found", title: "There is nothing here; go back to the board.")
    static let noTicket = Problem(
        status: .notFound, code: "unknown_ticket", title: "There is no such ticket; check the number.")
    static let tooSlow = Problem(
        status: .requestTimeout, code: "too_slow",
        title: "The upload took too long; try again with a better connection.")
    static let full = Problem(
        status: .serviceUnavailable, code: "full", title: "Too many at once; try again in a minute.")
    static let broken = Problem(
        status: .internalServerError, code: "broken",
        title: "Something broke on our side; try again, then tell support.")

    static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge, code: "too_large",
            title: "This is too large; at most \(limit >> 10) KiB are taken.",
            values: ["limit_kib": String(limit >> 10)])
    }

    /// `field` is missing or says nothing that can be understood.
    static func badField(_ field: String, _ title: String) -> Problem {
        Problem(status: .badRequest, code: "bad_field", title: title, values: ["field": field])
    }
}

extension Problem {
    init(_ refusal: Refusal) {
        self.init(status: refusal.status, code: refusal.code, title: refusal.sentence, values: refusal.values)
    }
}

extension Refusal {
    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .unknownTicket: .notFound
        case .unknownAction, .missing: .badRequest
        case .notYours, .notAllowed: .forbidden
        case .oldOffer, .wrongState, .stillRaised: .conflict
        }
    }
}

extension Response {
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: json.text)))
    }
}
