public import Domain
public import Foundation
import GRDB

/// A recorded waveform without its samples.
public struct WaveformFacts: Sendable, Equatable {
    public let id: Int64
    public let at: Instant
    /// Hz.
    public let sampleRate: Double
    public let unit: WaveformUnit
    public let encoding: SampleEncoding
    /// `unit` per count.
    public let scale: Double
    public let rpm: Double?
    public let samples: Int
    /// Kept since an episode was on.
    public let isKept: Bool

    public init(
        id: Int64, at: Instant, sampleRate: Double, unit: WaveformUnit, encoding: SampleEncoding, scale: Double,
        rpm: Double?, samples: Int, isKept: Bool
    ) {
        self.id = id
        self.at = at
        self.sampleRate = sampleRate
        self.unit = unit
        self.encoding = encoding
        self.scale = scale
        self.rpm = rpm
        self.samples = samples
        self.isKept = isKept
    }
}

extension Store {
    /// A point's waveforms between two times, newest first; nil for a point that is not in the plant.
    public func waveforms(
        of point: PointID, from: Instant, to: Instant, limit: Int = Limits.pageRows
    ) async throws -> [WaveformFacts]? {
        try await pool.read { db in
            guard let key = try PointKey.find(db, point) else { return nil }
            return try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, point, at, sample_rate, unit, encoding, scale, rpm, samples, kept FROM waveform
                        WHERE point = ? AND at BETWEEN ? AND ? ORDER BY at DESC LIMIT ?
                        """),
                arguments: [key.number, from.milliseconds, to.milliseconds, limit]
            ).compactMap(WaveformFacts.init)
        }
    }

    /// A waveform with its samples as they came, see `WaveformFacts.encoding`; nil when there is none of that number.
    public func waveform(_ id: Int64) async throws -> (facts: WaveformFacts, bytes: Data)? {
        try await telemetry.blocking { [telemetry] in try telemetry.waveform(id) }
    }
}

extension Telemetry {
    fileprivate func waveform(_ id: Int64) throws -> (facts: WaveformFacts, bytes: Data)? {
        // A second look, should the bytes have moved between the two files.
        for _ in 0..<2 {
            let row = try pool.read {
                try Row.fetchOne($0, sql: "SELECT * FROM waveform WHERE id = ?", arguments: [id])
            }
            guard let row, let facts = WaveformFacts(row) else { return nil }
            let stored = StoredWaveform(row)
            if let bytes = try stored.bytes ?? stored.movedBytes(files) { return (facts, bytes) }
        }
        return nil
    }

    /// Moves bytes of complete records into the days' waveform files: there first, then NULL here.
    func moveWaveforms() throws -> Int {
        var moved = 0
        while true {
            let rows = try pool.read {
                try Row.fetchAll(
                    $0,
                    sql: "SELECT * FROM waveform WHERE bytes IS NOT NULL AND kept = 0 ORDER BY at LIMIT \(Self.atOnce)")
            }
            guard !rows.isEmpty else { return moved }
            let waveforms = rows.map(StoredWaveform.init)
            for (day, ofDay) in Dictionary(grouping: waveforms, by: { Day(of: $0.at) }) {
                try files.write(day, .waveforms) { db in
                    for waveform in ofDay { try waveform.save(db) }
                }
            }
            try pool.write { db in
                for waveform in waveforms {
                    try db.cachedStatement(sql: "UPDATE waveform SET bytes = NULL WHERE id = ?")
                        .execute(arguments: [waveform.id])
                }
            }
            moved += rows.count
        }
    }

    /// Brings a day's waveforms of episodes back to stay and forgets the others; the file goes a round later, so that a
    /// backup that has the main file of before still finds it.
    func retireWaveforms(of day: Day) throws -> Retained {
        var retained = Retained()
        var kept = 0
        while case let next = try pool.read({ try episodeWaveforms($0, day) }), !next.isEmpty {
            let bytes = try next.map { ($0.id, try $0.bytes ?? $0.movedBytes(files)) }
            try pool.write { db in
                for (id, bytes) in bytes {
                    // Without bytes (the file was damaged or lost) the record stays known.
                    try db.cachedStatement(sql: "UPDATE waveform SET bytes = ?, kept = 1 WHERE id = ?")
                        .execute(arguments: [bytes, id])
                }
            }
            kept += next.count
        }
        retained.waveforms = try pool.write { db in
            try db.cachedStatement(sql: "DELETE FROM waveform WHERE at BETWEEN ? AND ? AND kept = 0")
                .execute(arguments: [day.start.milliseconds, day.end.milliseconds])
            return db.changesCount
        }
        if kept + retained.waveforms == 0 {
            try files.remove(day, .waveforms)
            retained.days = 1
        }
        return retained
    }

    private func episodeWaveforms(_ db: Database, _ day: Day) throws -> [StoredWaveform] {
        let margin = retention.aroundEpisodes.milliseconds
        return try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM waveform w WHERE w.at BETWEEN ? AND ? AND w.kept = 0 AND EXISTS (
                    SELECT 1 FROM episode e WHERE e.point = w.point AND w.at >= e.raised_at - ?
                        AND (e.cleared_at IS NULL OR w.at <= e.cleared_at + ?)) LIMIT \(Self.atOnce)
                """,
            arguments: [day.start.milliseconds, day.end.milliseconds, margin, margin]
        ).map(StoredWaveform.init)
    }

