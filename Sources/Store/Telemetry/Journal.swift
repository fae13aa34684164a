import Domain
import Foundation
import GRDB

/// What came in and is not in the day files yet: a row a burst, in the main file, so that readings, detector state and
/// tickets are one transaction.
///
/// A row's `blob` is its runs one behind the other; `directory` says whose they are and from when to when, so that a
/// late reading is looked up without touching what has nothing to do with it.
enum Journal {
    /// One row with all `runs`; none when there is nothing. A point may have several runs.
    static func append(_ db: Database, _ runs: [(PointKey, [Reading])], at now: Instant) throws {
        var encoder = ColumnEncoder()
        var directory = ByteWriter(capacity: 1 << 10)
        var (first, last) = (Int64.max, Int64.min)
        var readings = 0
        for (point, run) in gathered(runs) {
            run.withUnsafeBufferPointer { run in
                for start in stride(from: 0, to: run.count, by: Columns.longest) {
                    let part = UnsafeBufferPointer(rebasing: run[start..<min(start + Columns.longest, run.count)])
                    let before = encoder.out.count
                    encoder.append(part)
                    let entry = Entry(point, part, at: before, length: encoder.out.count - before)
                    entry.append(to: &directory)
                    (first, last) = (min(first, entry.first), max(last, entry.last))
                }
            }
            readings += run.count
        }
        guard readings > 0 else { return }
        try db.cachedStatement(
            sql: "INSERT INTO journal (at, first_at, last_at, readings, directory, blob) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            now.milliseconds, first, last, readings, directory.data(), encoder.finish(),
        ])
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
        /// In the blob.
        let offset: Int
        let length: Int

        fileprivate init(_ point: PointKey, _ run: UnsafeBufferPointer<Reading>, at offset: Int, length: Int) {
            self.point = point
            self.offset = offset
            self.length = length
            var (first, last) = (Int64.max, Int64.min)
            for reading in run {
                first = min(first, reading.at.milliseconds)
                last = max(last, reading.at.milliseconds)
            }
            (self.first, self.last) = (first, last)
        }

        fileprivate init(_ reader: inout ByteReader, at offset: Int) throws(DamagedColumns) {
            point = PointKey(Int64(bitPattern: try reader.varint()))
            first = try reader.read(Int64.self)
            last = try reader.read(Int64.self)
            self.offset = offset
            length = try reader.count(upTo: Int(Int32.max))
        }

        fileprivate func append(to directory: inout ByteWriter) {
            directory.appendVarint(UInt64(bitPattern: point.number))
            directory.append(first)
            directory.append(last)
            directory.appendVarint(UInt64(length))
        }
    }

    /// Whether there are at least so many readings.
    static func holds(_ db: Database, _ wanted: Int) throws -> Bool {
        let rows = try Int.fetchCursor(db.cachedStatement(sql: "SELECT readings FROM journal"))
        var readings = 0
        while readings < wanted, let row = try rows.next() { readings += row }
        return readings >= wanted
    }

    /// Tells `body` the bytes of each run that reaches into a span and `isWanted`, in order of arrival. Damaged ones are
    /// passed over: the compactor sets them aside, and says so.
    static func visit(
        _ db: Database, from: Instant, to: Instant, where isWanted: (Entry) -> Bool = { _ in true },
        _ body: (Entry, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: "SELECT id, directory FROM journal WHERE last_at >= ? AND first_at <= ? ORDER BY id"),
            arguments: [from.milliseconds, to.milliseconds])
        let blob = try db.cachedStatement(sql: "SELECT blob FROM journal WHERE id = ?")
        while let row = try rows.next() {
            let wanted = try row.withBytes(1, entries).known.filter {
                $0.last >= from.milliseconds && $0.first <= to.milliseconds && isWanted($0)
            }
            guard !wanted.isEmpty else { continue }
            let runs = try Row.fetchCursor(blob, arguments: [row[0] as Int64])
            while let row = try runs.next() {
                _ = try row.withBytes(0) { try visit($0, wanted, body) }
            }
        }
    }

    /// Tells `body` the bytes of each of a blob's runs. What `body` finds damaged costs that run.
    /// - Returns: the first damage.
    static func visit(
        _ blob: UnsafeRawBufferPointer, _ entries: [Entry], _ body: (Entry, UnsafeRawBufferPointer) throws -> Void
    ) throws -> DamagedColumns? {
        var damage: DamagedColumns?
        for entry in entries {
            do {
                guard entry.offset + entry.length <= blob.count else { throw DamagedColumns(what: "cut off") }
                try body(entry, UnsafeRawBufferPointer(rebasing: blob[entry.offset..<entry.offset + entry.length]))
            } catch let error as DamagedColumns {
                damage = damage ?? error
            }
        }
        return damage
    }

    /// What a directory says, as far as it can be read, and why it can't be from there on.
    static func entries(_ directory: UnsafeRawBufferPointer) -> (known: [Entry], damage: DamagedColumns?) {
        var reader = ByteReader(directory)
        var entries: [Entry] = []
        var offset = 0
        while reader.left > 0 {
            do throws(DamagedColumns) {
                let entry = try Entry(&reader, at: offset)
                offset += entry.length
                entries.append(entry)
            } catch {
                return (entries, error)
            }
        }
        return (entries, nil)
    }
}
