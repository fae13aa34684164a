import Domain
import Foundation
import GRDB

/// A UTC day, counted from 1970-01-01.
struct Day: Hashable, Comparable, Strideable {
    let number: Int64

    static let milliseconds: Int64 = 86_400_000

    init(_ number: Int64) { self.number = number }

    init(of instant: Instant) {
        let (quotient, rest) = instant.milliseconds.quotientAndRemainder(dividingBy: Self.milliseconds)
        number = rest < 0 ? quotient - 1 : quotient
    }

    /// nil for what is no `2026-11-22`.
    init?(name: some StringProtocol) {
        let parts = name.split(separator: "-").compactMap { Int64($0) }
        guard parts.count == 3, (1...12).contains(parts[1]), (1970...9999).contains(parts[0]) else { return nil }
        // Civil date to days after Howard Hinnant, as `CivilTime` does it the other way.
        let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
        let yearOfEra = year % 400
        let dayOfYear = (153 * (parts[1] + (parts[1] > 2 ? -3 : 9)) + 2) / 5 + parts[2] - 1
        number = year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        guard self.name == name else { return nil }
    }

    var start: Instant { Instant(milliseconds: number * Self.milliseconds) }
    /// The day's last millisecond.
    var end: Instant { Instant(milliseconds: number * Self.milliseconds + Self.milliseconds - 1) }
    /// `2026-11-22`.
    var name: String { String(start.iso8601.prefix(10)) }

    static func < (a: Day, b: Day) -> Bool { a.number < b.number }
    func distance(to other: Day) -> Int64 { other.number - number }
    func advanced(by days: Int64) -> Day { Day(number + days) }
}

/// The folder `telemetry` beside the main file: a SQLite file of chunks, and one of waveforms, for each day.
///
/// A file is opened for one piece of work and closed again, never attached: how many days there are costs nothing.
struct DayFiles: Sendable {
    let directory: String

    enum Kind: String, CaseIterable {
        case chunks = ".db"
        case waveforms = ".waveforms.db"
    }

    init(beside directory: String) { self.directory = directory + "/telemetry" }

    /// Those of the database that `db` is a connection to; nil in memory.
    init?(of db: Database) throws {
        let file = try String.fetchOne(
            db.cachedStatement(sql: "SELECT file FROM pragma_database_list WHERE name = 'main'"))
        guard let file, let slash = file.lastIndex(of: "/") else { return nil }
        self.init(beside: String(file[..<slash]))
    }

    func path(_ day: Day, _ kind: Kind) -> String { "\(directory)/\(day.name)\(kind.rawValue)" }

    /// The days that have a file, oldest first.
    func days(_ kind: Kind) -> [Day] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { name in
            name.hasSuffix(kind.rawValue) ? Day(name: name.dropLast(kind.rawValue.count)) : nil
        }.sorted()
    }

    /// What `body` reads of a day; nil when there is no file of it.
    func read<Result>(_ day: Day, _ kind: Kind, _ body: (Database) throws -> Result) throws -> Result? {
        guard FileManager.default.fileExists(atPath: path(day, kind)) else { return nil }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.label = "fieldloop-day"
        do {
            let file = try DatabaseQueue(path: path(day, kind), configuration: configuration)
            defer { try? file.close() }
            return try file.read { try $0.tableExists(kind.table) ? body($0) : nil }
        } catch  where (error as? DatabaseError)?.extendedResultCode == .SQLITE_READONLY_ROLLBACK {
            // Its writer died while making it, before it was in WAL mode and held anything.
            return nil
        }
    }

    /// Runs `body` as one transaction, durable when this returns.
    func write<Result>(_ day: Day, _ kind: Kind, _ body: (Database) throws -> Result) throws -> Result {
        try write(path(day, kind), kind.schema, body)
    }

    private func write<Result>(
        _ path: String, _ schema: String, _ body: (Database) throws -> Result
    ) throws -> Result {
        try makeDirectory()
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "fieldloop-day"
        configuration.journalMode = .wal
        let file = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? file.close() }
        // Only now: on its way into WAL mode GRDB sets NORMAL, after `prepareDatabase`. The journal's rows go when this
        // returns, and no checkpoint may have synced the day by then: somebody may be reading it.
        try file.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let result = try file.write { db in
            try db.execute(sql: schema)
            return try body(db)
        }
        // Each time: whoever made the file may have died before its name was on the disk.
        try synchronise(directory)
        return result
    }

    /// Takes a day away; whoever reads it just now reads on.
    func remove(_ day: Day, _ kind: Kind) throws {
        for ending in ["", "-wal", "-shm"] {
            guard unlink(path(day, kind) + ending) == 0 || errno == ENOENT else { throw failure() }
        }
    }

    /// Puts a damaged day where a person finds it, so that what is still to come has a place.
    func setAside(_ day: Day, _ kind: Kind) throws {
        let path = path(day, kind)
        let copies = damaged.count { $0.hasPrefix(day.name + kind.rawValue) }
        for ending in ["-wal", "-shm", ""] {
            guard rename(path + ending, "\(path).damaged\(copies)\(ending)") == 0 || errno == ENOENT else {
                throw failure()
            }
        }
    }

    /// The file that holds journal rows that could not be read.
    static let damagedRows = "journal.damaged"

    /// Keeps a row of the journal as it is, for a person.
    func keep(_ row: Row, because reason: String) throws {
        let schema = """
            CREATE TABLE IF NOT EXISTS journal (
                id INTEGER NOT NULL, at INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
                readings INTEGER NOT NULL, directory BLOB NOT NULL, blob BLOB NOT NULL, reason TEXT NOT NULL,
                UNIQUE (id, directory, blob) ON CONFLICT IGNORE)
            """
        try write("\(directory)/\(Self.damagedRows)", schema) { db in
            try db.execute(
                sql: "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: StatementArguments(row.databaseValues + [reason.databaseValue]))
        }
    }

    /// The names of days, and of the file of rows, that were set aside.
    var damaged: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.contains(".damaged") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted()
    }

    /// Whether a file is not what we wrote; a disk that refuses for now is another matter.
    static func isDamage(_ error: any Error) -> Bool {
        if error is DamagedColumns { return true }
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains((error as? DatabaseError)?.resultCode)
    }

    private func makeDirectory() throws {
        guard mkdir(directory, 0o700) == 0 else {
            if errno == EEXIST { return }
            throw failure()
        }
        try synchronise(String(directory[..<(directory.lastIndex(of: "/") ?? directory.endIndex)]))
    }

    /// A new name in a folder is durable only after the folder is.
    private func synchronise(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    private func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

extension DayFiles.Kind {
    fileprivate var table: String { self == .chunks ? "chunk" : "waveform" }

    /// `IF NOT EXISTS`: the process may have died between the file and its table.
    fileprivate var schema: String {
        switch self {
        case .chunks:
            // `id` = point << 27 | milliseconds of the day of the first reading: a point's chunks lie together.
            """
            CREATE TABLE IF NOT EXISTS chunk (
                id INTEGER PRIMARY KEY, point INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
                count INTEGER NOT NULL, blob BLOB NOT NULL)
            """
        case .waveforms:
            """
            CREATE TABLE IF NOT EXISTS waveform (
                point INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (point, at))
            """
        }
    }
}

extension Row {
    /// A blob where SQLite has it, for the time of the call.
    func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        try withUnsafeData(atIndex: column) { try ($0 ?? Data()).withUnsafeBytes(body) }
    }
}
