import Domain
import Foundation
import GRDB

/// Puts the parts of waveforms together; a record is stored when its last part is there.
enum WaveformParts {
    /// Takes one part in that `WaveformPart.refusal` has nothing against, in the burst's transaction.
    /// - Returns: why not; nil also for one that we have already.
    static func take(
        _ db: Database, part: WaveformPart, point: PointKey, at now: Instant
    ) throws -> Rejection? {
        if let stored = try StoredWaveform.find(db, point, part.at) { return try stored.compare(db, part) }
        if part.of == 1 {
            try store(db, [part], point)
            return nil
        }
        let waiting = try Waiting.load(db, point, part.at, .headers)
        if let twin = waiting.first(where: { $0.part.part == part.part }) {
            let bytes = try Waiting.load(db, point, part.at, .whole).first { $0.part.part == part.part }?.part.bytes
            if bytes == part.bytes, twin.part.hasHeader(of: part) { return nil }
            return part.rejected(.conflict, "part \(part.part) has come before, and was another")
        }
        if let first = waiting.first, !first.part.hasHeader(of: part) {
            return part.rejected(
                .partMismatch, "part \(part.part) describes another record than part \(first.part.part)")
        }
        let count = waiting.count + 1
        let bytes = waiting.reduce(part.bytes.count) { $0 + $1.size }
        guard count == part.of || bytes < part.recordBytes else {
            return part.rejected(.badWaveform, "\(count) of \(part.of) parts would have \(bytes) bytes already")
        }
        guard count == part.of else {
            try insert(db, part, point, at: now)
            try makeRoom(db, at: now)
            return nil
        }
        let others = try Waiting.load(db, point, part.at, .whole).map(\.part)
        try drop(db, point, part.at)
        guard bytes == part.recordBytes else {
            return part.rejected(
                .badWaveform, "the parts have \(bytes) bytes, \(part.samples) samples have \(part.recordBytes)")
        }
        try store(db, (others + [part]).sorted { $0.part < $1.part }, point)
        return nil
    }

    /// Gives up records whose parts did not come.
    static func expire(_ db: Database, at now: Instant) throws {
        let late = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT point, at FROM waveform_part GROUP BY point, at HAVING max(received_at) < ?"),
            arguments: [(now - Limits.waveformPartsWithin).milliseconds])
        for row in late { try giveUp(db, PointKey(row[0]), Instant(milliseconds: row[1]), at: now) }
    }

    private static func makeRoom(_ db: Database, at now: Instant) throws {
        let records = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT point, at, sum(length(bytes)) FROM waveform_part GROUP BY point, at
                    ORDER BY max(received_at) DESC, max(rowid) DESC
                    """))
        var bytes = 0
        for (index, row) in records.enumerated() {
            bytes += row[2] as Int
            if index >= Limits.openWaveforms || bytes > Limits.openWaveformBytes {
                try giveUp(db, PointKey(row[0]), Instant(milliseconds: row[1]), at: now)
            }
        }
    }

    private static func giveUp(_ db: Database, _ point: PointKey, _ at: Instant, at now: Instant) throws {
        let waiting = try Waiting.load(db, point, at, .whole)
        try drop(db, point, at)
        guard let first = waiting.first else { return }
        let numbers = waiting.map { String($0.part.part) }.joined(separator: ", ")
        let detail = "the waveform of \(at.iso8601) has parts \(numbers) of \(first.part.of); the others did not come"
        let origin = Origin(topic: first.topic, payload: first.part.bytes, size: first.part.bytes.count)
        try Effect.reject(Rejection(.partsExpired, detail, origin: origin)).apply(db, at: now)
    }

    private static func drop(_ db: Database, _ point: PointKey, _ at: Instant) throws {
        try db.cachedStatement(sql: "DELETE FROM waveform_part WHERE point = ? AND at = ?")
            .execute(arguments: [point.number, at.milliseconds])
    }

    private static func insert(_ db: Database, _ part: WaveformPart, _ point: PointKey, at now: Instant) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO waveform_part (point, at, part, of, sample_rate, unit, encoding, scale, rpm, samples,
                    received_at, topic, bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            point.number, part.at.milliseconds, part.part, part.of, part.sampleRate, part.unit.rawValue,
            part.encoding.rawValue, part.scale, part.rpm, part.samples, now.milliseconds, part.origin?.topic ?? "",
            Data(part.bytes),
        ])
    }

    private static func store(_ db: Database, _ parts: [WaveformPart], _ point: PointKey) throws {
        let header = parts[0]
        try db.cachedStatement(
            sql: """
                INSERT INTO waveform (point, at, sample_rate, unit, encoding, scale, rpm, samples, part_lengths, bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            point.number, header.at.milliseconds, header.sampleRate, header.unit.rawValue, header.encoding.rawValue,
            header.scale, header.rpm, header.samples,
            parts.map { String($0.bytes.count) }.joined(separator: ","), Data(parts.flatMap(\.bytes)),
        ])
    }

    private struct Waiting {
        let part: WaveformPart
        /// Bytes of the part, whether they were loaded or not.
        let size: Int
        let topic: String

        /// A record may have megabytes, of which a part more needs to see none.
        enum Extent: String {
            case headers = "x''"
            case whole = "bytes"
        }

        static func load(
            _ db: Database, _ point: PointKey, _ at: Instant, _ extent: Extent
        ) throws -> [Waiting] {
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT at, part, of, sample_rate, unit, encoding, scale, rpm, samples, topic,
                            length(bytes) AS size, \(extent.rawValue) AS bytes
                        FROM waveform_part WHERE point = ? AND at = ? ORDER BY part
                        """),
                arguments: [point.number, at.milliseconds]
            ).compactMap(Waiting.init)
        }

        init?(_ row: Row) {
            guard let unit = WaveformUnit(rawValue: row["unit"]),
                let encoding = SampleEncoding(rawValue: row["encoding"])
            else { return nil }
            topic = row["topic"]
            size = row["size"]
            // Whose it is stands in the row's key.
            part = WaveformPart(
                point: PointID(asset: AssetID(stored: ""), name: Name(stored: "")), site: nil,
                at: Instant(milliseconds: row["at"]), sampleRate: row["sample_rate"], unit: unit, encoding: encoding,
                scale: row["scale"], rpm: row["rpm"], sequence: nil, samples: row["samples"], part: row["part"],
                of: row["of"], bytes: [UInt8](row["bytes"] as Data))
        }
    }
}
