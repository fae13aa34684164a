/// What detection learned to remember later: rules of more kinds, planned work, waveforms' analyses, proofs with values.
enum AlarmSchema {
    static let tables = """
        ALTER TABLE rule ADD COLUMN severity TEXT NOT NULL DEFAULT 'warning';
        ALTER TABLE rule ADD COLUMN after_s REAL;
        ALTER TABLE rule ADD COLUMN low REAL;
        ALTER TABLE rule ADD COLUMN high REAL;
        ALTER TABLE rule ADD COLUMN jump REAL;
        ALTER TABLE rule ADD COLUMN drift REAL;
        -- Orders of bearings that the plant has named itself.
        CREATE TABLE bearing (
            designation TEXT PRIMARY KEY, bpfo REAL NOT NULL, bpfi REAL NOT NULL, bsf REAL NOT NULL, ftf REAL NOT NULL,
            source TEXT NOT NULL);

        -- `due_at`: when a rule of silence speaks if nothing comes; `memory` belongs to the rule's kind.
        ALTER TABLE detector ADD COLUMN heard_at INTEGER;
        ALTER TABLE detector ADD COLUMN due_at INTEGER;
        ALTER TABLE detector ADD COLUMN memory TEXT;
        CREATE INDEX detector_due ON detector(due_at) WHERE due_at IS NOT NULL AND episode IS NULL;
        ALTER TABLE episode ADD COLUMN sum REAL;
        ALTER TABLE episode ADD COLUMN band INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE machine_run ADD COLUMN flipped_at INTEGER;
        ALTER TABLE progress ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

        -- Where a fault is of a point and not of the machine, `fault_point` names it.
        ALTER TABLE ticket ADD COLUMN fault_point TEXT NOT NULL DEFAULT '';
        ALTER TABLE ticket ADD COLUMN rule INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE ticket ADD COLUMN cause TEXT;
        ALTER TABLE ticket ADD COLUMN diagnosis TEXT;
        ALTER TABLE ticket ADD COLUMN diagnosis_confidence REAL;
        ALTER TABLE ticket ADD COLUMN diagnosis_at INTEGER;
        DROP INDEX one_open_ticket;
        CREATE UNIQUE INDEX one_open_ticket ON ticket(asset, kind, fault_point)
            WHERE state NOT IN ('closed', 'cancelled');
        ALTER TABLE proof ADD COLUMN sum REAL NOT NULL DEFAULT 0;
        ALTER TABLE proof ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE proof ADD COLUMN before_mean REAL;
        ALTER TABLE proof ADD COLUMN before_peak REAL;
        ALTER TABLE proof ADD COLUMN before_count INTEGER;
        ALTER TABLE proof ADD COLUMN before_band INTEGER;
        -- What was measured before and after a repair; kept when the ticket is closed.
        CREATE TABLE repair (
            ticket INTEGER NOT NULL REFERENCES ticket(id), point INTEGER NOT NULL, measure INTEGER NOT NULL,
            before_mean REAL, before_peak REAL, before_count INTEGER, after_mean REAL, after_count INTEGER NOT NULL,
            elsewhere INTEGER NOT NULL, PRIMARY KEY (ticket, point, measure));

        -- On a machine, or (asset NULL) on a whole site.
        CREATE TABLE planned_work (
            id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL REFERENCES site(id),
            asset TEXT REFERENCES asset(id), from_at INTEGER NOT NULL, until_at INTEGER NOT NULL,
            reason TEXT NOT NULL, actor TEXT NOT NULL, created_at INTEGER NOT NULL, ended_at INTEGER, ended_by TEXT);
        CREATE INDEX planned_work_until ON planned_work(until_at);

        ALTER TABLE waveform ADD COLUMN analysed INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX waveform_unanalysed ON waveform(id) WHERE analysed = 0;
        -- What waveforms said. `document` is JSON for pages.
        CREATE TABLE waveform_analysis (
            point INTEGER NOT NULL, at INTEGER NOT NULL, verdict TEXT NOT NULL, cause TEXT, confidence REAL,
            high_frequency REAL, document TEXT NOT NULL, PRIMARY KEY (point, at)) WITHOUT ROWID;
        """

    /// Since when a window of learning is open.
    static let windows = "ALTER TABLE baseline ADD COLUMN open_since INTEGER"
}
