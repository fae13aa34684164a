import Domain
import GRDB

/// What a round of compaction has moved.
public struct Compaction: Sendable, Equatable {
    public var rows = 0
    public var readings = 0
    public var waveforms = 0
    public var damaged: [DamagedRow] = []
}

/// A journal row that could not be read, or not all of it. It was kept as it was beside the days.
public struct DamagedRow: Error, Equatable, CustomStringConvertible {
    public let id: Int64
    public let readings: Int
    /// How many of them could not be read; the others were moved.
    public let lost: Int
    let damage: DamagedColumns
    public var description: String {
        "\(lost) of \(readings) readings of journal row \(id) could not be read (\(damage)); "
            + "it is kept in telemetry/\(DayFiles.damagedRows): ask the senders again, or take them from a backup"
    }
}

/// Moves the oldest journal rows into the day files and the rollups.
///
/// Three steps, each of which may be the last before a crash: look at a range of rows; join them to the days' chunks,
/// a transaction a day; then, in one transaction of the main file, add to the rollups and delete the rows. Joining twice
/// changes nothing, and rollups and rows change together, so the result is the same wherever it stopped. No mark of what
/// was moved is needed, and none could be trusted: after a restore the days are ahead of the main file.
struct Compactor {
    let pool: DatabasePool
    let files: DayFiles

    /// Readings moved at a time: what is held in memory, and how long the last step keeps others from writing.
    static let batch = 100_000

    struct Batch {
        var last: Int64 = 0
        var compaction = Compaction()
        var days: [Day: [PointKey: [Reading]]] = [:]
        var isLast = true
    }

    /// Another process compacts the same data; nothing was changed.
    struct Raced: Error, CustomStringConvertible {
        var description: String { "the journal is being compacted by another process" }
    }

    /// - Returns: nil when the journal is empty.
    func next(limit: Int = batch) throws -> Batch? {
        try pool.read { db in
            var batch = Batch()
            let rows = try Row.fetchCursor(db, sql: "SELECT id, readings, directory, blob FROM journal ORDER BY id")
            while let row = try rows.next() {
                let readings: Int = row[1]
                guard batch.compaction.rows == 0 || batch.compaction.readings + readings <= limit else {
                    batch.isLast = false
                    break
                }
                try batch.take(row, readings)
            }
            return batch.compaction.rows > 0 ? batch : nil
        }
    }

    /// Joins the batch to the days and says what they add up to.
    func write(_ batch: Batch) throws -> [Rollup] {
        try keep(batch.compaction.damaged)
        var minutes: [Rollup] = []
        for (day, points) in batch.days.sorted(by: { $0.key < $1.key }) {
            let runs = points.sorted { $0.key.number < $1.key.number }.map { ($0.key, Run(sorting: $0.value)) }
            do {
                try write(runs, to: day)
            } catch  where DayFiles.isDamage(error) {
                try files.setAside(day, .chunks)
                try write(runs, to: day)
            }
            minutes += runs.flatMap { Rollup.minutes(of: $0, $1) }
        }
        return minutes
    }

    /// Nothing goes unseen. Keeping a row twice changes nothing.
    private func keep(_ damaged: [DamagedRow]) throws {
        for damaged in damaged {
            let row = try pool.read {
                try Row.fetchOne($0, sql: "SELECT * FROM journal WHERE id = ?", arguments: [damaged.id])
            }
            if let row { try files.keep(row, because: damaged.damage.description) }
        }
    }

    private func write(_ runs: [(PointKey, Run)], to day: Day) throws {
        try files.write(day, .chunks) { db in
            var writer = ChunkWriter(db)
            for (point, run) in runs { try writer.write(point, run) }
        }
    }

    func settle(_ batch: Batch, _ minutes: [Rollup]) throws {
        let hours = Rollup.hours(of: minutes)
        try pool.write { db in
            try db.cachedStatement(sql: "DELETE FROM journal WHERE id <= ?").execute(arguments: [batch.last])
            // Else somebody has moved them already, and counted them.
            guard db.changesCount == batch.compaction.rows else { throw Raced() }
            for minute in minutes { try minute.save(db, .minute) }
            for hour in hours { try hour.save(db, .hour) }
        }
    }
}

extension Compactor.Batch {
    /// From `id, readings, directory, blob`.
    fileprivate mutating func take(_ row: Row, _ readings: Int) throws {
        last = row[0]
        compaction.rows += 1
        compaction.readings += readings
        let directory = try row.withBytes(2, Journal.entries)
        var taken = 0
        let damage = try row.withBytes(3) { blob in
            try Journal.visit(blob, directory.known) { taken += try take($0, $1) }
        }
        guard damage ?? directory.damage != nil || taken != readings else { return }
        compaction.damaged.append(
            DamagedRow(
                id: last, readings: readings, lost: readings - taken,
                damage: damage ?? directory.damage ?? DamagedColumns(what: "\(taken) readings")))
    }

    /// - Returns: how many readings that was.
    private mutating func take(_ entry: Journal.Entry, _ bytes: UnsafeRawBufferPointer) throws(DamagedColumns) -> Int {
        var readings: [Reading] = []
        try Columns.decode(bytes, into: &readings)
        // Written twice: what a flipped bit moved to another day is noticed.
        let times = readings.lazy.map(\.at.milliseconds)
        guard times.min() == entry.first, times.max() == entry.last else {
            throw DamagedColumns(what: "times that the directory has not")
        }
        let day = Day(of: Instant(milliseconds: entry.first))
        if day == Day(of: Instant(milliseconds: entry.last)) {
            days[day, default: [:]][entry.point, default: []] += readings
        } else {
            for reading in readings {
                days[Day(of: reading.at), default: [:]][entry.point, default: []].append(reading)
            }
        }
        return readings.count
    }
}
