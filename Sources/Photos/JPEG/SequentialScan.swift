/// The one interleaved, Huffman-coded scan that most cameras write, and the tables that it uses.
///
/// Nil for what libjpeg warns of or refuses, and for some that it takes: whatever is not read here, libjpeg reads.
struct SequentialScan {
    struct Component {
        /// Blocks in a minimum coded unit.
        var across: Int
        var down: Int
        var dc: HuffmanTable
        var ac: HuffmanTable
        /// In natural order.
        var quantiser: [UInt16]
    }

    let components: [Component]
    /// Minimum coded units in a row, and rows of them.
    let columns: Int
    let rows: Int
    /// Minimum coded units between restarts.
    let interval: Int
    /// Where the entropy-coded data stand.
    let data: Range<Int>

    init?(_ bytes: [UInt8], _ header: JPEGHeader) {
        guard header.coding == .baseline || header.coding == .extended, header.colours != nil,
            header.data.count == 1, let data = header.data.first,
            // Behind the scan comes the end.
            header.segments.allSatisfy({ $0.payload.upperBound <= data.lowerBound }),
            let scan = header.coded.last, scan.marker == Marker.scan, var tables = CodingTables(bytes, header.coded),
            let components = Self.components(header, bytes[scan.payload], &tables)
        else { return nil }
        self.data = data
        self.components = components
        columns = header.width.dividedUp(by: 8 * (components.map(\.across).max() ?? 1))
        rows = header.height.dividedUp(by: 8 * (components.map(\.down).max() ?? 1))
        interval = tables.interval > 0 ? tables.interval : columns * rows
    }

    /// The components as the scan's header (T.81 B.2.3) names them, all and in the frame's order.
    private static func components(
        _ header: JPEGHeader, _ scan: ArraySlice<UInt8>, _ tables: inout CodingTables
    ) -> [Component]? {
        let count = header.components.count
        let ids = header.components.map(\.id)
        guard scan.count == 4 + 2 * count, scan.first == UInt8(count), scan.suffix(3) == [0, 63, 0],
            Set(ids).count == count, tables.selectors.count == count
        else { return nil }
        var components: [Component] = []
        for (i, component) in header.components.enumerated() {
            let named = scan.dropFirst(1 + 2 * i).prefix(2)
            guard let id = named.first, id == component.id, let selector = named.last,
                let dc = tables.huffmanTable(.dc, selector >> 4), let ac = tables.huffmanTable(.ac, selector & 15),
                let quantiser = tables.quantisers[tables.selectors[i]], !quantiser.contains(0)
            else { return nil }
            // A scan of one component has a block to a unit, whatever the frame says of its sampling.
            components.append(
                Component(
                    across: count == 1 ? 1 : component.horizontal, down: count == 1 ? 1 : component.vertical, dc: dc,
                    ac: ac, quantiser: quantiser))
        }
        // No unit has more than ten blocks.
        return components.reduce(0) { $0 + $1.across * $1.down } <= 10 ? components : nil
    }
}