    private static let atOnce = 16
}

/// A complete record, wherever its bytes are.
struct StoredWaveform {
    let id: Int64
    let point: PointKey
    let at: Instant
    /// Of the parts that it came in.
    let lengths: [Int]
    /// nil once they have moved.
    let bytes: Data?
    private let row: Row

    init(_ row: Row) {
        id = row["id"]
        point = PointKey(row["point"])
        at = Instant(milliseconds: row["at"])
        lengths = (row["part_lengths"] as String).split(separator: ",").compactMap { Int($0) }
        bytes = row["bytes"]
        self.row = row
    }

    static func find(_ db: Database, _ point: PointKey, _ at: Instant) throws -> StoredWaveform? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM waveform WHERE point = ? AND at = ?"),
            arguments: [point.number, at.milliseconds]
        ).map(StoredWaveform.init)
    }

    /// nil when `part` is one that this record was made of.
    func compare(_ db: Database, _ part: WaveformPart) throws -> Rejection? {
        let isSame =
            lengths.count == part.of && row["samples"] == part.samples && row["sample_rate"] == part.sampleRate
            && row["unit"] == part.unit.rawValue && row["encoding"] == part.encoding.rawValue
            && row["scale"] == part.scale && row["rpm"] == part.rpm
        let start = lengths.prefix(part.part - 1).reduce(0, +)
        let stored = try bytes ?? DayFiles(of: db).flatMap { try movedBytes($0) }
        if isSame, let stored, stored.dropFirst(start).prefix(lengths[part.part - 1]).elementsEqual(part.bytes) {
            return nil
        }
        return part.rejected(.conflict, "another record of that time is stored")
    }

    func movedBytes(_ files: DayFiles) throws -> Data? {
        try files.read(Day(of: at), .waveforms) { db in
            try Data.fetchOne(
                db, sql: "SELECT bytes FROM waveform WHERE point = ? AND at = ?",
                arguments: [point.number, at.milliseconds])
        } ?? nil
    }

    func save(_ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO waveform (point, at, bytes) VALUES (?, ?, ?)
                ON CONFLICT (point, at) DO UPDATE SET bytes = excluded.bytes
                """
        ).execute(arguments: [point.number, at.milliseconds, bytes])
    }
}

extension WaveformFacts {
    init?(_ row: Row) {
        guard let unit = WaveformUnit(rawValue: row["unit"]), let encoding = SampleEncoding(rawValue: row["encoding"])
        else { return nil }
        self.init(
            id: row["id"], at: Instant(milliseconds: row["at"]), sampleRate: row["sample_rate"], unit: unit,
            encoding: encoding, scale: row["scale"], rpm: row["rpm"], samples: row["samples"], isKept: row["kept"])
    }
}
