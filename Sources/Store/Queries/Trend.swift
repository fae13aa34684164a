public import Domain
import GRDB

/// A measure of a point over a span of event time, thinned to what a screen can show.
public struct Trend: Sendable {
    /// The extremes of one slice of time; a slice with one reading has both the same.
    public struct Slice: Sendable, Equatable {
        /// Of the slice's first reading; where minutes or hours stand for readings, when the first of those begins.
        public let at: Instant
        public let lowest: Double
        public let highest: Double
        public let count: Int
    }
    public let from: Instant
    public let to: Instant
    public let slices: [Slice]
    /// The limits in force now, of several rules the strictest's; nil while they are being learned, or where nothing
    /// judges this measure.
    public let limits: Thresholds?
    public let source: String?
}

extension Store {
    /// At most `Limits.trendSamples` slices between two event times; nil for a point that is not in the plant.
    ///
    /// Extremes survive the thinning: the one spike that confirmed a breach must be on the picture. A long span is drawn
    /// from minutes or hours, a short one from the readings themselves.
    public func trend(
        of point: PointID, _ measure: Measure, from: Instant, to: Instant
    ) async throws -> Trend? {
        try await pool.read { [telemetry] db in
            guard let key = try PointKey.find(db, point) else { return nil }
            let watches = try Watch.load(db, key, point).filter { $0.rule.measure == measure && $0.rule.kind.isOfValue }
            let strictest = watches.min { ($0.thresholds?.raise ?? .infinity) < ($1.thresholds?.raise ?? .infinity) }
            return Trend(
                from: from, to: to,
                slices: try telemetry.slices(db, key, measure, from: from, to: to, atMost: Limits.trendSamples),
                limits: strictest?.thresholds, source: strictest?.rule.source)
        }
    }
}
