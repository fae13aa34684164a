public import Domain
import Foundation
import GRDB

/// Journal, day files and rollups read as one, beside a running service too: nothing is changed, nobody is kept waiting.
public struct StoredReadings: Sendable {
    let main: any DatabaseReader
    private let files: DayFiles

    /// What can't be read, in a sentence.
    public struct Unreadable: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter directory: a data folder that this program's version has served.
    public init(directory: String) throws {
        let path = directory + "/fieldloop.db"
        guard FileManager.default.fileExists(atPath: path) else {
            throw Unreadable(description: "there is no database in \(directory)")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.label = "fieldloop-export"
        main = try DatabaseQueue(path: path, configuration: configuration)
        files = DayFiles(beside: directory)
        guard try main.read({ try Schema.migrator.hasCompletedMigrations($0) }) else {
            throw Unreadable(description: "\(path) is of another version; start the service on it once")
        }
    }

    init(_ telemetry: Telemetry) {
        main = telemetry.pool
        files = telemetry.files
    }

    /// Every point of the plant, as `asset/point`.
    public func points() throws -> [PointID] { try keys().map(\.id) }

    /// Readings by day, point and time, some thousand at most each call.
    ///
    /// - Parameter points: nil for all.
    public func visit(
        _ points: Set<PointID>? = nil, from: Instant, to: Instant, _ body: (PointID, [Reading]) throws -> Void
    ) throws {
        guard from <= to else { return }
        let keys = try keys().filter { points?.contains($0.id) ?? true }
        for day in try days(from: from, to: to) {
            let span = max(from, day.start)...min(to, day.end)
            // Before the day's file: what has moved in between stands in both, and joins to one.
            let journal = try main.read { try Self.journal($0, span) }
            let isRead: Void? = try files.read(day, .chunks) { file in
                for (key, id) in keys {
                    var rest = (journal[key]?.readings ?? [])[...]
                    try Chunk.visit(file, of: key, from: span.lowerBound, to: span.upperBound) { bytes in
                        var stored: [Reading] = []
                        try Columns.decode(bytes, into: &stored)
                        guard let last = stored.last?.at else { return }
                        let joined = rest.prefix { $0.at <= last }
                        rest = rest[joined.endIndex...]
                        let run = Run(stored, joined: joined).readings.filter { span.contains($0.at) }
                        if !run.isEmpty { try body(id, run) }
                    }
                    if !rest.isEmpty { try body(id, Array(rest)) }
                }
            }
            guard isRead == nil else { continue }
            for (key, id) in keys { if let run = journal[key] { try body(id, run.readings) } }
        }
    }

    /// One minute or hour of one measure.
    public struct Summary: Sendable, Equatable {
        public let point: PointID
        public let measure: Measure
        /// When it begins.
        public let at: Instant
        public let count: Int
        public let lowest: Double
        public let highest: Double
        public let mean: Double
    }

    /// Minutes or hours by point, measure and time; those that begin in the span.
    public func visitSummaries(
        _ points: Set<PointID>? = nil, _ measures: [Measure] = Measure.allCases, hourly: Bool, from: Instant,
        to: Instant, _ body: (Summary) throws -> Void
    ) throws {
        let span: Rollup.Span = hourly ? .hour : .minute
        for (key, id) in try keys() where points?.contains(id) ?? true {
            // A snapshot a point: rows and journal of one moment, and the service's log is not held for long.
            try main.read { db in
                var fresh = try Self.fresh(db, key, span, from...to)
                for measure in measures {
                    var waiting = (fresh.removeValue(forKey: measure) ?? [])[...]
                    let rows = try Self.rollups(db, key, measure, span, from...to)
                    while let row = try rows.next() {
                        var rollup = Rollup(key, measure, row)
                        while let next = waiting.first, next.at <= rollup.at {
                            waiting.removeFirst()
                            if next.at == rollup.at { rollup.add(next) } else { try body(Summary(next, id)) }
                        }
                        try body(Summary(rollup, id))
                    }
                    for next in waiting { try body(Summary(next, id)) }
                }
            }
        }
    }

    private func keys() throws -> [(key: PointKey, id: PointID)] {
        try main.read { db in
            try Row.fetchAll(db, sql: "SELECT id, asset, name FROM point ORDER BY id").map { row in
                (PointKey(row[0]), PointID(asset: AssetID(stored: row[1]), name: Name(stored: row[2])))
            }
        }
    }

    /// The days that may hold something of a span.
    func days(from: Instant, to: Instant) throws -> [Day] {
        let journal = try main.read { db in
            try Row.fetchOne(db, sql: "SELECT min(first_at), max(last_at) FROM journal")
        }
        var days = Set(files.days(.chunks))
        if let first = journal?[0] as Int64?, let last = journal?[1] as Int64? {
            days.formUnion(
                max(
                    Day(of: from), Day(of: Instant(milliseconds: first)))..<max(
                        Day(of: from), min(Day(of: to), Day(of: Instant(milliseconds: last)))
                    ).advanced(by: 1))
        }
        return days.filter { $0.end >= from && $0.start <= to }.sorted()
    }

    private static func journal(_ db: Database, _ span: ClosedRange<Instant>) throws -> [PointKey: Run] {
        var readings: [PointKey: [Reading]] = [:]
        try Journal.visit(db, from: span.lowerBound, to: span.upperBound) { entry, bytes in
            var run: [Reading] = []
            try Columns.decode(bytes, into: &run)
            readings[entry.point, default: []] += run.filter { span.contains($0.at) }
        }
        return readings.filter { !$0.value.isEmpty }.mapValues { Run(sorting: $0) }
    }

    /// What the journal adds to a point's rollups.
    private static func fresh(
        _ db: Database, _ point: PointKey, _ span: Rollup.Span, _ times: ClosedRange<Instant>
    ) throws -> [Measure: [Rollup]] {
        var readings: [Reading] = []
        try Journal.visit(db, from: times.lowerBound, to: times.upperBound, where: { $0.point == point }) { _, bytes in
            try Columns.decode(bytes, into: &readings)
        }
        let minutes = Rollup.minutes(of: point, Run(sorting: readings))
        let rollups = (span == .minute ? minutes : Rollup.hours(of: minutes))
            .filter { times.contains(Instant(milliseconds: $0.at)) }
        return Dictionary(grouping: rollups, by: \.measure)
    }

    private static func rollups(
        _ db: Database, _ point: PointKey, _ measure: Measure, _ span: Rollup.Span, _ times: ClosedRange<Instant>
    ) throws -> RowCursor {
        try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT at, count, lowest, highest, sum FROM \(span.table)
                    WHERE point = ? AND measure = ? AND at BETWEEN ? AND ? ORDER BY at
                    """),
            arguments: [
                point.number, Int(measure.rawValue), times.lowerBound.milliseconds, times.upperBound.milliseconds,
            ])
    }
}

extension StoredReadings.Summary {
    fileprivate init(_ rollup: Rollup, _ point: PointID) {
        self.init(
            point: point, measure: rollup.measure, at: Instant(milliseconds: rollup.at), count: rollup.count,
            lowest: rollup.lowest, highest: rollup.highest, mean: rollup.sum / Double(rollup.count))
    }
}

extension Rollup {
    /// From `at, count, lowest, highest, sum`.
    fileprivate init(_ point: PointKey, _ measure: Measure, _ row: Row) {
        self.init(point, measure, at: row[0])
        count = row[1]
        lowest = row[2]
        highest = row[3]
        sum = row[4]
    }
}
