/// Method B: copies a baseline scan bit for bit and codes again only the minimum coded units (T.81 A.2) under the
/// stamp, and behind each run of them the first one more, whose DC differences start from what was painted.
///
/// All of the scan is read, so data that are damaged anywhere are noticed. What is not to its liking, damage or a
/// symbol for which the file's own tables have no code, it leaves to libjpeg, whose word is the last.
struct Splice: ~Copyable {
    /// One block of a unit.
    private struct Block {
        var component: Int
        /// The component's blocks in a unit.
        var across: Int
        var down: Int
        /// This one's place among them.
        var x: Int
        var y: Int
        var dc: HuffmanTable.Pointers
        var ac: HuffmanTable.Pointers
    }

    /// What one component's DC coefficients are told as differences to.
    private typealias Predictions = InlineArray<3, Int32>

    private let scan: SequentialScan
    private let blocks: [Block]
    /// Nil where the data are only read.
    private let painter: BlockPainter?
    private let quantisers: [BlockPainter.Quantiser]
    /// The units that hold a touched block.
    private let touched: BlockRect
    private var data: EntropyData
    private var writer: BitWriter

    /// `jpeg` up to its end marker with the paint on it, behind `head` instead of what stands before the scan's data; nil
    /// when libjpeg is to have it.
    static func paint(_ jpeg: [UInt8], _ header: JPEGHeader, _ painter: BlockPainter, behind head: [UInt8]) -> [UInt8]?
    {
        run(jpeg, header, painter, head) { Array(UnsafeBufferPointer(start: $0.writer.bytes, count: $0.writer.count)) }
    }

    /// Whether the scan's data are sound. No splice takes less time than to find that out.
    static func reads(_ jpeg: [UInt8], _ header: JPEGHeader) -> Bool {
        run(jpeg, header, nil, []) { _ in true } ?? false
    }

    private static func run<Result>(
        _ jpeg: [UInt8], _ header: JPEGHeader, _ painter: BlockPainter?, _ head: [UInt8],
        _ result: (borrowing Splice) -> Result
    ) -> Result? {
        guard let scan = SequentialScan(jpeg, header) else { return nil }
        // The tables' memory is used through pointers.
        return withExtendedLifetime(scan) {
            jpeg.withUnsafeBytes { jpeg in
                var splice = Splice(scan, painter)
                head.withUnsafeBytes { splice.writer.append($0) }
                guard splice.run(UnsafeRawBufferPointer(rebasing: jpeg[..<header.end])) else { return nil }
                splice.writer.append(UnsafeRawBufferPointer(rebasing: jpeg[scan.data.upperBound..<header.end]))
                return result(splice)
            }
        }
    }

    private init(_ scan: SequentialScan, _ painter: BlockPainter?) {
        self.scan = scan
        self.painter = painter
        blocks = scan.components.enumerated().flatMap { i, component in
            (0..<component.across * component.down).map { place in
                Block(
                    component: i, across: component.across, down: component.down, x: place % component.across,
                    y: place / component.across, dc: component.dc.pointers, ac: component.ac.pointers)
            }
        }
        quantisers = scan.components.map { $0.quantiser.withUnsafeBufferPointer { .init($0.baseAddress!) } }
        touched = zip(scan.components, painter?.touched ?? []).reduce(BlockRect.empty) { sum, one in
            sum.spanning(one.1.units(across: one.0.across, down: one.0.down))
        }
        data = EntropyData(capacity: scan.data.count)
        writer = BitWriter(capacity: painter == nil ? 0 : scan.data.upperBound + scan.data.count / 32)
    }

