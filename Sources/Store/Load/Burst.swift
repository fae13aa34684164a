import Domain
import Foundation
import Geo
import GRDB

extension BurstState {
    /// Everything that a burst of readings is decided on.
    static func load(_ db: Database, for readings: [Reading]) throws -> BurstState {
        var points: [PointID: PointState] = [:]
        for reading in readings where points[reading.point] == nil {
            points[reading.point] = try PointState.load(db, reading.point)
        }
        return BurstState(
            points: points,
            known: try knownValues(db, readings, points),
            tickets: try tickets(db, Set(points.values.map(\.asset.id))),
            nextTicket: try nextID(db, "ticket"),
            nextEpisode: try nextID(db, "episode"))
    }

    private static func knownValues(
        _ db: Database, _ readings: [Reading], _ points: [PointID: PointState]
    ) throws -> [ValueKey: Double] {
        var known: [ValueKey: Double] = [:]
        let statement = try db.cachedStatement(
            sql: "SELECT value FROM reading WHERE point = ? AND measure = ? AND at = ?")
        for reading in readings {
            guard let key = points[reading.point]?.key else { continue }
            for measure in Measure.allCases where reading.values[measure] != nil {
                let arguments: StatementArguments = [key.number, Int(measure.rawValue), reading.at.milliseconds]
                if let value = try Double.fetchOne(statement, arguments: arguments) {
                    known[ValueKey(point: key, measure: measure, at: reading.at)] = value
                }
            }
        }
        return known
    }

    /// For each fault the newest ticket: if one is open, it is that one.
    private static func tickets(_ db: Database, _ assets: Set<AssetID>) throws -> [Fault: Ticket] {
        var tickets: [Fault: Ticket] = [:]
        for asset in assets {
            let newest = try Ticket.fetch(
                db,
                where:
                    """
                    id IN (SELECT max(id) FROM ticket WHERE asset = ? GROUP BY kind)
                        OR (asset = ? AND state NOT IN ('closed', 'cancelled'))
                    """,
                [asset.text, asset.text])
            for ticket in newest {
                if let known = tickets[ticket.fault], known.state.isOpen { continue }
                tickets[ticket.fault] = ticket
            }
        }
        return tickets
    }

    private static func nextID(_ db: Database, _ table: String) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT coalesce(max(id), 0) + 1 FROM \(table)")) ?? 1
    }
}

extension PointKey {
    static func find(_ db: Database, _ id: PointID) throws -> PointKey? {
        let statement = try db.cachedStatement(sql: "SELECT id FROM point WHERE asset = ? AND name = ?")
        return try Int64.fetchOne(statement, arguments: [id.asset.text, id.name.text]).map(PointKey.init)
    }
}

extension PointState {
    /// nil for a point that is not in the plant.
    static func load(_ db: Database, _ id: PointID) throws -> PointState? {
        guard let key = try PointKey.find(db, id), let asset = try AssetFacts.load(db, id.asset) else { return nil }
        return PointState(
            key: key, id: id, asset: asset, rules: try Rule.load(db, key, id.asset),
            detectors: try Detector.load(db, key))
    }
}

extension AssetFacts {
    static func load(_ db: Database, _ id: AssetID) throws -> AssetFacts? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT asset.site, site.latitude, site.longitude, customer.grade, asset.skill, asset.skill_level
                FROM asset JOIN site ON site.id = asset.site JOIN customer ON customer.id = asset.customer
                WHERE asset.id = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [id.text]),
            let place = Coordinate(latitude: row["latitude"], longitude: row["longitude"]),
            let grade = Grade(rawValue: row["grade"])
        else { return nil }
        return AssetFacts(
            id: id, site: SiteID(stored: row["site"]), place: place, grade: grade,
            needs: Skill(row["skill"], level: row["skill_level"]))
    }
}

extension Rule {
    /// The point's own limits, and the newest zone limits of its asset's class for every other measure.
    static func load(_ db: Database, _ point: PointKey, _ asset: AssetID) throws -> [Rule] {
        let own = try db.cachedStatement(sql: "SELECT * FROM point_limit WHERE point = ?")
        var rules = try Row.fetchAll(own, arguments: [point.number]).compactMap(Rule.init(ownLimit:))
        let zones = try db.cachedStatement(
            sql: """
                SELECT z.* FROM zone_limit z JOIN asset ON asset.machine_class = z.machine_class
                WHERE asset.id = ? AND z.version = (SELECT max(version) FROM zone_limit
                    WHERE machine_class = z.machine_class AND measure = z.measure)
                """)
        for row in try Row.fetchAll(zones, arguments: [asset.text]) {
            guard let measure = Measure(name: row["measure"] as String),
                !rules.contains(where: { $0.measure == measure })
            else { continue }
            let thresholds = Thresholds(boundaryBC: row["bc"], boundaryCD: row["cd"])
            let source = "\(row["source"] as String) (\(row["version"] as String))"
            rules.append(Rule(measure: measure, basis: .fixed(thresholds), source: source))
        }
        return rules
    }

    private init?(ownLimit row: Row) {
        guard let measure = Measure(name: row["measure"] as String),
            let confirmation = Confirmation(row["confirm"], of: row["confirm_of"])
        else { return nil }
        let basis: Basis
        if let count = row["learn"] as Int? {
            basis = .learned(count: count)
        } else {
            basis = .fixed(Thresholds(raise: row["raise_at"], clear: row["clear_at"], critical: row["critical_at"]))
        }
        self.init(measure: measure, basis: basis, confirmation: confirmation, source: row["source"])
    }
}

extension Detector {
    static func load(_ db: Database, _ point: PointKey) throws -> [Measure: Detector] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT detector.*, episode.ticket, episode.raised_at, episode.raise_at, episode.clear_at,
                    episode.critical_at, episode.severity, episode.peak, episode.peak_at, episode.count
                FROM detector LEFT JOIN episode ON episode.id = detector.episode WHERE detector.point = ?
                """)
        var detectors: [Measure: Detector] = [:]
        for row in try Row.fetchAll(statement, arguments: [point.number]) {
            guard let measure = Measure(rawValue: row["measure"]) else { continue }
            detectors[measure] = Detector(
                last: (row["last_at"] as Int64?).map(Instant.init(milliseconds:)), lastValue: row["last_value"],
                over: UInt64(bitPattern: row["over"]), under: UInt64(bitPattern: row["under"]),
                critical: UInt64(bitPattern: row["critical"]),
                baseline: Baseline(count: row["learned"], mean: row["mean"], sumOfSquares: row["squares"]),
                episode: Episode(joined: row))
        }
        return detectors
    }
}

extension Episode {
    fileprivate init?(joined row: Row) {
        guard let id = row["episode"] as Int64?, let severity = Severity(rawValue: row["severity"] ?? "") else {
            return nil
        }
        self.init(
            id: EpisodeID(id), ticket: (row["ticket"] as Int64?).map(TicketID.init),
            raisedAt: Instant(milliseconds: row["raised_at"]),
            limits: Thresholds(raise: row["raise_at"], clear: row["clear_at"], critical: row["critical_at"]),
            severity: severity, peak: row["peak"], peakAt: Instant(milliseconds: row["peak_at"]), count: row["count"])
    }
}
