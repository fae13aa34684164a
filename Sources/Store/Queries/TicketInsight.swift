public import Domain
import GRDB

/// What a ticket's page tells beyond its course: what the waveforms say, how fast it gets worse, whether the repair
/// helped, and what work is planned.
public struct TicketInsight: Sendable {
    public let analysis: AnalysisFacts?
    public let forecast: TicketForecast?
    public let repairs: [Repair]
    public let plannedWork: PlannedWorkFacts?
}

/// A forecast, and of what.
public struct TicketForecast: Sendable {
    public let point: PointID
    public let measure: Measure
    public let forecast: Forecast
}

/// A measure before and after a repair.
public struct Repair: Sendable {
    public let point: PointID
    public let place: LocalName
    public let measure: Measure
    public let before: Proof.Before?
    /// nil while nothing was measured.
    public let afterMean: Double?
    public let afterCount: Int
    /// Readings at another speed, which were not counted.
    public let elsewhere: Int
}

extension Store {
    /// nil when there is no such ticket.
    public func insight(of id: TicketID, at now: Instant) async throws -> TicketInsight? {
        try await pool.read { [telemetry] db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM ticket WHERE id = ?", arguments: [id.number]),
                let ticket = Ticket(row)
            else { return nil }
            return TicketInsight(
                analysis: try AnalysisFacts.telling(db, of: row),
                forecast: ticket.state.isOpen ? try TicketForecast(db, telemetry, row, at: now) : nil,
                repairs: try Repair.fetch(db, ticket),
                plannedWork: try PlannedWorkFacts.on(db, ticket.fault.asset, at: now))
        }
    }
}

extension TicketForecast {
    /// History that a trend is read from.
    private static let span = Duration.days(7)

    /// From the last week up to now, to the limit that is not reached yet: that of damage, or the ticket's own.
    fileprivate init?(_ db: Database, _ telemetry: Telemetry, _ ticket: Row, at now: Instant) throws {
        guard let measure = Measure(name: ticket["measure"] as String),
            Rule.Kind(rawValue: ticket["rule"])?.isOfValue == true,
            let row = try Row.fetchOne(
                db, sql: "SELECT asset, name FROM point WHERE id = ?", arguments: [ticket["point"] as Int64])
        else { return nil }
        let point = PointID(asset: AssetID(stored: row[0]), name: Name(stored: row[1]))
        let key = PointKey(ticket["point"])
        let watches = try Watch.load(db, key, point).filter { $0.rule.measure == measure && $0.rule.kind.isOfValue }
        let limits = watches.compactMap(\.thresholds).flatMap { [$0.critical, $0.raise].compactMap(\.self) }
        let slices = try telemetry.slices(
            db, key, measure, from: now - Self.span, to: now, atMost: Limits.trendSamples)
        let history = slices.map { ($0.at, ($0.lowest + $0.highest) / 2) }
        for limit in limits.sorted(by: >) {
            guard let forecast = Forecast(history, limit: limit) else { continue }
            (self.point, self.measure, self.forecast) = (point, measure, forecast)
            return
        }
        return nil
    }
}

extension Repair {
    /// What was kept when the ticket was closed, or what the proof shows so far.
    fileprivate static func fetch(_ db: Database, _ ticket: Ticket) throws -> [Repair] {
        let isProving = ticket.state == .verifying
        let values =
            isProving
            ? """
            before_mean, before_peak, before_count, before_band, sum / max(1, readings) AS after_mean,
            readings AS after_count
            """
            : "before_mean, before_peak, before_count, 0 AS before_band, after_mean, after_count"
        let table = isProving ? "proof" : "repair"
        return try Row.fetchAll(
            db,
            sql: """
                SELECT \(values), elsewhere, measure, asset, name, place_zh, place_en
                FROM \(table) JOIN point ON point.id = \(table).point
                WHERE ticket = ? ORDER BY \(table).point, measure
                """, arguments: [ticket.id.number]
        ).compactMap { row in
            guard let measure = Measure(rawValue: row["measure"]) else { return nil }
            let count: Int = row["after_count"]
            return Repair(
                point: PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"])),
                place: LocalName(zh: row["place_zh"], en: row["place_en"]), measure: measure,
                before: Proof.Before(row), afterMean: count > 0 ? row["after_mean"] : nil, afterCount: count,
                elsewhere: row["elsewhere"])
        }
    }
}
