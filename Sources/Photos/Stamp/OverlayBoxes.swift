/// The overlay in the sampling of one component: each sample has the mean of the pixels that it covers.
struct OverlayBoxes {
    /// What stands for full cover. Means keep four bits more than the overlay has.
    static let full = Float(255 * scale)
    private static let scale = 16

    /// The blocks that the overlay touches.
    let blocks: BlockRect
    private let band: PixelRect
    private let across: Ratio
    private let down: Ratio
    /// The picture's last column and row.
    private let last: (x: Int, y: Int)

    /// So many pixels in a row or column for so many samples.
    private struct Ratio {
        var pixels: Int
        var samples: Int

        /// The pixels that a sample covers.
        func box(_ sample: Int) -> Range<Int> {
            sample * pixels / samples..<((sample + 1) * pixels).dividedUp(by: samples)
        }

        /// The blocks whose samples cover any of `range`.
        func blocks(over range: Range<Int>) -> Range<Int> {
            range.lowerBound * samples / pixels / 8..<(range.upperBound * samples).dividedUp(by: 8 * pixels)
        }

        /// 1 or 2 pixels a sample.
        var simple: Int? { pixels == samples ? 1 : pixels == 2 * samples ? 2 : nil }
    }

    init(_ band: PixelRect, _ header: JPEGHeader, _ component: JPEGHeader.Component) {
        self.band = band
        across = Ratio(pixels: header.components.map(\.horizontal).max() ?? 1, samples: component.horizontal)
        down = Ratio(pixels: header.components.map(\.vertical).max() ?? 1, samples: component.vertical)
        last = (header.width - 1, header.height - 1)
        blocks = BlockRect(
            columns: across.blocks(over: band.left..<band.left + band.width),
            rows: down.blocks(over: band.top..<band.top + band.height))
    }

    /// What all pixels of one block have of `paint`, the overlay's alpha or light; nil when they differ, or it would take
    /// a second look.
    func uniform(_ paint: [UInt8], column: Int, row: Int) -> UInt8? {
        paint.withUnsafeBytes { paint in
            guard let lines = lines(column: column, row: row), lines.missing == 0 else { return nil }
            let first = paint[lines.start]
            var differences = SIMD16<UInt8>.zero
            for line in 0..<8 * lines.high {
                let start = lines.start + line * band.width
                if lines.wide == 1 {
                    differences.lowHalf |= paint.loadUnaligned(fromByteOffset: start, as: SIMD8<UInt8>.self) ^ first
                } else {
                    differences |= paint.loadUnaligned(fromByteOffset: start, as: SIMD16<UInt8>.self) ^ first
                }
            }
            return differences == .zero ? first : nil
        }
    }

    /// One block's means of `paint`, sample by sample.
    func means(of paint: [UInt8], column: Int, row: Int) -> Rows<UInt16> {
        paint.withUnsafeBytes { paint in
            guard let lines = lines(column: column, row: row) else {
                return anywhere(paint, column: column, row: row)
            }
            var means = Rows<UInt16>(repeating: .zero)
            for line in lines.missing..<8 * lines.high {
                let start = lines.start + line * band.width
                means[line / lines.high] &+=
                    lines.wide == 1
                    ? SIMD8(truncatingIfNeeded: paint.loadUnaligned(fromByteOffset: start, as: SIMD8<UInt8>.self))
                    : pairs(paint.loadUnaligned(fromByteOffset: start, as: SIMD16<UInt8>.self))
            }
            for line in 0..<8 { means[line] &*= UInt16(Self.scale / (lines.wide * lines.high)) }
            return means
        }
    }

    /// The usual case: 1 or 2 pixels to a sample, and all of the block lies on the overlay, or hangs over its upper edge
    /// by `missing` lines. The block's first pixel may be one of those, and then has no place.
    private func lines(column: Int, row: Int) -> (start: Int, wide: Int, high: Int, missing: Int)? {
        guard let wide = across.simple, let high = down.simple else { return nil }
        let (x, y) = (8 * column * wide - band.left, 8 * row * high - band.top)
        guard x >= 0, x + 8 * wide <= band.width, y + 8 * high <= band.height else { return nil }
        return (y * band.width + x, wide, high, max(0, -y))
    }

    private func pairs(_ pixels: SIMD16<UInt8>) -> SIMD8<UInt16> {
        SIMD8(truncatingIfNeeded: pixels.evenHalf) &+ SIMD8(truncatingIfNeeded: pixels.oddHalf)
    }

    /// Pixel by pixel: what lies beside the overlay is clear, what lies beyond the picture repeats its edge.
    private func anywhere(_ paint: UnsafeRawBufferPointer, column: Int, row: Int) -> Rows<UInt16> {
        var means = Rows<UInt16>(repeating: .zero)
        for line in 0..<8 {
            let lines = down.box(8 * row + line)
            for sample in 0..<8 {
                let columns = across.box(8 * column + sample)
                var sum = 0
                for y in lines {
                    let top = min(y, last.y) - band.top
                    guard (0..<band.height).contains(top) else { continue }
                    for x in columns {
                        let left = min(x, last.x) - band.left
                        if (0..<band.width).contains(left) { sum += Int(paint[top * band.width + left]) }
                    }
                }
                let pixels = lines.count * columns.count
                means[line][sample] = UInt16((sum * Self.scale + pixels / 2) / pixels)
            }
        }
        return means
    }
}
