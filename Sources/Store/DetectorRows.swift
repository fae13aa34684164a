import Domain
import GRDB

/// Where rules stand, what they have learned, and the episodes they have raised.
enum DetectorRows {
    /// A point has several rules for a measure, and learned limits are kept by speed: came later.
    static func migrate(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE detector RENAME TO old_detector;
                CREATE TABLE detector (
                    point INTEGER NOT NULL, measure INTEGER NOT NULL, kind INTEGER NOT NULL, last_at INTEGER,
                    last_value REAL NOT NULL, over INTEGER NOT NULL, under INTEGER NOT NULL, critical INTEGER NOT NULL,
                    held_since INTEGER, band INTEGER NOT NULL, episode INTEGER,
                    PRIMARY KEY (point, measure, kind)) WITHOUT ROWID;
                CREATE TABLE baseline (
                    point INTEGER NOT NULL, measure INTEGER NOT NULL, kind INTEGER NOT NULL, band INTEGER NOT NULL,
                    windows INTEGER NOT NULL, mean REAL NOT NULL, deviation REAL NOT NULL,
                    open_count INTEGER NOT NULL, open_mean REAL NOT NULL, open_squares REAL NOT NULL,
                    block_count INTEGER NOT NULL, block_mean REAL NOT NULL, block_squares REAL NOT NULL,
                    lowest REAL NOT NULL, highest REAL NOT NULL,
                    PRIMARY KEY (point, measure, kind, band)) WITHOUT ROWID;
                INSERT INTO detector
                    SELECT point, measure, learned > 0, last_at, last_value, over, under, critical, NULL, 0, episode
                    FROM old_detector;
                ALTER TABLE episode ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
                UPDATE episode SET kind = 1 WHERE EXISTS (SELECT 1 FROM old_detector d
                    WHERE d.point = episode.point AND d.measure = episode.measure AND d.learned > 0);
                DROP INDEX one_episode_on;
                CREATE UNIQUE INDEX one_episode_on ON episode(point, measure, kind) WHERE cleared_at IS NULL;
                CREATE TABLE machine_run (
                    asset TEXT PRIMARY KEY REFERENCES asset(id), is_running INTEGER, since INTEGER,
                    told_at INTEGER, speed REAL, speed_at INTEGER);
                """)
        // What was learned to the end stays known; what was not is learned again.
        let learned = try Row.fetchAll(
            db,
            sql: """
                SELECT d.*, l.measure AS name FROM old_detector d JOIN point_limit l ON l.point = d.point
                WHERE l.learn IS NOT NULL AND d.learned >= l.learn
                """)
        for row in learned where Measure(name: row["name"] as String)?.rawValue == row["measure"] {
            let deviation = ((row["squares"] as Double) / (row["learned"] as Double)).squareRoot()
            try db.execute(
                sql: """
                    INSERT INTO baseline VALUES (?, ?, ?, 0, 1, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0)
                    """,
                arguments: [
                    row["point"], row["measure"], Int(Rule.Kind.learned.rawValue), row["mean"], deviation,
                ])
        }
        try db.execute(sql: "DROP TABLE old_detector")
    }
}

extension Detector {
    static func load(_ db: Database, _ point: PointKey) throws -> [RuleID: Detector] {
        let baselines = try Baselines.load(db, point)
        let statement = try db.cachedStatement(
            sql: """
                SELECT detector.*, episode.ticket, episode.raised_at, episode.raise_at, episode.clear_at,
                    episode.critical_at, episode.severity, episode.peak, episode.peak_at, episode.count,
                    episode.sum, episode.band AS episode_band
                FROM detector LEFT JOIN episode ON episode.id = detector.episode WHERE detector.point = ?
                """)
        var detectors: [RuleID: Detector] = [:]
        for row in try Row.fetchAll(statement, arguments: [point.number]) {
            guard let rule = RuleID(row) else { continue }
            let episode = Episode(joined: row)
            detectors[rule] = Detector(
                last: Instant(row, "last_at"), lastValue: row["last_value"],
                verdicts: UInt64(bitPattern: row[episode == nil ? "over" : "under"]),
                critical: UInt64(bitPattern: row["critical"]), heldSince: Instant(row, "held_since"),
                band: SpeedBand(number: row["band"]),
                memory: baselines[rule].map(Memory.learned) ?? Memory(row), episode: episode)
        }
        return detectors
    }
}

extension Watch {
    func save(_ db: Database, _ point: PointKey) throws {
        var (heardAt, dueAt): (Instant?, Instant?)
        if case .heard(let heard) = detector.memory, case .silence(let silence) = rule.basis {
            // What is stored may lie behind what was heard; it must never be due too early.
            (heardAt, dueAt) = (heard.saved, heard.saved + silence + silence / Heard.precision)
        }
        try db.cached(
            """
            INSERT INTO detector (point, measure, kind, last_at, last_value, over, under, critical, held_since, band,
                episode, heard_at, due_at, memory)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (point, measure, kind) DO UPDATE SET last_at = excluded.last_at,
                last_value = excluded.last_value, over = excluded.over, under = excluded.under,
                critical = excluded.critical, held_since = excluded.held_since, band = excluded.band,
                episode = excluded.episode, heard_at = excluded.heard_at, due_at = excluded.due_at,
                memory = excluded.memory
            """,
            [
                point.number, Int(rule.measure.rawValue), Int(rule.kind.rawValue), detector.last?.milliseconds,
                detector.lastValue,
                Int64(bitPattern: detector.over), Int64(bitPattern: detector.under),
                Int64(bitPattern: detector.critical),
                detector.heldSince?.milliseconds, detector.band.number, detector.episode?.id.number,
                heardAt?.milliseconds, dueAt?.milliseconds,
                detector.memory.text,
            ])
    }
}

extension Detector.Memory {
    fileprivate init(_ row: Row) {
        if let heardAt = Instant(row, "heard_at") {
            self = .heard(Heard(current: heardAt, saved: heardAt))
            return
        }
        let fields = (row["memory"] as String? ?? "").split(separator: ",", omittingEmptySubsequences: false)
        switch (Rule.Kind(rawValue: row["kind"]), fields.count) {
        case (.rate, 3):
            guard let since = Int64(fields[0]), let fast = Double(fields[1]), let slow = Double(fields[2]) else {
                fallthrough
            }
            self = .slope(Slope(since: Instant(milliseconds: since), fast: fast, slow: slow))
        case (.sensor, 8): self = SensorRecord(fields).map(Self.sensor) ?? .nothing
        default: self = .nothing
        }
    }

    /// Numbers between commas; empty for none.
    fileprivate var text: String? {
        switch self {
        case .nothing, .heard, .learned: nil
        case .slope(let slope): "\(slope.since.milliseconds),\(slope.fast),\(slope.slow)"
        case .sensor(let record): record.text
        }
    }
}

extension SensorRecord {
    fileprivate init?(_ fields: [Substring]) {
        guard let run = Int32(fields[0]), let longest = Int32(fields[1]), let changes = Int(fields[2]),
            let stuck = Int32(fields[3]), let anchor = Float(fields[5]), let anchored = UInt8(fields[6])
        else { return nil }
        self.init()
        (self.run, longestRun, self.changes, self.stuck) = (run, longest, UInt8(clamping: changes), stuck)
        (sequence, self.anchor, self.anchored) = (UInt32(fields[4]), anchor, anchored)
        fault = UInt8(fields[7]).flatMap(SensorFault.init(rawValue:))
    }

    fileprivate var text: String {
        let (number, fault) = (sequence.map { "\($0)" } ?? "", fault.map { "\($0.rawValue)" } ?? "")
        return "\(run),\(longestRun),\(changes),\(stuck),\(number),\(anchor),\(anchored),\(fault)"
    }
}

extension RuleID {
    /// From the columns `measure` and `kind`.
    init?(_ row: Row) {
        guard let measure = Measure(rawValue: row["measure"]), let kind = Rule.Kind(rawValue: row["kind"]) else {
            return nil
        }
        self.init(measure, kind)
    }
}

extension Baselines {
    fileprivate static func load(_ db: Database, _ point: PointKey) throws -> [RuleID: Baselines] {
        let statement = try db.cachedStatement(sql: "SELECT * FROM baseline WHERE point = ? ORDER BY band")
        var learned: [RuleID: [Learned]] = [:]
        for row in try Row.fetchAll(statement, arguments: [point.number]) {
            guard let rule = RuleID(row) else { continue }
            let all = Baseline.Spread(
                count: row["block_count"], mean: row["block_mean"], squares: row["block_squares"])
            let baseline = Baseline(
                windows: row["windows"], mean: row["mean"], deviation: row["deviation"],
                open: Baseline.Spread(count: row["open_count"], mean: row["open_mean"], squares: row["open_squares"]),
                block: Baseline.Block(all: all, lowest: row["lowest"], highest: row["highest"]),
                since: Instant(row, "open_since"))
            learned[rule, default: []].append(Learned(SpeedBand(number: row["band"]), baseline))
        }
        return learned.mapValues(Baselines.init)
    }
}

extension Baselines.Learned {
    func save(_ db: Database, _ point: PointKey, _ rule: RuleID) throws {
        let (open, block) = (baseline.open, baseline.block)
        try db.cached(
            """
            INSERT INTO baseline (point, measure, kind, band, windows, mean, deviation, open_count, open_mean,
                open_squares, block_count, block_mean, block_squares, lowest, highest, open_since)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (point, measure, kind, band) DO UPDATE SET windows = excluded.windows, mean = excluded.mean,
                deviation = excluded.deviation, open_count = excluded.open_count, open_mean = excluded.open_mean,
                open_squares = excluded.open_squares, block_count = excluded.block_count,
                block_mean = excluded.block_mean, block_squares = excluded.block_squares, lowest = excluded.lowest,
                highest = excluded.highest, open_since = excluded.open_since
            """,
            [
                point.number, Int(rule.measure.rawValue), Int(rule.kind.rawValue), band.number, baseline.windows,
                baseline.mean, baseline.deviation, open.count, open.mean, open.squares, block.all.count,
                block.all.mean, block.all.squares, block.lowest, block.highest,
                baseline.since?.milliseconds,
            ])
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
            severity: severity, peak: row["peak"], peakAt: Instant(milliseconds: row["peak_at"]), count: row["count"],
            sum: row["sum"] ?? (row["peak"] as Double) * (row["count"] as Double),
            band: SpeedBand(number: row["episode_band"]))
    }

    func save(_ db: Database, _ point: PointKey, _ rule: RuleID, _ clearedAt: Instant?) throws {
        try db.cached(
            """
            INSERT INTO episode (id, point, measure, kind, ticket, raised_at, cleared_at, raise_at, clear_at,
                critical_at, severity, peak, peak_at, count, sum, band)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET ticket = excluded.ticket, cleared_at = excluded.cleared_at,
                severity = excluded.severity, peak = excluded.peak, peak_at = excluded.peak_at, count = excluded.count,
                sum = excluded.sum
            """,
            [
                id.number, point.number, Int(rule.measure.rawValue), Int(rule.kind.rawValue), ticket?.number,
                raisedAt.milliseconds, clearedAt?.milliseconds, limits.raise, limits.clear, limits.critical,
                severity.rawValue, peak, peakAt.milliseconds, count, sum, band.number,
            ])
    }
}

extension Episode {
    /// A rule was taken away while its breach was on: nothing will ever say that it is over, so it is.
    static func endWithoutRule(_ db: Database) throws {
        let open = try Row.fetchAll(
            db,
            sql: """
                SELECT episode.id, episode.measure, episode.kind, episode.point, point.asset, point.name
                FROM episode JOIN point ON point.id = episode.point WHERE cleared_at IS NULL
                """)
        for row in open {
            let id = PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"]))
            let point = PointKey(row["point"])
            guard let rule = RuleID(row), try !Rule.load(db, point, id).contains(where: { $0.id == rule }) else {
                continue
            }
            try end(db, point, rule)
        }
    }

    /// Ends what is on of one rule at one point, at the newest time that it was judged.
    static func end(_ db: Database, _ point: PointKey, _ rule: RuleID) throws {
        let key: StatementArguments = [point.number, Int(rule.measure.rawValue), Int(rule.kind.rawValue)]
        try db.cached(
            """
            UPDATE episode SET cleared_at = max(raised_at, coalesce((SELECT last_at FROM detector d WHERE
                d.point = episode.point AND d.measure = episode.measure AND d.kind = episode.kind), raised_at))
            WHERE point = ? AND measure = ? AND kind = ? AND cleared_at IS NULL
            """, key)
        try db.cached("UPDATE detector SET episode = NULL WHERE point = ? AND measure = ? AND kind = ?", key)
    }
}

extension MachineRun {
    static func load(_ db: Database, _ asset: AssetID) throws -> MachineRun {
        let statement = try db.cachedStatement(sql: "SELECT * FROM machine_run WHERE asset = ?")
        guard let row = try Row.fetchOne(statement, arguments: [asset.text]) else { return MachineRun() }
        return MachineRun(
            isRunning: row["is_running"], since: Instant(row, "since"), toldAt: Instant(row, "told_at"),
            speed: row["speed"], speedAt: Instant(row, "speed_at"), flippedAt: Instant(row, "flipped_at"))
    }

    func save(_ db: Database, _ asset: AssetID) throws {
        try db.cached(
            """
            INSERT INTO machine_run (asset, is_running, since, told_at, speed, speed_at, flipped_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (asset) DO UPDATE SET is_running = excluded.is_running, since = excluded.since,
                told_at = excluded.told_at, speed = excluded.speed, speed_at = excluded.speed_at,
                flipped_at = excluded.flipped_at
            """,
            [
                asset.text, isRunning, since?.milliseconds, toldAt?.milliseconds, speed, speedAt?.milliseconds,
                flippedAt?.milliseconds,
            ])
    }
}
