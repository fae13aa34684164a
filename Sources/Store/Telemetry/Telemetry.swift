import Domain
import GRDB

/// Everything measured: taken in by the journal, moved by the compactor into a file a day, thinned, and in the end
/// thrown away.
public final class Telemetry: Sendable {
    let pool: DatabasePool
    let files: DayFiles

    init(pool: DatabasePool, directory: String) {
        self.pool = pool
        files = DayFiles(beside: directory)
    }
}