    /// `source` ends with the end marker, behind the scan.
    private mutating func run(_ source: UnsafeRawBufferPointer) -> Bool {
        let count = scan.columns * scan.rows
        var at = scan.data.lowerBound
        for first in stride(from: 0, to: count, by: scan.interval) {
            let units = first..<min(first + scan.interval, count)
            let end = data.load(source, from: at)
            let next = units.upperBound < count ? restart(first / scan.interval, source, at: end) : scan.data.upperBound
            guard let next, source[end..<next].dropLast(units.upperBound < count ? 1 : 0).allSatisfy({ $0 == 0xFF })
            else { return false }
            if hasTouched(units) {
                guard recode(units) else { return false }
                writer.append(UnsafeRawBufferPointer(rebasing: source[end..<next]))
            } else {
                var reader = BitReader(data)
                var predictions = Predictions(repeating: 0)
                guard skip(units.count, &reader, &predictions), isSpent(reader) else { return false }
                if painter != nil { writer.append(UnsafeRawBufferPointer(rebasing: source[at..<next])) }
            }
            at = next
        }
        return true
    }

    /// Where the data go on behind the restart marker with the number `n`; nil when another stands there.
    private func restart(_ n: Int, _ source: UnsafeRawBufferPointer, at start: Int) -> Int? {
        var at = start
        while at < source.count, source[at] == 0xFF { at += 1 }
        guard at > start, at < scan.data.upperBound, source[at] == Marker.restart.lowerBound + UInt8(n % 8) else {
            return nil
        }
        return at + 1
    }

    /// Whether nothing but the last byte's filling is left.
    private func isSpent(_ reader: BitReader) -> Bool { (0..<8).contains(data.count * 8 - reader.position) }

    private func hasTouched(_ units: Range<Int>) -> Bool {
        var unit = units.lowerBound
        while unit < units.upperBound {
            let run = run(from: unit, limit: units.upperBound)
            if run.isTouched { return true }
            unit += run.count
        }
        return false
    }

    /// How many units from `unit` on are touched, or untouched, like it.
    private func run(from unit: Int, limit: Int) -> (isTouched: Bool, count: Int) {
        let (row, column) = unit.quotientAndRemainder(dividingBy: scan.columns)
        let start = row * scan.columns
        let (isTouched, end) =
            if !touched.rows.contains(row) {
                (false, row < touched.rows.lowerBound ? touched.rows.lowerBound * scan.columns : limit)
            } else if column < touched.columns.lowerBound {
                (false, start + touched.columns.lowerBound)
            } else if column < touched.columns.upperBound {
                (true, start + touched.columns.upperBound)
            } else {
                (false, start + scan.columns)
            }
        return (isTouched, min(end, limit) - unit)
    }
}

extension Splice {
    /// Codes an interval that holds touched units.
    private mutating func recode(_ units: Range<Int>) -> Bool {
        var reader = BitReader(data)
        var read = Predictions(repeating: 0)
        var written = read
        // Up to here the data are in the copy, and whether its next differences start from something else.
        var copied = 0
        var isOff = false
        var unit = units.lowerBound
        while unit < units.upperBound {
            var (isTouched, count) = run(from: unit, limit: units.upperBound)
            unit += count
            if isTouched || isOff {
                writer.copy(copied..<reader.position, of: data)
                if !isOff { written = read }
                let again = isTouched ? count : 1
                for i in unit - count..<unit - count + again {
                    guard recode(i, &reader, &read, &written) else { return false }
                }
                copied = reader.position
                count -= again
                isOff = isTouched
            }
            guard skip(count, &reader, &read) else { return false }
        }
        guard isSpent(reader) else { return false }
        writer.copy(copied..<reader.position, of: data)
        writer.align()
        return true
    }

