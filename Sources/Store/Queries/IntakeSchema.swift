import Domain

/// Counts of what was taken and of what was not, beside the rows: these are kept for a while, a counter never falls.
enum IntakeSchema {
    static let tables = """
        CREATE TABLE rejected_count (reason TEXT PRIMARY KEY, count INTEGER NOT NULL, last_at INTEGER NOT NULL);
        INSERT INTO rejected_count SELECT reason, count(*), max(at) FROM rejected GROUP BY reason;
        CREATE INDEX rejected_reason ON rejected(reason);
        CREATE INDEX rejected_at ON rejected(at);
        CREATE TRIGGER rejected_counts AFTER INSERT ON rejected BEGIN
            INSERT INTO rejected_count VALUES (NEW.reason, 1, NEW.at)
            ON CONFLICT (reason) DO UPDATE SET count = count + 1, last_at = max(last_at, excluded.last_at);
            DELETE FROM rejected WHERE at < NEW.at - \(RejectedRetention.age.milliseconds);
        END;
        CREATE TABLE reading_count (readings INTEGER NOT NULL);
        INSERT INTO reading_count VALUES (0);
        CREATE TRIGGER journal_counts AFTER INSERT ON journal BEGIN
            UPDATE reading_count SET readings = readings + NEW.readings;
        END;
        """
}

/// How long rejected rows stay: the newest `Limits.rejectedRows`, and none that was this old when another one came.
public enum RejectedRetention {
    public static let age = Duration.days(30)
}
