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
    var ticket: Int64
    var epoch: Int
    var engineer: String?
    var asset: String
    var assetName: String
    var site: String
    var siteName: String
    var position: Position
    var severity: String
    var grade: String
    var state: String
    var outcome: String?
    var why: String
    var measure: String
    var value: Double
    var limit: Double
    var createdAt: Int64
    /// When an answer is due, for an offer.
    var expiresAt: Int64?
    var textZh: String
    var textEn: String
    /// The ticket's page.
    var url: String

    enum CodingKeys: String, CodingKey {
        case id, kind, ticket, epoch, engineer, asset, assetName = "asset_name", site, siteName = "site_name", position
        case severity, grade, state, outcome, why, measure, value, limit, createdAt = "created_at"
        case expiresAt = "expires_at", textZh = "text_zh", textEn = "text_en", url
    }

    /// - Parameter language: of the names; texts come in both.
    init(_ departure: Departure, _ language: Language, publicURL: String) {
        let facts = departure.facts
        id = departure.publicID
        kind = departure.kind.rawValue
        ticket = departure.ticket.number
        epoch = departure.epoch
        engineer = departure.engineer?.text
        asset = facts.asset.text
        assetName = facts.assetName[language]
        site = facts.site.text
        siteName = facts.siteName[language]
        position = Position(lat: facts.latitude, lon: facts.longitude, datum: "wgs84")
        severity = facts.severity.rawValue
        grade = facts.grade.rawValue
        state = facts.state.rawValue
        outcome = facts.outcome?.rawValue
        why = "\(facts.measure) \(decimal(facts.value)) > \(decimal(facts.limit))"
        measure = facts.measure
        value = facts.value
        limit = facts.limit
        createdAt = departure.createdAt.milliseconds
        expiresAt = departure.expiresAt?.milliseconds
        textZh = departure.text(in: .zh)
        textEn = departure.text(in: .en)
        url = departure.page(under: publicURL)
    }
}

extension Departure {
    /// The notice's id outside the house: `n-123`.
    var publicID: String { "n-\(id)" }

    func text(in language: Language) -> String {
        noticeText(kind, ticket, facts, expiresAt: expiresAt, in: language)
    }

    /// The ticket's page on the board.
    func page(under publicURL: String) -> String { "\(publicURL)/t/\(ticket.number)" }
}

/// JSON with sorted keys, so that equal values are equal bytes.
func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
}
