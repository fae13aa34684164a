public import Domain
public import Geo
import GRDB

/// A ticket with the names and the breach that every page shows beside it.
public struct TicketFacts: Sendable {
    public let ticket: Ticket
    public let assetName: LocalName
    public let site: SiteID
    public let siteName: LocalName
    public let place: Coordinate?
    public let customer: CustomerID
    public let customerName: LocalName
    public let engineerName: LocalName?
    /// Where the breach was that opened the ticket.
    public let point: PointID?
    public let pointPlace: LocalName?
    public let measure: Measure?
    /// In the measure's unit.
    public let value: Double
    public let limit: Double
    /// Where the limit comes from.
    public let limitSource: String
    /// The same in words; nil for a measure that this version does not know.
    public let breach: BreachWords?
    public let breachAt: Instant
    public let photos: Int
    /// When the open offer lapses.
    public let offerUntil: Instant?
}

extension TicketFacts {
    /// Tickets that fulfil `condition`, which may name any column of `ticket`.
    static func fetch(
        _ db: Database, where condition: String, orderBy order: String, limit: Int, _ arguments: StatementArguments
    ) throws -> [TicketFacts] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT ticket.*, asset.name_zh AS asset_zh, asset.name_en AS asset_en, asset.site,
                    site.name_zh AS site_zh, site.name_en AS site_en, site.latitude, site.longitude,
                    customer.id AS customer, customer.name_zh AS customer_zh, customer.name_en AS customer_en,
                    engineer.name_zh AS engineer_zh, engineer.name_en AS engineer_en,
                    point.name AS point_name, point.place_zh, point.place_en, assignment.expires_at AS offer_until,
                    (SELECT count(*) FROM photo WHERE photo.ticket = ticket.id) AS photos
                FROM ticket
                JOIN asset ON asset.id = ticket.asset
                JOIN site ON site.id = asset.site
                JOIN customer ON customer.id = asset.customer
                LEFT JOIN engineer ON engineer.id = ticket.engineer
                LEFT JOIN point ON point.id = ticket.point
                LEFT JOIN assignment ON assignment.ticket = ticket.id AND assignment.epoch = ticket.epoch
                    AND assignment.answer = 'offered'
                WHERE \(condition) ORDER BY \(order) LIMIT \(limit)
                """, arguments: arguments
        ).compactMap(TicketFacts.init)
    }

    private init?(_ row: Row) {
        guard let ticket = Ticket(row) else { return nil }
        self.ticket = ticket
        assetName = LocalName(zh: row["asset_zh"], en: row["asset_en"])
        site = SiteID(stored: row["site"])
        siteName = LocalName(zh: row["site_zh"], en: row["site_en"])
        place = Coordinate(latitude: row["latitude"], longitude: row["longitude"])
        customer = CustomerID(stored: row["customer"])
        customerName = LocalName(zh: row["customer_zh"], en: row["customer_en"])
        engineerName = LocalName(row, "engineer_zh", "engineer_en")
        point = (row["point_name"] as String?).map { PointID(asset: ticket.fault.asset, name: Name(stored: $0)) }
        pointPlace = LocalName(row, "place_zh", "place_en")
        measure = Measure(name: row["measure"] as String)
        value = row["value"]
        limit = row["limit_value"]
        limitSource = row["limit_source"]
        breach = BreachWords(row)
        breachAt = Instant(milliseconds: row["breach_at"])
        photos = row["photos"]
        offerUntil = Instant(row, "offer_until")
    }
}

extension LocalName {
    /// nil when the joined row is absent.
    init?(_ row: Row, _ zh: String, _ en: String) {
        guard let zh = row[zh] as String?, let en = row[en] as String? else { return nil }
        self.init(zh: zh, en: en)
    }
}

extension Instant {
    init?(_ row: Row, _ column: String) {
        guard let milliseconds = row[column] as Int64? else { return nil }
        self.init(milliseconds: milliseconds)
    }
}

extension Store {
    /// nil when there is no such ticket.
    public func facts(of id: TicketID) async throws -> TicketFacts? {
        try await pool.read { db in
            try TicketFacts.fetch(db, where: "ticket.id = ?", orderBy: "ticket.id", limit: 1, [id.number]).first
        }
    }
}

extension TicketFacts {
    /// Why there is this ticket, for the one who mends it.
    public var why: LocalName? {
        guard let breach else { return nil }
        func place(_ language: Language) -> String {
            let name = pointPlace?[language] ?? ""
            return name.isEmpty ? point?.description ?? "" : name
        }
        return LocalName(zh: breach.sentence(at: place(.zh), .zh), en: breach.sentence(at: place(.en), .en))
    }
}
