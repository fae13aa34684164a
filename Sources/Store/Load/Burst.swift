import Domain
import Foundation
import Geo
import GRDB

extension BurstState {
    /// With nothing loaded but the counters.
    static func begin(_ db: Database) throws -> BurstState {
        BurstState(nextTicket: try nextID(db, "ticket"), nextEpisode: try nextID(db, "episode"))
    }

    private static func nextID(_ db: Database, _ table: String) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT coalesce(max(id), 0) + 1 FROM \(table)")) ?? 1
    }

    /// Adds what is not known yet of the points that a burst is about, and the values that late readings may repeat.
    mutating func complete(_ db: Database, for burst: [Series]) throws {
        var late: [PointKey: [Reading]] = [:]
        for series in burst {
            guard let index = try complete(db, for: series.point) else { continue }
            guard let newest = points[index].newest else { continue }
            let readings = series.readings.filter { $0.at <= newest }
            if !readings.isEmpty { late[points[index].key, default: []] += readings }
        }
        guard !late.isEmpty else { return }
        known.merge(try Telemetry.known(db, late)) { stored, _ in stored }
    }

    /// Where the point stands, with its machine's tickets; nil when it is not in the plant.
    @discardableResult
    mutating func complete(_ db: Database, for id: PointID) throws -> Int? {
        guard let index = try index(of: id) ?? load(db, id) else { return nil }
        let asset = points[index].asset
        if assets[asset].tickets == nil { setTickets(try Ticket.newest(db, of: id.asset), ofAssetAt: asset) }
        return index
    }

    /// nil for a point that is not in the plant.
    private mutating func load(_ db: Database, _ id: PointID) throws -> Int? {
        guard let key = try PointKey.find(db, id) else { return nil }
        let asset: Int
        if let known = index(of: id.asset) {
            asset = known
        } else {
            guard let facts = try AssetFacts.load(db, id.asset) else { return nil }
            asset = add(
                AssetState(
                    facts, run: try MachineRun.load(db, id.asset),
                    plannedWork: try PlannedWork.spans(db, id.asset, facts.site),
                    diagnosis: try TicketDiagnosis.newest(db, of: id.asset)))
        }
        let (newest, numbering, told) = try Numbering.load(db, key)
        add(
            PointState(
                key: key, id: id, asset: asset, watches: try Watch.load(db, key, id), newest: newest,
                numbering: numbering, told: told))
        return index(of: id)
    }
}

extension Ticket {
    /// For each fault the newest ticket: if one is open, it is that one.
    fileprivate static func newest(_ db: Database, of asset: AssetID) throws -> [Fault: Ticket] {
        var tickets: [Fault: Ticket] = [:]
        let newest = try fetch(
            db,
            where: """
                id IN (SELECT max(id) FROM ticket WHERE asset = ? GROUP BY kind, fault_point)
                    OR (asset = ? AND state NOT IN ('closed', 'cancelled'))
                """,
            [asset.text, asset.text])
        for ticket in newest {
            if let known = tickets[ticket.fault], known.state.isOpen { continue }
            tickets[ticket.fault] = ticket
        }
        return tickets
    }
}

extension Watch {
    static func load(_ db: Database, _ point: PointKey, _ id: PointID) throws -> [Watch] {
        let detectors = try Detector.load(db, point)
        return try Rule.load(db, point, id).map { Watch($0, detectors[$0.id] ?? Detector()) }
    }
}

extension PointState {
    func save(_ db: Database) throws {
        if let newest { try numbering.save(db, key, newest: newest, told: told) }
        for watch in changes { try watch.save(db, key) }
    }
}

extension Numbering {
    fileprivate static func load(
        _ db: Database, _ point: PointKey
    ) throws -> (newest: Instant?, Numbering, told: UInt16) {
        let statement = try db.cachedStatement(sql: "SELECT * FROM progress WHERE point = ?")
        guard let row = try Row.fetchOne(statement, arguments: [point.number]) else { return (nil, Numbering(), 0) }
        return (Instant(row, "newest"), Numbering(last: row["number"], missing: ranges(row["missing"])), row["told"])
    }

    /// `18…20,25…25`
    private static func ranges(_ text: String) -> [ClosedRange<Int64>] {
        text.split(separator: ",").compactMap { range in
            let bounds = range.split(separator: "…").compactMap { Int64($0) }
            return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : nil
        }
    }

    fileprivate func save(_ db: Database, _ point: PointKey, newest: Instant, told: UInt16) throws {
        let missing = missing.map { "\($0.lowerBound)…\($0.upperBound)" }.joined(separator: ",")
        try db.cached(
            """
            INSERT INTO progress (point, newest, number, missing, told) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (point) DO UPDATE SET newest = excluded.newest, number = excluded.number,
                missing = excluded.missing, told = excluded.told
            """, [point.number, newest.milliseconds, last, missing, Int(told)])
    }
}

extension PointKey {
    static func find(_ db: Database, _ id: PointID) throws -> PointKey? {
        let statement = try db.cachedStatement(sql: "SELECT id FROM point WHERE asset = ? AND name = ?")
        return try Int64.fetchOne(statement, arguments: [id.asset.text, id.name.text]).map(PointKey.init)
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
