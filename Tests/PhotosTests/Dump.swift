@testable import Photos

/// All coefficients of a picture, as libjpeg reads them.
struct Dump: Equatable {
    /// For each component, block by block.
    var coefficients: [[Int16]] = []
    /// For each component, in natural order.
    var quantisers: [[UInt16]]
    private let blocks: [BlockRect]
    private let header: JPEGHeader

    init(_ jpeg: [UInt8]) throws {
        let header = try JPEGHeader(jpeg)
        self.header = header
        blocks = header.components.map(header.blocks)
        var quantisers = blocks.map { _ in [UInt16]() }
        var coefficients = blocks.map { [Int16](repeating: 0, count: $0.columns.count * $0.rows.count * 64) }
        try Coefficients.read(jpeg, header) { row in
            quantisers[row.component] = Array(UnsafeBufferPointer(start: row.quantiser, count: 64))
            let first = row.row * row.blocks.count
            coefficients[row.component].replaceSubrange(first..<first + row.blocks.count, with: row.blocks)
        }
        self.coefficients = coefficients
        self.quantisers = quantisers
    }

    static func == (a: Dump, b: Dump) -> Bool { a.coefficients == b.coefficients && a.quantisers == b.quantisers }

    /// How many coefficients differ in blocks that see nothing of `rect`.
    func changed(from other: Dump, outside rect: PixelRect) -> Int {
        guard coefficients.map(\.count) == other.coefficients.map(\.count) else { return .max }
        var changed = 0
        for (i, component) in header.components.enumerated() {
            let touched = OverlayBoxes(rect, header, component).blocks
            let columns = blocks[i].columns.count
            for block in 0..<coefficients[i].count / 64
            where !touched.contains(column: block % columns, row: block / columns) {
                let range = block * 64..<block * 64 + 64
                if coefficients[i][range] == other.coefficients[i][range] { continue }
                changed += range.count(where: { coefficients[i][$0] != other.coefficients[i][$0] })
            }
        }
        return changed
    }
}
