import Domain
import Foundation
import Store

/// A notice as machines read it, in the inbox and in the webhook's `data`. Times are milliseconds since the Unix epoch.
struct NoticePayload: Codable, Equatable {
    /// A site's, with its datum: a map that guesses is half a kilometre off.
    struct Position: Codable, Equatable {
        var lat: Double
        var lon: Double
        var datum: String
    }
    /// The same over all retries: the receiver drops what it has seen.
    var id: String
    var kind: String
    var createdAt: Int64
    var textZh: String
    var textEn: String
    /// Where to look: the ticket's page, or the intake's.
    var url: String

    // About a ticket
    var ticket: Int64?
    var epoch: Int?
    var engineer: String?
    /// When an answer is due, for an offer.
    var expiresAt: Int64?
    var asset: String?
    var assetName: String?
    var site: String?
    var siteName: String?
    var position: Position?
    var severity: String?
    var grade: String?
    var state: String?
    var outcome: String?
    var why: String?
    var rule: String?
    var measure: String?
    var value: Double?
    var limit: Double?
    var diagnosis: String?
    var confidence: Double?

    // About a lost session
    var broker: String?
    var session: String?
    var awaySince: Int64?

    enum CodingKeys: String, CodingKey {
        case id, kind, ticket, epoch, engineer, asset, assetName = "asset_name", site, siteName = "site_name", position
        case severity, grade, state, outcome, why, rule, measure, value, limit, diagnosis, confidence, createdAt =
            "created_at"
        case expiresAt = "expires_at", textZh = "text_zh", textEn = "text_en", url, broker, session
        case awaySince = "away_since"
    }

    /// - Parameter language: of the names; texts come in both.
    init(_ departure: Departure, _ language: Language, publicURL: String) {
        id = departure.publicID
        kind = departure.kind.rawValue
        createdAt = departure.createdAt.milliseconds
        textZh = departure.text(in: .zh)
        textEn = departure.text(in: .en)
        url = departure.page(under: publicURL)
        engineer = departure.engineer?.text
        expiresAt = departure.expiresAt?.milliseconds
        switch departure.subject {
        case .ticket(let id, let epoch, let facts):
            ticket = id.number
            self.epoch = epoch
            tell(facts, language)
        case .session(let loss, _):
            broker = loss.broker
            session = loss.session
            awaySince = loss.awaySince?.milliseconds
        }
    }

    private mutating func tell(_ facts: NoticeFacts, _ language: Language) {
        asset = facts.asset.text
        assetName = facts.assetName[language]
        site = facts.site.text
        siteName = facts.siteName[language]
        position = Position(lat: facts.latitude, lon: facts.longitude, datum: "wgs84")
        severity = facts.severity.rawValue
        grade = facts.grade.rawValue
        state = facts.state.rawValue
        outcome = facts.outcome?.rawValue
        why = facts.breach.short(language)
        rule = facts.breach.kind.name
        measure = facts.breach.measure.name
        value = facts.breach.value
        limit = facts.breach.limit
        diagnosis = facts.diagnosis?.cause
        confidence = facts.diagnosis?.confidence
    }
}

extension Departure {
    /// The notice's id outside the house: `n-123`.
    var publicID: String { "n-\(id)" }

    func text(in language: Language) -> String {
        switch subject {
        case .ticket(let ticket, _, let facts): noticeText(kind, ticket, facts, expiresAt: expiresAt, in: language)
        case .session(let loss, let utcOffset): loss.text(in: language, utcOffset: utcOffset)
        }
    }

    /// The page on the board that shows what it is about.
    func page(under publicURL: String) -> String {
        switch subject {
        case .ticket(let ticket, _, _): "\(publicURL)/t/\(ticket.number)"
        case .session: "\(publicURL)/intake"
        }
    }

    /// Whom the chat group calls; empty = nobody.
    var mention: String {
        switch subject {
        case .ticket(_, _, let facts): facts.mention
        case .session: ""
        }
    }
}

extension Departure.Subject {
    /// For the log.
    var name: String {
        switch self {
        case .ticket(let ticket, _, _): "\(ticket)"
        case .session(let loss, _): loss.session
        }
    }
}

/// JSON with sorted keys, so that equal values are equal bytes.
func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
}
