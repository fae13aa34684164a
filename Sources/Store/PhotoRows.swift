public import Domain
public import Geo
import GRDB

/// A photo whose stamped copy is still owed, with what the stamp says.
public struct PendingStamp: Sendable {
    public var id: Int64
    public var sha256: String
    public var ticket: TicketID
    public var engineer: EngineerID?
    public var engineerName: LocalName?
    public var asset: AssetID
    public var assetName: LocalName
    /// When it was taken, by the client's word.
    public var capturedAt: Instant?
    public var receivedAt: Instant
    public var place: Coordinate?
    /// Metres.
    public var accuracy: Double?
    public var fixAt: Instant?
    /// The nearest site, if it is within `Store.siteRadius`.
    public var siteName: LocalName?
    /// Of the asset's site at that time, seconds east of UTC.
    public var utcOffset: Int
}

extension Store {
    /// A photo is "at" a site within this many metres.
    public static var siteRadius: Double { 2_000 }

    /// Photos without a stamped copy, oldest first.
    public func pendingStamps() async throws -> [PendingStamp] {
        try await pool.read { db in
            let sites = try Row.fetchAll(db, sql: "SELECT * FROM site ORDER BY id").compactMap(SitePlace.init)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT photo.*, ticket.asset, asset.name_zh AS asset_zh, asset.name_en AS asset_en,
                        site.timezone, engineer.name_zh AS engineer_zh, engineer.name_en AS engineer_en
                    FROM photo JOIN ticket ON ticket.id = photo.ticket JOIN asset ON asset.id = ticket.asset
                    JOIN site ON site.id = asset.site LEFT JOIN engineer ON engineer.id = photo.engineer
                    WHERE stamped_at IS NULL AND refused IS NULL ORDER BY photo.id LIMIT 16
                    """
            ).map { PendingStamp($0, sites) }
        }
    }

    /// The stamped copy is durable beside the original; `rectangle` is `x,y,width,height` in stored pixels.
    public func bookStamp(_ photo: Int64, sha256: String, rectangle: String, at now: Instant) async throws {
        try await pool.write { db in
            try db.cached(
                "UPDATE photo SET stamped_sha256 = ?, rectangle = ?, stamped_at = ? WHERE id = ?",
                [sha256, rectangle, now.milliseconds, photo])
        }
        changes.signal()
    }

    /// The photo can't be stamped, for this reason; the original stays.
    public func bookStampRefused(_ photo: Int64, code: String) async throws {
        try await pool.write { db in
            try db.cached("UPDATE photo SET refused = ? WHERE id = ?", [code, photo])
        }
        changes.signal()
    }
}

private struct SitePlace {
    let name: LocalName
    let place: Coordinate

    init?(_ row: Row) {
        guard let place = Coordinate(latitude: row["latitude"], longitude: row["longitude"]) else { return nil }
        name = LocalName(zh: row["name_zh"], en: row["name_en"])
        self.place = place
    }
}

extension PendingStamp {
    fileprivate init(_ row: Row, _ sites: [SitePlace]) {
        let capturedAt = (row["captured_at"] as Int64?).map(Instant.init(milliseconds:))
        let receivedAt = Instant(milliseconds: row["received_at"])
        var place: Coordinate?
        if let latitude = row["latitude"] as Double?, let longitude = row["longitude"] as Double? {
            place = Coordinate(latitude: latitude, longitude: longitude)
        }
        var engineerName: LocalName?
        if let zh = row["engineer_zh"] as String?, let en = row["engineer_en"] as String? {
            engineerName = LocalName(zh: zh, en: en)
        }
        let nearest = place.flatMap { place in
            sites.map { ($0.name, $0.place.distance(to: place)) }.min { $0.1 < $1.1 }
        }
        self.init(
            id: row["id"], sha256: row["sha256"], ticket: TicketID(row["ticket"]),
            engineer: (row["engineer"] as String?).map(EngineerID.init(stored:)), engineerName: engineerName,
            asset: AssetID(stored: row["asset"]), assetName: LocalName(zh: row["asset_zh"], en: row["asset_en"]),
            capturedAt: capturedAt, receivedAt: receivedAt, place: place, accuracy: row["accuracy_m"],
            fixAt: (row["fix_at"] as Int64?).map(Instant.init(milliseconds:)),
            siteName: nearest.flatMap { $0.1 <= Store.siteRadius ? $0.0 : nil },
            utcOffset: secondsFromUTC(in: row["timezone"], at: capturedAt ?? receivedAt))
    }
}
