public import Domain
import Geo
import GRDB

extension PositionReport {
    /// Keeps the newest fix; an older one or one from the future is refused with its reason.
    func decide(_ db: Database, at now: Instant, _ policy: Policy) throws -> [Effect] {
        guard try engineer.exists(db) else {
            return [.reject(Rejection(.unknownEngineer, "\(engineer) is not in the plant; import it first"))]
        }
        if fixAt > now + policy.aheadAtMost {
            return [.reject(Rejection(.positionInTheFuture, "fix_at \(fixAt.iso8601) of \(engineer) is ahead of us"))]
        }
        try db.cached(
            """
            INSERT INTO engineer_position (engineer, latitude, longitude, raw_latitude, raw_longitude, datum,
                accuracy_m, fix_at, received_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (engineer) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude,
                raw_latitude = excluded.raw_latitude, raw_longitude = excluded.raw_longitude, datum = excluded.datum,
                accuracy_m = excluded.accuracy_m, fix_at = excluded.fix_at, received_at = excluded.received_at
            WHERE excluded.fix_at > engineer_position.fix_at
            """,
            [
                engineer.text, place.latitude, place.longitude, rawLatitude, rawLongitude, datum.rawValue, accuracy,
                fixAt.milliseconds, now.milliseconds,
            ])
        guard db.changesCount == 0, let newest = try newestFix(db), newest != fixAt else { return [] }
        let detail = "a newer fix of \(engineer), of \(newest.iso8601), is known already"
        return [.reject(Rejection(.olderPosition, detail))]
    }

    private func newestFix(_ db: Database) throws -> Instant? {
        try Int64.fetchOne(
            db, sql: "SELECT fix_at FROM engineer_position WHERE engineer = ?", arguments: [engineer.text]
        ).map(Instant.init(milliseconds:))
    }
}

extension Store {
    /// Why a photo would not be attached; nil when it would.
    public func refusesPhoto(of sender: Actor, on ticket: TicketID) throws -> Rejection? {
        try pool.read { try photoRejection($0, of: sender, on: ticket) }
    }
}

private func photoRejection(_ db: Database, of sender: Actor, on ticket: TicketID) throws -> Rejection? {
    if case .engineer(let id) = sender, try !id.exists(db) {
        return Rejection(.unknownEngineer, "\(id) is not in the plant; import it first")
    }
    guard try Ticket.load(db, ticket) != nil else { return Rejection(.unknownTicket, "there is no ticket \(ticket)") }
    let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM photo WHERE ticket = ?", arguments: [ticket.number])
    guard count ?? 0 < Limits.photosPerTicket else {
        return Rejection(.tooMany, "\(ticket) has \(Limits.photosPerTicket) photos already")
    }
    return nil
}

extension PhotoArrival {
    /// Attaches the photo; the same picture on the same ticket is one photo, however often it comes.
    ///
    /// A time of capture that can't be is not stamped as if it were: the photo is kept, the time is not.
    func decide(_ db: Database, at now: Instant, _ policy: Policy) throws -> [Effect] {
        if let rejection = try photoRejection(db, of: by, on: ticket) { return [.reject(rejection)] }
        let engineer: String? = if case .engineer(let id) = by { id.text } else { nil }
        try db.cached(
            """
            INSERT INTO photo (sha256, ticket, engineer, upload, bytes, received_at, captured_at, latitude, longitude,
                datum, raw_latitude, raw_longitude, accuracy_m, fix_at, exif)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256, ticket) DO NOTHING
            """,
            [
                sha256, ticket.number, engineer, upload.text, bytes, now.milliseconds,
                implausibleCapture(now, policy) == nil ? capturedAt?.milliseconds : nil,
                position?.place.latitude, position?.place.longitude, position?.datum.rawValue, position?.rawLatitude,
                position?.rawLongitude, position?.accuracy, position?.fixAt.milliseconds, exif,
            ])
        guard db.changesCount == 1 else { return [] }
        let detail = ["sha256": sha256, "photo": String(db.lastInsertedRowID)]
        let entry = Effect.log(ticket, Entry(.photo, by: by, at: now, detail))
        return [entry] + (implausibleCapture(now, policy).map { [.reject($0)] } ?? [])
    }

    private func implausibleCapture(_ now: Instant, _ policy: Policy) -> Rejection? {
        guard let capturedAt else { return nil }
        let said = "captured_at \(capturedAt.iso8601) of \(upload); the photo is kept and stamped as received"
        if capturedAt > now + policy.aheadAtMost { return Rejection(.inTheFuture, said) }
        return capturedAt < now - policy.rejectAfter ? Rejection(.tooOld, said) : nil
    }
}
