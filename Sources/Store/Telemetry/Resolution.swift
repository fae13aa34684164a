import Domain
import GRDB

/// How finely readings are looked at.
enum Resolution: String {
    case raw, minute, hour

    var span: Rollup.Span? {
        switch self {
        case .raw: nil
        case .minute: .minute
        case .hour: .hour
        }
    }

    /// The coarsest that still shows what slices of `width` milliseconds can.
    init(for width: Int64) {
        self = width >= 3_600_000 ? .hour : width >= 120_000 ? .minute : .raw
    }
}

/// A span of event time in slices of equal width, with the extremes of each.
struct Slices {
    private let from: Int64
    private let to: Int64
    private let width: Int64
    private var slices: [Trend.Slice?]

    init(from: Instant, to: Instant, width: Int64) {
        self.from = from.milliseconds
        self.to = to.milliseconds
        self.width = width
        slices = Array(repeating: nil, count: max(0, Int((self.to - self.from) / width) + 1))
    }

    /// Those with something in them, in order.
    var all: [Trend.Slice] { slices.compactMap(\.self) }

    @inline(__always) mutating func add(_ value: Double, at: Int64) {
        guard at >= from, at <= to else { return }
        add(at: at, lowest: value, highest: value, count: 1)
    }

    /// A rollup that begins before the span belongs to its first slice.
    @inline(__always) mutating func add(at: Int64, lowest: Double, highest: Double, count: Int) {
        let at = max(at, from)
        let index = Int((at - from) / width)
        guard let known = slices[index] else {
            slices[index] = Trend.Slice(
                at: Instant(milliseconds: at), lowest: lowest, highest: highest, count: count)
            return
        }
        slices[index] = Trend.Slice(
            at: Instant(milliseconds: min(known.at.milliseconds, at)), lowest: min(known.lowest, lowest),
            highest: max(known.highest, highest), count: known.count + count)
    }
}

extension Telemetry {
    /// A measure between two times in at most `atMost` slices, of whatever is finest and still there: readings, minutes
    /// or hours, and the journal on top. Slices of rollups may reach over the span's ends by one minute or hour.
    func slices(
        _ db: Database, _ point: PointKey, _ measure: Measure, from: Instant, to: Instant, atMost: Int
    ) throws -> [Trend.Slice] {
        guard from <= to else { return [] }
        let width = max(1, (to - from).milliseconds / Int64(atMost) + 1)
        var slices = Slices(from: from, to: to, width: width)
        if let span = try resolution(db, point, measure, from: from, to: to, width: width).span {
            try addRollups(db, point, measure, span, from: from, to: to, &slices)
            try Journal.visit(db, from: from, to: to, where: { $0.point == point }) { _, bytes in
                try Columns.decode(measure, of: bytes) { slices.add($1, at: $0) }
            }
        } else {
            try addReadings(db, point, measure, from: from, to: to, &slices)
        }
        return slices.all
    }

    /// Coarser than asked where the finer is gone already.
    private func resolution(
        _ db: Database, _ point: PointKey, _ measure: Measure, from: Instant, to: Instant, width: Int64
    ) throws -> Resolution {
        func first(_ span: Rollup.Span) throws -> Int64? {
            try Int64.fetchOne(
                db.cachedStatement(
                    sql: "SELECT min(at) FROM \(span.table) WHERE point = ? AND measure = ? AND at BETWEEN ? AND ?"),
                arguments: [
                    point.number, Int(measure.rawValue), Rollup.start(of: from.milliseconds, span), to.milliseconds,
                ])
        }
        var resolution = Resolution(for: width)
        if resolution == .raw, let oldest = files.days(.chunks).first, from < oldest.start,
            let minute = try first(.minute), minute < oldest.start.milliseconds
        {
            resolution = .minute
        }
        if resolution != .hour, let hour = try first(.hour),
            try first(.minute).map({ hour < Rollup.start(of: $0, .hour) }) ?? true,
            files.days(.chunks).first.map({ hour < $0.start.milliseconds }) ?? true
        {
            resolution = .hour
        }
        return resolution
    }

    private func addRollups(
        _ db: Database, _ point: PointKey, _ measure: Measure, _ span: Rollup.Span, from: Instant, to: Instant,
        _ slices: inout Slices
    ) throws {
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT at, lowest, highest, count FROM \(span.table)
                    WHERE point = ? AND measure = ? AND at BETWEEN ? AND ?
                    """),
            arguments: [
                point.number, Int(measure.rawValue), Rollup.start(of: from.milliseconds, span), to.milliseconds,
            ])
        while let row = try rows.next() {
            slices.add(at: row[0], lowest: row[1], highest: row[2], count: row[3])
        }
    }

    /// The journal is read before the day files: what has moved meanwhile stands in both, and counts once.
    private func addReadings(
        _ db: Database, _ point: PointKey, _ measure: Measure, from: Instant, to: Instant, _ slices: inout Slices
    ) throws {
        var journal: [Int64: Double] = [:]
        try Journal.visit(db, from: from, to: to, where: { $0.point == point }) { _, bytes in
            try Columns.decode(measure, of: bytes) { journal[$0] = $1 }
        }
        for day in Day(of: from)...Day(of: to) {
            _ = try files.read(day, .chunks) { file in
                try Chunk.visit(file, of: point, from: from, to: to) { bytes in
                    try Columns.decode(measure, of: bytes) { at, value in
                        if !journal.isEmpty { journal[at] = nil }
                        slices.add(value, at: at)
                    }
                }
            }
        }
        for (at, value) in journal { slices.add(value, at: at) }
    }
}
