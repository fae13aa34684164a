public import Domain
public import Geo
import GRDB

/// A photo on a ticket.
public struct PhotoFacts: Sendable {
    public let id: Int64
    public let ticket: TicketID
    /// Of the original's bytes, lower-case hex; also its name on disk.
    public let sha256: String
    public let stampedSHA256: String?
    public let stampedAt: Instant?
    /// Why it can't be stamped.
    public let refused: String?
    public let bytes: Int
    public let upload: String
    public let engineer: EngineerID?
    public let engineerName: LocalName?
    public let receivedAt: Instant
    public let capturedAt: Instant?
    public let place: Coordinate?
    /// Metres.
    public let accuracy: Double?
    public let fixAt: Instant?
}

extension Store {
    /// nil when there is no such photo.
    public func photo(_ id: Int64) async throws -> PhotoFacts? {
        try await pool.read { db in try PhotoFacts.fetch(db, where: "photo.id = ?", [id]).first }
    }

    /// The photo that these bytes became on this ticket, if they did.
    public func photo(sha256: String, on ticket: TicketID) async throws -> PhotoFacts? {
        try await pool.read { db in
            try PhotoFacts.fetch(db, where: "photo.sha256 = ? AND photo.ticket = ?", [sha256, ticket.number]).first
        }
    }
}

extension PhotoFacts {
    static func fetch(_ db: Database, _ ticket: TicketID) throws -> [PhotoFacts] {
        try fetch(db, where: "photo.ticket = ?", [ticket.number])
    }

    fileprivate static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [PhotoFacts] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT photo.*, engineer.name_zh, engineer.name_en
                FROM photo LEFT JOIN engineer ON engineer.id = photo.engineer
                WHERE \(condition) ORDER BY photo.id LIMIT \(Limits.photosPerTicket)
                """, arguments: arguments
        ).map(PhotoFacts.init)
    }

    private init(_ row: Row) {
        id = row["id"]
        ticket = TicketID(row["ticket"])
        sha256 = row["sha256"]
        stampedSHA256 = row["stamped_sha256"]
        stampedAt = Instant(row, "stamped_at")
        refused = row["refused"]
        bytes = row["bytes"]
        upload = row["upload"]
        engineer = (row["engineer"] as String?).map(EngineerID.init(stored:))
        engineerName = LocalName(row, "name_zh", "name_en")
        receivedAt = Instant(milliseconds: row["received_at"])
        capturedAt = Instant(row, "captured_at")
        if let latitude = row["latitude"] as Double?, let longitude = row["longitude"] as Double? {
            place = Coordinate(latitude: latitude, longitude: longitude)
        } else {
            place = nil
        }
        accuracy = row["accuracy_m"]
        fixAt = Instant(row, "fix_at")
    }
}
