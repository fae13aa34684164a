import Domain
import GRDB

/// The tables of telemetry in the main file; those of the day files stand in `DayFile`.
enum TelemetrySchema {
    /// Creates the tables and moves what the table `reading` held into the journal.
    static func migrate(_ db: Database) throws {
        try db.execute(sql: tables)
        try moveReadings(db)
        try db.execute(sql: "DROP TABLE reading")
        try db.execute(sql: "DELETE FROM reading_aside WHERE extra IS NULL")
    }

    private static let tables = """
        -- A row a burst, until the compactor has moved it. An id is never used again.
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
            first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, readings INTEGER NOT NULL,
            directory BLOB NOT NULL, blob BLOB NOT NULL);
        CREATE TABLE rollup_minute (
            point INTEGER NOT NULL, measure INTEGER NOT NULL, at INTEGER NOT NULL,
            count INTEGER NOT NULL, lowest REAL NOT NULL, highest REAL NOT NULL, sum REAL NOT NULL,
            PRIMARY KEY (point, measure, at)) WITHOUT ROWID;
        CREATE TABLE rollup_hour (
            point INTEGER NOT NULL, measure INTEGER NOT NULL, at INTEGER NOT NULL,
            count INTEGER NOT NULL, lowest REAL NOT NULL, highest REAL NOT NULL, sum REAL NOT NULL,
            PRIMARY KEY (point, measure, at)) WITHOUT ROWID;
        -- Parts of records that are not complete.
        CREATE TABLE waveform_part (
            point INTEGER NOT NULL, at INTEGER NOT NULL, part INTEGER NOT NULL, of INTEGER NOT NULL,
            sample_rate REAL NOT NULL, unit TEXT NOT NULL, encoding TEXT NOT NULL, scale REAL NOT NULL,
            rpm REAL, samples INTEGER NOT NULL, received_at INTEGER NOT NULL, topic TEXT NOT NULL,
            bytes BLOB NOT NULL, PRIMARY KEY (point, at, part));
        CREATE INDEX waveform_part_received ON waveform_part(received_at);
        -- Complete records. Their bytes move to a day file (then NULL here); `kept` came back to stay.
        CREATE TABLE waveform (
            id INTEGER PRIMARY KEY AUTOINCREMENT, point INTEGER NOT NULL, at INTEGER NOT NULL,
            sample_rate REAL NOT NULL, unit TEXT NOT NULL, encoding TEXT NOT NULL, scale REAL NOT NULL,
            rpm REAL, samples INTEGER NOT NULL, part_lengths TEXT NOT NULL, kept INTEGER NOT NULL DEFAULT 0,
            bytes BLOB, UNIQUE (point, at));
        CREATE INDEX waveform_here ON waveform(at) WHERE bytes IS NOT NULL AND kept = 0;
        """

    /// Point by point, some thousand readings a row.
    private static func moveReadings(_ db: Database) throws {
        let points = try Int64.fetchAll(db, sql: "SELECT DISTINCT point FROM reading ORDER BY point").map(PointKey.init)
        for point in points {
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT r.at, r.measure, r.value, a.sequence FROM reading r
                    LEFT JOIN reading_aside a ON a.point = r.point AND a.at = r.at
                    WHERE r.point = ? ORDER BY r.at
                    """, arguments: [point.number])
            var run: [Reading] = []
            while let row = try rows.next() {
                let at = Instant(milliseconds: row["at"])
                if run.last?.at != at {
                    if run.count >= 5_000 {
                        try Journal.append(db, [(point, run)], at: at)
                        run = []
                    }
                    run.append(Reading(at: at, sequence: row["sequence"], values: Measures()))
                }
                guard let measure = Measure(rawValue: row["measure"]) else { continue }
                run[run.count - 1].values[measure] = row["value"]
            }
            if let last = run.last { try Journal.append(db, [(point, run)], at: last.at) }
        }
    }
}
