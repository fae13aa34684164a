/// A rectangle of a component's blocks, or of minimum coded units.
struct BlockRect: Hashable {
    var columns: Range<Int>
    var rows: Range<Int>

    static let empty = BlockRect(columns: 0..<0, rows: 0..<0)

    func contains(column: Int, row: Int) -> Bool { columns.contains(column) && rows.contains(row) }

    /// The units of `across` × `down` blocks that hold any of it.
    func units(across: Int, down: Int) -> BlockRect {
        BlockRect(
            columns: columns.lowerBound / across..<columns.upperBound.dividedUp(by: across),
            rows: rows.lowerBound / down..<rows.upperBound.dividedUp(by: down))
    }

    /// The smallest that holds both.
    func spanning(_ other: BlockRect) -> BlockRect {
        if columns.isEmpty || rows.isEmpty { return other }
        return BlockRect(
            columns: min(
                columns.lowerBound, other.columns.lowerBound)..<max(
                    columns.upperBound, other.columns.upperBound),
            rows: min(rows.lowerBound, other.rows.lowerBound)..<max(rows.upperBound, other.rows.upperBound))
    }
}
