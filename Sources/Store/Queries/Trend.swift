public import Domain
import GRDB

/// A measure of a point over a span of event time, thinned to what a screen can show.
public struct Trend: Sendable {
    /// The extremes of one slice of time; a slice with one reading has both the same.
    public struct Slice: Sendable, Equatable {
        /// Of the slice's first reading.
        public let at: Instant
        public let lowest: Double
        public let highest: Double
        public let count: Int
    }
    public let from: Instant
    public let to: Instant
    public let slices: [Slice]
    /// The limits in force now; nil while they are being learned, or where nothing judges this measure.
    public let limits: Thresholds?
    public let source: String?
}

extension Store {
    /// At most `Limits.trendSamples` slices between two event times; nil for a point that is not in the plant.
    ///
    /// Extremes survive the thinning: the one spike that confirmed a breach must be on the picture.
    public func trend(
        of point: PointID, _ measure: Measure, from: Instant, to: Instant
    ) async throws -> Trend? {
        try await pool.read { db in
            guard let state = try PointState.load(db, point) else { return nil }
            let width = max(1, (to - from).milliseconds / Int64(Limits.trendSamples) + 1)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT min(at) AS first, min(value) AS lowest, max(value) AS highest, count(*) AS count
                    FROM reading WHERE point = ? AND measure = ? AND at BETWEEN ? AND ?
                    GROUP BY (at - ?) / ? ORDER BY first
                    """,
                arguments: [
                    state.key.number, Int(measure.rawValue), from.milliseconds, to.milliseconds, from.milliseconds,
                    width,
                ])
            let rule = state.rules.first { $0.measure == measure }
            return Trend(
                from: from, to: to,
                slices: rows.map {
                    Trend.Slice(
                        at: Instant(milliseconds: $0["first"]), lowest: $0["lowest"], highest: $0["highest"],
                        count: $0["count"])
                },
                limits: rule.flatMap { (state.detectors[measure] ?? Detector()).thresholds(of: $0) },
                source: rule?.source)
        }
    }
}
