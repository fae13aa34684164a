/// The tables that stand in a file's header, the last one of each place: ITU-T T.81 B.2.4.
struct CodingTables {
    /// By the byte that heads each. A file may define any number, and a scan uses few: those are made when asked for.
    private var definitions: [UInt8: (counts: ArraySlice<UInt8>, symbols: ArraySlice<UInt8>)] = [:]
    private var huffmanTables: [UInt8: HuffmanTable] = [:]
    /// In natural order.
    private(set) var quantisers: [UInt8: [UInt16]] = [:]
    /// For each component of the frame, its quantisation table.
    private(set) var selectors: [UInt8] = []
    /// Minimum coded units between restarts; 0 without.
    private(set) var interval = 0

    /// Nil when any segment is not what the standard says.
    init?(_ bytes: [UInt8], _ segments: [JPEGHeader.Segment]) {
        for segment in segments {
            let payload = bytes[segment.payload]
            switch segment.marker {
            case Marker.quantisers: guard readQuantisers(payload) else { return nil }
            case Marker.huffmanTables: guard readHuffmanTables(payload) else { return nil }
            case Marker.restartInterval:
                guard payload.count == 2 else { return nil }
                interval = payload.reduce(0) { $0 << 8 | Int($1) }
            case Marker.scan: break
            case Marker.arithmeticConditioning, Marker.lines: return nil
            // The frame: the third byte of each component.
            default: selectors = payload.dropFirst(6).enumerated().filter { $0.offset % 3 == 2 }.map(\.element)
            }
        }
    }

    private mutating func readQuantisers(_ payload: ArraySlice<UInt8>) -> Bool {
        var rest = payload
        while let head = rest.popFirst() {
            let size = head >> 4 == 0 ? 1 : 2
            guard head >> 4 <= 1, head & 15 < 4, rest.count >= 64 * size else { return false }
            var table = [UInt16](repeating: 0, count: 64)
            for k in 0..<64 {
                table[Zigzag.natural[k]] = rest.prefix(size).reduce(0) { $0 << 8 | UInt16($1) }
                rest = rest.dropFirst(size)
            }
            quantisers[head & 15] = table
        }
        return true
    }

    private mutating func readHuffmanTables(_ payload: ArraySlice<UInt8>) -> Bool {
        var rest = payload
        while let head = rest.popFirst() {
            let counts = rest.prefix(16)
            rest = rest.dropFirst(16)
            let symbols = counts.reduce(0) { $0 + Int($1) }
            guard head >> 4 <= 1, head & 15 < 4, counts.count == 16, symbols <= min(256, rest.count) else {
                return false
            }
            definitions[head] = (counts, rest.prefix(symbols))
            rest = rest.dropFirst(symbols)
        }
        return true
    }

    /// The table in one of a kind's four places; nil when there is none, or none that decodes.
    mutating func huffmanTable(_ kind: HuffmanTable.Kind, _ place: UInt8) -> HuffmanTable? {
        let head = kind == .ac ? 0x10 | place : place
        if let table = huffmanTables[head] { return table }
        let table = definitions[head].flatMap { HuffmanTable(kind, counts: $0.counts, symbols: $0.symbols) }
        huffmanTables[head] = table
        return table
    }
}
