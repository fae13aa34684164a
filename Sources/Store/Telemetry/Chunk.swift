import Domain
import GRDB

/// A run of one point's readings in a day file, in order of time; a point's chunks never overlap.
struct Chunk {
    let id: Int64
    let first: Instant
    let last: Instant
    let isFull: Bool

    /// From `id, first_at, last_at, count, length(blob)`.
    init(_ row: Row) {
        id = row[0]
        first = Instant(milliseconds: row[1])
        last = Instant(milliseconds: row[2])
        isFull = row[3] as Int >= Self.fullCount || row[4] as Int >= Self.fullSize * 15 / 16
    }

    /// Blobs are made as large as fit on a page of 4,096 bytes with their row around them; one that needs a second
    /// page would waste most of it.
    static let fullSize = 4_000
    /// However small its blob, no chunk takes longer to decode.
    static let fullCount = 4_096
    /// However large its readings, no chunk is cut below this.
    static let least = 16

    private static let timeBits: Int64 = 27
    private static let timeMask: Int64 = 1 << timeBits - 1

    static func id(_ point: PointKey, _ first: Instant) -> Int64 {
        point.number << timeBits | (first.milliseconds - Day(of: first).start.milliseconds)
    }

    /// The ids that a point's chunks can have.
    static func ids(of point: PointKey) -> ClosedRange<Int64> {
        point.number << timeBits...point.number << timeBits | timeMask
    }

    /// The bytes of a point's chunks that reach into a span, in order of time.
    static func visit(
        _ db: Database, of point: PointKey, from: Instant, to: Instant, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let ids = ids(of: point)
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT blob FROM chunk WHERE id BETWEEN ? AND ? AND last_at >= ? AND first_at <= ? ORDER BY id
                    """),
            arguments: [ids.lowerBound, ids.upperBound, from.milliseconds, to.milliseconds])
        while let row = try rows.next() { try row.withBytes(0, body) }
    }
}
