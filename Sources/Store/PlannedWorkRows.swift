public import Domain
import GRDB

/// Planned work as pages show it.
public struct PlannedWorkFacts: Sendable {
    public let id: Int64
    public let site: SiteID
    public let siteName: LocalName
    /// nil: the whole site.
    public let asset: AssetID?
    public let assetName: LocalName?
    public let span: PlannedWork.Span
    public let reason: String
    /// As `Actor.text`; the name if that is an engineer.
    public let by: String
    public let byName: LocalName?
    public let endedAt: Instant?
}

public struct SiteMachines: Sendable {
    public let id: SiteID
    public let name: LocalName
    public let assets: [(id: AssetID, name: LocalName)]
}

/// Why planned work is not taken.
public enum PlannedWorkRefusal: Error, Sendable, Equatable {
    case unknownPlace
    case unknown
    case tooMany
}

extension Store {
    /// What is on, what is to come, and what ended within a day; the soonest to end first.
    public func plannedWork(at now: Instant) async throws -> [PlannedWorkFacts] {
        try await pool.read { db in
            try PlannedWorkFacts.fetch(
                db, where: "planned_work.until_at > ?", [(now - .days(1)).milliseconds])
        }
    }

    /// The work that is on at a machine.
    public func plannedWork(on asset: AssetID, at now: Instant) async throws -> PlannedWorkFacts? {
        try await pool.read { db in try PlannedWorkFacts.on(db, asset, at: now) }
    }

    /// - Throws: `PlannedWorkRefusal`.
    /// - Returns: its number.
    public func plan(_ work: PlannedWork, at now: Instant) async throws -> Int64 {
        try await change { db in
            let place: (site: String, asset: String?)
            switch work.scope {
            case .site(let site):
                guard try String.fetchOne(db, sql: "SELECT id FROM site WHERE id = ?", arguments: [site.text]) != nil
                else { throw PlannedWorkRefusal.unknownPlace }
                place = (site.text, nil)
            case .asset(let asset):
                guard
                    let site = try String.fetchOne(
                        db, sql: "SELECT site FROM asset WHERE id = ?", arguments: [asset.text])
                else { throw PlannedWorkRefusal.unknownPlace }
                place = (site, asset.text)
            }
            let open = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM planned_work WHERE until_at > ?", arguments: [now.milliseconds])
            guard open ?? 0 < Limits.plannedWork else { throw PlannedWorkRefusal.tooMany }
            try db.cached(
                """
                INSERT INTO planned_work (site, asset, from_at, until_at, reason, actor, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    place.site, place.asset, work.span.from.milliseconds, work.span.until.milliseconds, work.reason,
                    work.by.text, now.milliseconds,
                ])
            return db.lastInsertedRowID
        }
    }

    /// Ends it now; what had not begun is over before it began.
    /// - Throws: `PlannedWorkRefusal`.
    public func endPlannedWork(_ id: Int64, by actor: Actor, at now: Instant) async throws {
        try await change { db in
            try db.cached(
                """
                UPDATE planned_work SET ended_at = ?1, ended_by = ?2, until_at = max(from_at, min(until_at, ?1))
                WHERE id = ?3 AND ended_at IS NULL
                """, [now.milliseconds, actor.text, id])
            guard db.changesCount == 1 else { throw PlannedWorkRefusal.unknown }
        }
    }

    /// Forgets what was learned of a point, to be learned anew.
    /// - Returns: how many baselines; nil for a point that is not in the plant.
    public func relearn(_ point: PointID) async throws -> Int? {
        try await change { db in
            guard let key = try PointKey.find(db, point) else { return nil }
            try db.cached("DELETE FROM baseline WHERE point = ?", [key.number])
            let count = db.changesCount
            try db.cached(
                """
                UPDATE detector SET over = 0, under = 0, critical = 0, held_since = NULL, memory = NULL WHERE point = ?
                """, [key.number])
            // What was judged by limits that no longer hold is over; those of a fixed rule hold.
            for measure in Measure.allCases { try Episode.end(db, key, RuleID(measure, .learned)) }
            return count
        }
    }

    /// Sites with their machines, as people call them.
    public func machines() async throws -> [SiteMachines] {
        try await pool.read { db in
            let assets = try Row.fetchAll(db, sql: "SELECT id, site, name_zh, name_en FROM asset ORDER BY id")
            return try Row.fetchAll(db, sql: "SELECT id, name_zh, name_en FROM site ORDER BY id").map { site in
                SiteMachines(
                    id: SiteID(stored: site["id"]), name: LocalName(zh: site["name_zh"], en: site["name_en"]),
                    assets: assets.filter { $0["site"] as String == site["id"] }.map {
                        (AssetID(stored: $0["id"]), LocalName(zh: $0["name_zh"], en: $0["name_en"]))
                    })
            }
        }
    }

    /// A change of what bursts are decided on, from outside of them.
    private func change<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        let result = try await pool.write { [memory] db in
            let result = try body(db)
            db.afterNextTransaction { _ in memory.forget() }
            return result
        }
        changes.signal()
        return result
    }
}

extension PlannedWork {
    /// What readings that may still open a ticket can fall into.
    static func spans(_ db: Database, _ asset: AssetID, _ site: SiteID) throws -> [Span] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT from_at, until_at FROM planned_work WHERE site = ? AND (asset IS NULL OR asset = ?)
                        AND until_at > from_at ORDER BY until_at DESC LIMIT \(Limits.plannedWork)
                    """), arguments: [site.text, asset.text]
        ).compactMap { Span(from: Instant(milliseconds: $0[0]), until: Instant(milliseconds: $0[1])) }
    }
}

extension PlannedWorkFacts {
    /// The one that lasts longest.
    static func on(_ db: Database, _ asset: AssetID, at now: Instant) throws -> PlannedWorkFacts? {
        try fetch(
            db,
            where: """
                planned_work.from_at <= ? AND planned_work.until_at > ? AND (planned_work.asset = ? OR planned_work.asset
                    IS NULL AND planned_work.site = (SELECT site FROM asset WHERE id = ?))
                """, [now.milliseconds, now.milliseconds, asset.text, asset.text]
        ).last
    }

    fileprivate static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [PlannedWorkFacts] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT planned_work.*, site.name_zh AS site_zh, site.name_en AS site_en,
                    asset.name_zh AS asset_zh, asset.name_en AS asset_en,
                    engineer.name_zh AS engineer_zh, engineer.name_en AS engineer_en
                FROM planned_work JOIN site ON site.id = planned_work.site
                LEFT JOIN engineer ON 'engineer:' || engineer.id = planned_work.actor
                LEFT JOIN asset ON asset.id = planned_work.asset
                WHERE \(condition) ORDER BY planned_work.until_at, planned_work.id LIMIT \(Limits.pageRows)
                """, arguments: arguments
        ).compactMap { row in
            guard
                let span = PlannedWork.Span(
                    from: Instant(milliseconds: row["from_at"]), until: Instant(milliseconds: row["until_at"]))
            else { return nil }
            return PlannedWorkFacts(
                id: row["id"], site: SiteID(stored: row["site"]),
                siteName: LocalName(zh: row["site_zh"], en: row["site_en"]),
                asset: (row["asset"] as String?).map(AssetID.init(stored:)),
                assetName: LocalName(row, "asset_zh", "asset_en"), span: span, reason: row["reason"], by: row["actor"],
                byName: LocalName(row, "engineer_zh", "engineer_en"), endedAt: Instant(row, "ended_at"))
        }
    }
}