    /// Reads a unit, paints its touched blocks, and writes it.
    private mutating func recode(
        _ unit: Int, _ reader: inout BitReader, _ read: inout Predictions, _ written: inout Predictions
    ) -> Bool {
        let (row, column) = unit.quotientAndRemainder(dividingBy: scan.columns)
        writer.reserve(Self.longestUnit)
        for block in blocks {
            let i = block.component
            guard let difference = reader.difference(block.dc) else { return false }
            read[i] &+= difference
            guard Self.dc ~= read[i] else { return false }
            let (x, y) = (column * block.across + block.x, row * block.down + block.y)
            let first: Int32? =
                switch painter?.paint(column: x, row: y, of: i, quantisers[i]) {
                case nil, .some(.none): recode(block, washed: .none, read[i], written[i], &reader)
                case .wash(let wash): recode(block, washed: wash, read[i], written[i], &reader)
                case .blend: recode(block, x, y, read[i], written[i], &reader)
                }
            guard let first else { return false }
            written[i] = first
        }
        return reader.position <= data.count * 8
    }

    /// Codes a block again whose coefficients change one by one, and returns its first.
    private mutating func recode(
        _ block: Block, washed wash: Wash, _ first: Int32, _ predicted: Int32, _ reader: inout BitReader
    ) -> Int32? {
        let first = wash.first(first)
        guard writer.put(difference: first - predicted, block.dc) else { return nil }
        var k = 1
        var last = 0
        while k < 64 {
            guard let (steps, value) = reader.coefficient(block.ac) else { return nil }
            k += steps
            let washed = wash.other(value)
            guard washed != 0 else { continue }
            guard k <= 64, writer.put(coefficient: washed, zeros: k - last - 2, block.ac) else { return nil }
            last = k - 1
        }
        guard k == 64 || k >= HuffmanTable.Meaning.end else { return nil }
        return last == 63 || writer.putEnd(block.ac) ? first : nil
    }

    /// Codes a block again whose samples are painted, and returns its first coefficient.
    private mutating func recode(
        _ block: Block, _ column: Int, _ row: Int, _ first: Int32, _ predicted: Int32, _ reader: inout BitReader
    ) -> Int32? {
        var coefficients = InlineArray<64, Int16>(repeating: 0)
        coefficients[0] = Int16(first)
        var k = 1
        while k < 64 {
            guard let (steps, value) = reader.coefficient(block.ac) else { return nil }
            k += steps
            guard value != 0 else { continue }
            guard k <= 64 else { return nil }
            coefficients[Zigzag.natural[k - 1]] = Int16(value)
        }
        guard k == 64 || k >= HuffmanTable.Meaning.end else { return nil }
        var span = coefficients.mutableSpan
        span.withUnsafeMutableBufferPointer {
            painter?.blend(
                $0.baseAddress!, column: column, row: row, of: block.component, quantisers[block.component])
        }
        guard writer.put(difference: Int32(coefficients[0]) - predicted, block.dc) else { return nil }
        var last = 0
        for k in 1..<64 where coefficients[Zigzag.natural[k]] != 0 {
            let value = Int32(coefficients[Zigzag.natural[k]])
            guard writer.put(coefficient: value, zeros: k - last - 1, block.ac) else { return nil }
            last = k
        }
        return last == 63 || writer.putEnd(block.ac) ? Int32(coefficients[0]) : nil
    }

    /// Steps over `count` units.
    private func skip(_ count: Int, _ reader: inout BitReader, _ predictions: inout Predictions) -> Bool {
        let end = data.count * 8
        return blocks.withUnsafeBufferPointer { blocks in
            var (current, predicted) = (reader, predictions)
            for _ in 0..<count {
                for block in blocks {
                    guard let difference = current.difference(block.dc), current.skip(block.ac) else { return false }
                    predicted[block.component] &+= difference
                    guard Self.dc ~= predicted[block.component] else { return false }
                }
                guard current.position <= end else { return false }
            }
            (reader, predictions) = (current, predicted)
            return true
        }
    }

    /// What 8-bit samples can have for a mean, 8 times over; differences of such have a size of at most 11 bits.
    private static let dc: ClosedRange<Int32> = -1024...1023
    /// In bytes: ten blocks of 64 symbols of 27 bits.
    private static let longestUnit = 10 * 64 * 27 / 8
}
