import GRDB

/// Every table. Times are milliseconds since the Unix epoch; places are WGS-84 degrees; codes are Domain's.
///
/// What only SQLite has (WITHOUT ROWID, pragmas) stands here and in `Store.swift`, nowhere else.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 plant") { try $0.execute(sql: plant) }
        migrator.registerMigration("2 telemetry") { try $0.execute(sql: telemetry) }
        migrator.registerMigration("3 tickets") { try $0.execute(sql: tickets) }
        migrator.registerMigration("4 people and photos") { try $0.execute(sql: people) }
        migrator.registerMigration("5 intake") {
            try $0.execute(sql: intake)
            try $0.execute(sql: SourceRows.table)
            try TelemetrySchema.migrate($0)
            try $0.execute(sql: IntakeSchema.tables)
        }
        migrator.registerMigration("6 sample rates of sources") { try $0.execute(sql: SourceRows.sampleRate) }
        migrator.registerMigration("7 lost sessions") { try $0.execute(sql: SessionLossRow.table) }
        migrator.registerMigration("8 several rules for a measure") {
            try $0.execute(sql: RuleRows.table)
            try DetectorRows.migrate($0)
        }
        migrator.registerMigration("9 alarms that can be believed") { try $0.execute(sql: AlarmSchema.tables) }
        migrator.registerMigration("10 windows that last") { try $0.execute(sql: AlarmSchema.windows) }
        return migrator
    }

    private static let plant = """
        CREATE TABLE site (
            id TEXT PRIMARY KEY, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
            latitude REAL NOT NULL, longitude REAL NOT NULL, timezone TEXT NOT NULL, entity TEXT NOT NULL);
        CREATE TABLE customer (
            id TEXT PRIMARY KEY, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
            grade TEXT NOT NULL CHECK (grade IN ('A', 'B', 'C')), contact TEXT NOT NULL, phone TEXT NOT NULL);
        CREATE TABLE asset (
            id TEXT PRIMARY KEY, site TEXT NOT NULL REFERENCES site(id), name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
            customer TEXT NOT NULL REFERENCES customer(id), machine_class TEXT NOT NULL,
            rated_rpm REAL, power_kw REAL, bearing TEXT NOT NULL,
            skill TEXT NOT NULL, skill_level INTEGER NOT NULL);
        CREATE INDEX asset_site ON asset(site);
        CREATE TABLE point (
            id INTEGER PRIMARY KEY, asset TEXT NOT NULL REFERENCES asset(id), name TEXT NOT NULL,
            direction TEXT NOT NULL, place_zh TEXT NOT NULL, place_en TEXT NOT NULL,
            UNIQUE (asset, name));
        -- Zone limits of a machine class: public facts, by version, with their source.
        CREATE TABLE zone_limit (
            version TEXT NOT NULL, machine_class TEXT NOT NULL, measure TEXT NOT NULL,
            ab REAL NOT NULL, bc REAL NOT NULL, cd REAL NOT NULL, source TEXT NOT NULL,
            PRIMARY KEY (machine_class, measure, version));
        -- A point's own limits take precedence over its class's; "raise" or "learn" is set.
        CREATE TABLE point_limit (
            point INTEGER NOT NULL REFERENCES point(id), measure TEXT NOT NULL,
            raise_at REAL, clear_at REAL, critical_at REAL, learn INTEGER,
            confirm INTEGER NOT NULL, confirm_of INTEGER NOT NULL, source TEXT NOT NULL,
            PRIMARY KEY (point, measure), CHECK ((raise_at IS NULL) <> (learn IS NULL)));
        CREATE TABLE engineer (
            id TEXT PRIMARY KEY, name_zh TEXT NOT NULL, name_en TEXT NOT NULL, phone TEXT NOT NULL,
            home_latitude REAL, home_longitude REAL, timezone TEXT NOT NULL,
            shift_days TEXT NOT NULL, shift_start INTEGER NOT NULL, shift_end INTEGER NOT NULL,
            load_cap INTEGER NOT NULL, wecom TEXT NOT NULL);
        CREATE TABLE engineer_skill (
            engineer TEXT NOT NULL REFERENCES engineer(id), skill TEXT NOT NULL, level INTEGER NOT NULL,
            PRIMARY KEY (engineer, skill));
        -- The newest fix of each engineer; the raw pair stays with its datum.
        CREATE TABLE engineer_position (
            engineer TEXT PRIMARY KEY REFERENCES engineer(id), latitude REAL NOT NULL, longitude REAL NOT NULL,
            raw_latitude REAL NOT NULL, raw_longitude REAL NOT NULL, datum TEXT NOT NULL,
            accuracy_m REAL NOT NULL, fix_at INTEGER NOT NULL, received_at INTEGER NOT NULL);
        """

    private static let telemetry = """
        CREATE TABLE reading (
            point INTEGER NOT NULL, measure INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL,
            PRIMARY KEY (point, measure, at)) WITHOUT ROWID;
        CREATE TABLE reading_aside (
            point INTEGER NOT NULL, at INTEGER NOT NULL, sequence INTEGER, extra TEXT,
            PRIMARY KEY (point, at)) WITHOUT ROWID;
        CREATE TABLE detector (
            point INTEGER NOT NULL, measure INTEGER NOT NULL, last_at INTEGER, last_value REAL NOT NULL,
            over INTEGER NOT NULL, under INTEGER NOT NULL, critical INTEGER NOT NULL,
            learned INTEGER NOT NULL, mean REAL NOT NULL, squares REAL NOT NULL, episode INTEGER,
            PRIMARY KEY (point, measure)) WITHOUT ROWID;
        CREATE TABLE episode (
            id INTEGER PRIMARY KEY, point INTEGER NOT NULL, measure INTEGER NOT NULL, ticket INTEGER,
            raised_at INTEGER NOT NULL, cleared_at INTEGER, raise_at REAL NOT NULL, clear_at REAL NOT NULL,
            critical_at REAL, severity TEXT NOT NULL, peak REAL NOT NULL, peak_at INTEGER NOT NULL,
            count INTEGER NOT NULL);
        CREATE INDEX episode_ticket ON episode(ticket);
        CREATE UNIQUE INDEX one_episode_on ON episode(point, measure) WHERE cleared_at IS NULL;
        CREATE TABLE rejected (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
            detail TEXT NOT NULL, head BLOB NOT NULL, size INTEGER NOT NULL);
        """

    private static let tickets = """
        CREATE TABLE ticket (
            id INTEGER PRIMARY KEY, asset TEXT NOT NULL REFERENCES asset(id), kind TEXT NOT NULL,
            grade TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL, engineer TEXT REFERENCES engineer(id),
            epoch INTEGER NOT NULL, opened_at INTEGER NOT NULL, state_since INTEGER NOT NULL, closed_at INTEGER,
            outcome TEXT, lacks_engineer INTEGER NOT NULL, is_overdue INTEGER NOT NULL,
            point INTEGER NOT NULL, measure TEXT NOT NULL, value REAL NOT NULL, limit_value REAL NOT NULL,
            limit_source TEXT NOT NULL, breach_at INTEGER NOT NULL);
        -- The rule, not an `if`: one open ticket per fault.
        CREATE UNIQUE INDEX one_open_ticket ON ticket(asset, kind) WHERE state NOT IN ('closed', 'cancelled');
        CREATE INDEX ticket_state ON ticket(state, state_since);
        CREATE INDEX ticket_load ON ticket(engineer)
            WHERE state IN ('offered', 'accepted', 'en_route', 'diagnosing');
        CREATE INDEX ticket_fault ON ticket(asset, kind, id);
        CREATE TABLE proof (
            ticket INTEGER NOT NULL REFERENCES ticket(id), point INTEGER NOT NULL, measure INTEGER NOT NULL,
            last_at INTEGER, time_ms INTEGER NOT NULL, readings INTEGER NOT NULL,
            PRIMARY KEY (ticket, point, measure));
        CREATE TABLE ticket_entry (
            id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket(id), at INTEGER NOT NULL,
            kind TEXT NOT NULL, actor TEXT NOT NULL, detail TEXT NOT NULL);
        CREATE INDEX ticket_entry_ticket ON ticket_entry(ticket);
        CREATE TABLE assignment (
            ticket INTEGER NOT NULL REFERENCES ticket(id), epoch INTEGER NOT NULL,
            engineer TEXT NOT NULL REFERENCES engineer(id), answer TEXT NOT NULL, reason TEXT NOT NULL,
            offered_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, answered_at INTEGER,
            PRIMARY KEY (ticket, epoch));
        CREATE TABLE ledger (
            ticket INTEGER NOT NULL REFERENCES ticket(id), epoch INTEGER NOT NULL, at INTEGER NOT NULL,
            lines TEXT NOT NULL, PRIMARY KEY (ticket, epoch));
        CREATE TABLE timer (
            kind TEXT NOT NULL, ticket INTEGER NOT NULL REFERENCES ticket(id), due_at INTEGER NOT NULL,
            PRIMARY KEY (kind, ticket));
        CREATE INDEX timer_due ON timer(due_at);
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY, channel TEXT NOT NULL, kind TEXT NOT NULL, ticket INTEGER NOT NULL,
            epoch INTEGER NOT NULL, engineer TEXT, expires_at INTEGER, created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, sent_at INTEGER, dead_at INTEGER,
            last_error TEXT);
        CREATE INDEX outbox_due ON outbox(due_at) WHERE sent_at IS NULL AND dead_at IS NULL;
        CREATE INDEX outbox_ticket ON outbox(ticket);
        -- Token buckets of the channels that limit us.
        CREATE TABLE bucket (channel TEXT PRIMARY KEY, tokens REAL NOT NULL, filled_at INTEGER NOT NULL);
        """

    private static let intake = """
        -- How far event time and the sender's numbers have come at a point.
        CREATE TABLE progress (
            point INTEGER PRIMARY KEY, newest INTEGER NOT NULL, number INTEGER, missing TEXT NOT NULL);
        INSERT INTO progress (point, newest, missing) SELECT point, max(at), '' FROM reading GROUP BY point;
        -- Holes in senders' numbering.
        CREATE TABLE gap (
            id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            missing INTEGER NOT NULL, noticed_at INTEGER NOT NULL, filled_at INTEGER);
        CREATE INDEX gap_open ON gap(sender) WHERE filled_at IS NULL;
        -- What a protocol's session with a sender must remember over a restart.
        CREATE TABLE sender (name TEXT PRIMARY KEY, state BLOB NOT NULL);
        """

    private static let people = """
        CREATE TABLE photo (
            id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, ticket INTEGER NOT NULL REFERENCES ticket(id),
            engineer TEXT REFERENCES engineer(id), upload TEXT NOT NULL, bytes INTEGER NOT NULL,
            received_at INTEGER NOT NULL, captured_at INTEGER, latitude REAL, longitude REAL, datum TEXT,
            raw_latitude REAL, raw_longitude REAL, accuracy_m REAL, fix_at INTEGER,
            exif TEXT, stamped_sha256 TEXT, stamped_at INTEGER, refused TEXT, rectangle TEXT,
            UNIQUE (sha256, ticket));
        CREATE INDEX photo_ticket ON photo(ticket);
        CREATE INDEX photo_unstamped ON photo(id) WHERE stamped_at IS NULL AND refused IS NULL;
        -- Sessions of browsers, by hash: who holds the database holds no key.
        CREATE TABLE session (
            hash TEXT PRIMARY KEY, engineer TEXT REFERENCES engineer(id), created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL);
        -- Personal links that were exchanged; each works once.
        CREATE TABLE used_link (nonce TEXT PRIMARY KEY, used_at INTEGER NOT NULL);
        CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
        """
}
