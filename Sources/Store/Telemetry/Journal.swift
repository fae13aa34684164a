import Domain
import Foundation
import GRDB

/// What came in and is not in the day files yet: a row a burst, in the main file, so that readings, detector state and
/// tickets are one transaction.
///
/// A row's blob: the number of runs, then point, first and last time and length of each, then the runs themselves.
enum Journal {
    /// One row with all `runs`; none when there is nothing. A point may have several runs.
    static func append(_ db: Database, _ runs: [(PointKey, [Reading])], at now: Instant) throws {
        var encoder = ColumnEncoder()
        var directory: [Entry] = []
        var readings = 0
        for (point, run) in gathered(runs) {
            run.withUnsafeBufferPointer { run in
                for start in stride(from: 0, to: run.count, by: Columns.longest) {
                    let part = UnsafeBufferPointer(rebasing: run[start..<min(start + Columns.longest, run.count)])
                    let before = encoder.out.count
                    encoder.append(part)
                    directory.append(Entry(point, part, length: encoder.out.count - before))
                }
            }
            readings += run.count
        }
        guard let first = directory.map(\.first).min(), let last = directory.map(\.last).max() else { return }
        var blob = ByteWriter(capacity: encoder.out.count + directory.count * Entry.size + 16)
        blob.appendVarint(UInt64(directory.count))
        for entry in directory { entry.append(to: &blob) }
        blob.append(encoder.out.bytes)
        let statement = try db.cachedStatement(
            sql: "INSERT INTO journal (at, first_at, last_at, readings, blob) VALUES (?, ?, ?, ?, ?)")
        try statement.execute(arguments: [now.milliseconds, first, last, readings, blob.data()])
    }

    /// Single readings of one point make better columns together; long runs are good as they are.
    private static func gathered(_ runs: [(PointKey, [Reading])]) -> [(PointKey, [Reading])] {
        guard runs.contains(where: { $0.1.count < Columns.summarised }) else { return runs }
        var places: [PointKey: Int] = [:]
        var gathered: [(PointKey, [Reading])] = []
        for (point, run) in runs where !run.isEmpty {
            if let place = places[point] {
                gathered[place].1 += run
            } else {
                places[point] = gathered.count
                gathered.append((point, run))
            }
        }
        return gathered
    }

    /// What the directory says of a run.
    struct Entry {
        let point: PointKey
        let first: Int64
        let last: Int64
        let length: Int

        static let size = 24

        init(_ point: PointKey, _ run: UnsafeBufferPointer<Reading>, length: Int) {
            self.point = point
            self.length = length
            var (first, last) = (Int64.max, Int64.min)
            for reading in run {
                first = min(first, reading.at.milliseconds)
                last = max(last, reading.at.milliseconds)
            }
            (self.first, self.last) = (first, last)
        }

        fileprivate init(_ reader: inout ByteReader) throws(DamagedColumns) {
            point = PointKey(Int64(bitPattern: try reader.varint()))
            first = try reader.read(Int64.self)
            last = try reader.read(Int64.self)
            length = try reader.count(upTo: .max)
        }

        fileprivate func append(to blob: inout ByteWriter) {
            blob.appendVarint(UInt64(bitPattern: point.number))
            blob.append(first)
            blob.append(last)
            blob.appendVarint(UInt64(length))
        }
    }

    /// Tells `body` the bytes of each run that reaches into a span and `isWanted`, in order of arrival.
    static func visit(
        _ db: Database, from: Instant, to: Instant, where isWanted: (Entry) -> Bool = { _ in true },
        _ body: (Entry, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT blob FROM journal WHERE last_at >= ? AND first_at <= ? ORDER BY id"),
            arguments: [from.milliseconds, to.milliseconds])
        while let row = try rows.next() {
            try row.withBytes(0) { blob in
                try visit(blob) { entry, bytes in
                    guard entry.last >= from.milliseconds, entry.first <= to.milliseconds, isWanted(entry) else {
                        return
                    }
                    try body(entry, bytes)
                }
            }
        }
    }

    /// Tells `body` the bytes of each run of a row.
    static func visit(
        _ blob: UnsafeRawBufferPointer, _ body: (Entry, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var reader = ByteReader(blob)
        // Each has an entry of some bytes.
        let count = try reader.count(upTo: blob.count)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try Entry(&reader)) }
        for entry in entries { try body(entry, try reader.slice(entry.length).rest) }
    }
}
