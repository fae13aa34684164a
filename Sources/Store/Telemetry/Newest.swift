public import Domain
import GRDB

extension Store {
    /// A point's newest readings, newest first; nil for a point that is not in the plant.
    public func newestReadings(of point: PointID, limit: Int = 1) async throws -> [Reading]? {
        try await pool.read { [telemetry] db in
            guard let key = try PointKey.find(db, point) else { return nil }
            return try telemetry.newest(db, key, limit: limit)
        }
    }
}

extension Telemetry {
    func newest(_ db: Database, _ point: PointKey, limit: Int) throws -> [Reading] {
        var journal: [Reading] = []
        let always = (Instant(milliseconds: .min), Instant(milliseconds: .max))
        try Journal.visit(db, from: always.0, to: always.1, where: { $0.point == point }) { _, bytes in
            try Columns.decode(bytes, into: &journal)
        }
        // Late ones may lie among the days: these fill up, whatever the journal has.
        var stored: [Reading] = []
        for day in files.days(.chunks).reversed() {
            guard stored.count < limit else { break }
            let before = try files.read(day, .chunks) { try Chunk.newest($0, of: point, limit: limit - stored.count) }
            stored = (before ?? []) + stored
        }
        return Run(sorting: stored + journal).readings.suffix(limit).reversed()
    }
}

extension Chunk {
    /// At least `limit` readings, if the day has them, in order of time.
    fileprivate static func newest(_ db: Database, of point: PointKey, limit: Int) throws -> [Reading] {
        let ids = ids(of: point)
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT blob FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id DESC"),
            arguments: [ids.lowerBound, ids.upperBound])
        var readings: [Reading] = []
        while readings.count < limit, let row = try rows.next() {
            var earlier: [Reading] = []
            try row.withBytes(0) { try Columns.decode($0, into: &earlier) }
            readings = earlier + readings
        }
        return readings
    }
}
