import Domain
import Foundation
import Store

/// A WeCom (企业微信) group robot.
///
/// Source: developer.work.weixin.qq.com/document/path/91770. Text of at most 2,048 bytes, 20 messages a minute, and
/// HTTP 200 even for what was refused: only `errcode` counts.
public struct WeComRobot: Sendable {
    let url: SecretURL

    /// - Parameter url: the robot's whole address; its `key` lets anybody write to the group.
    /// - Throws: what is wrong, without the address itself.
    public init(url: String) throws(InvalidChannel) {
        guard let address = SecretURL(url) else {
            throw InvalidChannel("the WeCom robot's url must start with http(s)://")
        }
        self.url = address
    }
}

struct WeComChannel: Sendable {
    static let contentBytes = 2_048
    /// 20 a minute are allowed in *any* minute. A bucket lets its capacity and a minute's refill through in one:
    /// 5 + 60 s ÷ 20 s × 5 = 20.
    static let capacity = 5.0
    static let refill = Duration.seconds(20)
    /// `errcode` of too many messages.
    static let tooMany = 45009

    let robot: WeComRobot
    let post: Post
    let store: Store
    let language: Language
    let publicURL: String
    let personalLink: Courier.PersonalLink?
    let now: @Sendable () -> Instant
    let wallClock: @Sendable () -> Instant

    func send(_ departure: Departure) async throws(NotSent) {
        // A person who is asked too late is asked in vain; machines may still want to know.
        if let expiresAt = departure.expiresAt, expiresAt <= now() {
            throw .lapsed("the offer expired before it could be sent")
        }
        try await takeToken()
        let link = try await link(for: departure)
        let mentions = departure.mention.isEmpty ? [] : [departure.mention]
        let message = WeComMessage(content: content(departure.text(in: language), link: link), mentions: mentions)
        let body: [UInt8]
        do { body = try json(message) } catch { throw .refused("\(error)") }
        try check(try await post(body, to: robot.url))
    }

    private func takeToken() async throws(NotSent) {
        let now = wallClock()
        do {
            guard let next = try await store.takeToken(.wecom, capacity: Self.capacity, period: Self.refill, at: now)
            else { return }
            throw NotSent.held(next - now)
        } catch let error as NotSent {
            throw error
        } catch {
            throw .held(.seconds(1))
        }
    }

    /// One that signs in, for whom the ticket concerns; the plain page for everybody else.
    private func link(for departure: Departure) async throws(NotSent) -> String {
        guard let personalLink, let engineer = departure.engineer, departure.kind.asksItsEngineer,
            case .ticket(let ticket, _, _) = departure.subject
        else { return departure.page(under: publicURL) }
        do { return try await personalLink(engineer, ticket) } catch {
            throw .failed("no personal link could be made: \(type(of: error))")
        }
    }

    private func check(_ answer: Answer) throws(NotSent) {
        guard answer.isSuccess else { throw answer.failure }
        guard let verdict = try? JSONDecoder().decode(WeComVerdict.self, from: Data(answer.body)) else {
            throw .failed("the answer holds no errcode")
        }
        if verdict.errcode == 0 { return }
        let words = robot.url.redact(verdict.errmsg ?? "").filter { !$0.isNewline }.prefix(120)
        let reason = "errcode \(verdict.errcode): \(words)"
        throw verdict.errcode == Self.tooMany ? .busy(reason, wait: .minutes(1)) : .failed(reason)
    }
}

extension Notice.Kind {
    /// Whether the engineer who gets it has something to do on the ticket.
    fileprivate var asksItsEngineer: Bool {
        switch self {
        case .offer, .worsened, .reopened, .relapsed: true
        case .opened, .withdrawn, .nobodyEligible, .stale, .escalated, .closed, .undelivered, .sessionLost: false
        }
    }
}

/// Text and, on a line of its own, the link. What is too long is cut from the text, between characters, never from
/// the link.
func content(_ text: String, link: String) -> String {
    let room = WeComChannel.contentBytes - link.utf8.count - 1
    if text.utf8.count <= room { return "\(text)\n\(link)" }
    let ellipsis = "…"
    var cut = ""
    var used = ellipsis.utf8.count
    for character in text {
        used += character.utf8.count
        if used > room { break }
        cut.append(character)
    }
    return cut.isEmpty ? link : "\(cut)\(ellipsis)\n\(link)"
}

/// `{"msgtype":"text","text":{"content":"…","mentioned_list":["…"]}}`.
struct WeComMessage: Codable, Equatable {
    struct Text: Codable, Equatable {
        var content: String
        var mentionedList: [String]
        enum CodingKeys: String, CodingKey { case content, mentionedList = "mentioned_list" }
    }
    var msgtype = "text"
    var text: Text

    init(content: String, mentions: [String]) { text = Text(content: content, mentionedList: mentions) }
}

private struct WeComVerdict: Decodable {
    var errcode: Int
    var errmsg: String?
}
