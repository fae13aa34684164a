import Domain
import Foundation
import GRDB

/// Puts readings into the chunks that they belong to; one for a whole transaction.
struct ChunkWriter: ~Copyable {
    private let db: Database
    private var encoder = ColumnEncoder()
    private var stored: [Reading] = []
    /// Bytes a reading, as the last chunk had it: how many will fit.
    private var density = 0.0

    init(_ db: Database) { self.db = db }

    /// - Parameter run: of one day, not empty.
    mutating func write(_ point: PointKey, _ run: Run) throws {
        var rest = run.readings[...]
        let owners = try owners(point, from: run.readings[0].at, to: run.readings[run.readings.count - 1].at)
        for (index, owner) in owners.enumerated() {
            let next = index + 1 < owners.count ? owners[index + 1].first : nil
            let own = next.map { next in rest.prefix { $0.at < next } } ?? rest
            rest = rest[own.endIndex...]
            guard let first = own.first else { continue }
            if owner.isFull, first.at > owner.last {
                try insert(point, own)
            } else {
                stored.removeAll(keepingCapacity: true)
                try load(owner.id)
                try db.cachedStatement(sql: "DELETE FROM chunk WHERE id = ?").execute(arguments: [owner.id])
                try insert(point, Run(stored, joined: own).readings[...])
            }
        }
        try insert(point, rest)
    }

    /// The chunks that a span falls to, in order of time: each takes what comes before the next, and the first what
    /// comes before all.
    private func owners(_ point: PointKey, from: Instant, to: Instant) throws -> [Chunk] {
        let (ids, start) = (Chunk.ids(of: point), Chunk.id(point, from))
        func id(_ sql: String, _ bounds: ClosedRange<Int64>) throws -> Int64? {
            try Int64.fetchOne(
                db.cachedStatement(sql: sql + " FROM chunk WHERE id BETWEEN ? AND ?"),
                arguments: [bounds.lowerBound, bounds.upperBound])
        }
        let owner = try id("SELECT max(id)", ids.lowerBound...start) ?? id("SELECT min(id)", start...ids.upperBound)
        guard let owner else { return [] }
        return try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id, first_at, last_at, count, length(blob) FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id
                    """),
            arguments: [owner, max(owner, Chunk.id(point, to))]
        ).map(Chunk.init)
    }

    private mutating func load(_ id: Int64) throws {
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT blob FROM chunk WHERE id = ?"), arguments: [id])
        while let row = try rows.next() {
            try row.withBytes(0) { try Columns.decode($0, into: &stored) }
        }
    }

    /// As few chunks as there can be, each as large as fits.
    private mutating func insert(_ point: PointKey, _ readings: ArraySlice<Reading>) throws {
        var rest = readings
        while let first = rest.first {
            let count = encodeChunk(rest)
            let last = rest[rest.startIndex + count - 1].at
            try db.cachedStatement(
                sql: "INSERT INTO chunk (id, point, first_at, last_at, count, blob) VALUES (?, ?, ?, ?, ?, ?)"
            ).execute(arguments: [
                Chunk.id(point, first.at), point.number, first.at.milliseconds, last.milliseconds, count,
                Data(encoder.out.bytes),
            ])
            rest = rest.dropFirst(count)
        }
    }

    /// Leaves the chunk in `encoder` and says how many of `readings` it holds.
    private mutating func encodeChunk(_ readings: ArraySlice<Reading>) -> Int {
        var count = min(readings.count, Chunk.fullCount)
        if density > 0 { count = min(count, Int(Double(Chunk.fullSize) / density)) }
        while true {
            count = wholeTimes(readings, count)
            encoder.removeAll()
            readings.prefix(count).withUnsafeBufferPointer { encoder.append($0) }
            let size = encoder.out.count
            if size <= Chunk.fullSize || count <= Chunk.least {
                if count < readings.count { density = Double(size) / Double(count) }
                return count
            }
            count = max(Chunk.least, min(count * Chunk.fullSize / size, count * 63 / 64))
        }
    }

    /// Readings of one time stay in one chunk; there are at most as many as measures.
    private func wholeTimes(_ readings: ArraySlice<Reading>, _ count: Int) -> Int {
        var end = readings.startIndex + max(1, count)
        while end < readings.endIndex, readings[end].at == readings[end - 1].at { end += 1 }
        return end - readings.startIndex
    }
}
