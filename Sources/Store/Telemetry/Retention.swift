public import Domain
import GRDB

/// What a round of retention threw away.
public struct Retained: Sendable, Equatable {
    /// Day files, of readings and of waveforms.
    public var days = 0
    public var rollups = 0
    public var waveforms = 0
}

extension Telemetry {
    /// Throws away what is older than its span. A day of readings goes as a file: that costs nothing.
    ///
    /// Our clock may show a year that is not yet; it counts up to a day beyond the newest reading.
    @discardableResult
    public func retain(at now: Instant) async throws -> Retained {
        try await blocking { [self] in
            let newest = try pool.read { try Int64.fetchOne($0, sql: "SELECT max(newest) FROM progress") }
            let now = newest.map { min(now, Instant(milliseconds: $0) + .days(1)) } ?? now
            var retained = Retained()
            for day in files.days(.chunks) where day.end < now - retention.raw {
                try files.remove(day, .chunks)
                retained.days += 1
            }
            for day in files.days(.waveforms) where day.end < now - retention.waveforms {
                let retired = try retireWaveforms(of: day)
                retained.waveforms += retired.waveforms
                retained.days += retired.days
            }
            try pool.write { db in
                try db.cachedStatement(sql: "DELETE FROM waveform WHERE kept = 1 AND at < ?")
                    .execute(arguments: [(now - retention.hours).milliseconds])
                retained.waveforms += db.changesCount
                try db.cachedStatement(sql: "DELETE FROM waveform_analysis WHERE at < ?")
                    .execute(arguments: [(now - retention.hours).milliseconds])
            }
            retained.rollups = try thinOut(at: now)
            return retained
        }
    }

    /// Some points a transaction: nobody waits long for the writer.
    private func thinOut(at now: Instant) throws -> Int {
        let points = try pool.read { try Int64.fetchAll($0, sql: "SELECT id FROM point ORDER BY id") }
        var rollups = 0
        for start in stride(from: 0, to: points.count, by: Self.pointsAtOnce) {
            try pool.write { db in
                for point in points[start..<min(start + Self.pointsAtOnce, points.count)] {
                    for measure in Measure.allCases {
                        rollups += try thinOut(db, point, measure, .minute, before: now - retention.minutes)
                        rollups += try thinOut(db, point, measure, .hour, before: now - retention.hours)
                    }
                    try db.cachedStatement(sql: "DELETE FROM reading_aside WHERE point = ? AND at < ?")
                        .execute(arguments: [point, (now - retention.raw).milliseconds])
                }
            }
        }
        return rollups
    }

    private static let pointsAtOnce = 50

    private func thinOut(
        _ db: Database, _ point: Int64, _ measure: Measure, _ span: Rollup.Span, before: Instant
    ) throws -> Int {
        try db.cachedStatement(sql: "DELETE FROM \(span.table) WHERE point = ? AND measure = ? AND at < ?")
            .execute(arguments: [point, Int(measure.rawValue), before.milliseconds])
        return db.changesCount
    }
}
