/// Lays an overlay over single blocks of a picture's coefficients. What it does to a block depends on nothing but the
/// block, so it does not matter how the coefficients were read.
struct BlockPainter {
    /// A component's quantisation table in natural order, ready to multiply with.
    struct Quantiser {
        fileprivate var values = Rows<Float>(repeating: .zero)
        fileprivate var reciprocals = Rows<Float>(repeating: .zero)

        /// `table` holds no 0.
        init(_ table: UnsafePointer<UInt16>) {
            for row in 0..<8 {
                for column in 0..<8 { values[row][column] = Float(table[8 * row + column]) }
                reciprocals[row] = 1 / values[row]
            }
        }
    }

    /// For each component: the blocks that the overlay touches, and no others are painted.
    let touched: [BlockRect]
    private let overlay: Overlay
    private let boxes: [OverlayBoxes]
    private let isChroma: [Bool]

    init(_ overlay: Overlay, _ header: JPEGHeader) {
        self.overlay = overlay
        boxes = header.components.map { OverlayBoxes(overlay.band, header, $0) }
        touched = boxes.map(\.blocks)
        isChroma = boxes.indices.map { $0 > 0 && header.colours == .yCbCr }
    }

    /// What the overlay does to a block.
    enum Paint {
        case none
        case wash(Wash)
        /// Paint that differs from sample to sample has to be laid on samples.
        case blend
    }

    func paint(column: Int, row: Int, of component: Int, _ quantiser: borrowing Quantiser) -> Paint {
        guard touched[component].contains(column: column, row: row) else { return .none }
        let (box, isChroma) = (boxes[component], isChroma[component])
        if let alpha = box.uniform(overlay.alpha, column: column, row: row),
            let light = isChroma ? 0 : box.uniform(overlay.light, column: column, row: row)
        {
            if alpha == 0, light == 0 { return .none }
            let cover = Float(alpha) / 255
            return .wash(Wash(factor: 1 - cover, level: Float(light) - cover * neutral(isChroma), quantiser))
        }
        return .blend
    }

    /// Paints one block in place; its coefficients are quantised and in natural order.
    func apply(
        _ block: UnsafeMutablePointer<Int16>, column: Int, row: Int, of component: Int, _ quantiser: borrowing Quantiser
    ) {
        switch paint(column: column, row: row, of: component, quantiser) {
        case .none: break
        case .wash(let wash):
            block[0] = Int16(wash.first(Int32(block[0])))
            for k in 1..<64 where block[k] != 0 { block[k] = Int16(wash.other(Int32(block[k]))) }
        case .blend: blend(block, column: column, row: row, of: component, quantiser)
        }
    }

    /// Lays the overlay on a block's samples.
    func blend(
        _ block: UnsafeMutablePointer<Int16>, column: Int, row: Int, of component: Int, _ quantiser: borrowing Quantiser
    ) {
        let (box, isChroma) = (boxes[component], isChroma[component])
        let alpha = box.means(of: overlay.alpha, column: column, row: row)
        let light = isChroma ? Rows(repeating: .zero) : box.means(of: overlay.light, column: column, row: row)
        var rows = Rows<Float>(repeating: .zero)
        for row in 0..<8 {
            rows[row] = SIMD8(UnsafeRawPointer(block + 8 * row).loadUnaligned(as: SIMD8<Int16>.self))
            rows[row] *= quantiser.values[row]
        }
        rows = DCT.inverse(rows)
        for row in 0..<8 {
            let cover = SIMD8<Float>(alpha[row]) * (1 / OverlayBoxes.full)
            rows[row] += SIMD8<Float>(light[row]) * (255 / OverlayBoxes.full) - (rows[row] + neutral(isChroma)) * cover
        }
        rows = DCT.forward(rows)
        for row in 0..<8 { store(rows[row] * quantiser.reciprocals[row], block, row) }
    }

    /// What black is below the level that coefficients are around; for chroma neutral paint is that level.
    private func neutral(_ isChroma: Bool) -> Float { isChroma ? 0 : 128 }

    /// Rounds, and keeps to what 8-bit samples can give: 10 bits and a sign, and one more negative number for the first.
    private func store(_ values: SIMD8<Float>, _ block: UnsafeMutablePointer<Int16>, _ row: Int) {
        var lowest = SIMD8<Float>(repeating: -1023)
        if row == 0 { lowest[0] = -1024 }
        let highest = SIMD8<Float>(repeating: 1023)
        let clamped = values.replacing(with: lowest, where: values .< lowest).replacing(
            with: highest, where: values .> highest)
        let rounded = unsafeBitCast(clamped + Wash.rounder, to: SIMD8<Int32>.self) &- Wash.rounderBits
        UnsafeMutableRawPointer(block + 8 * row).storeBytes(
            of: SIMD8(truncatingIfNeeded: rounded), as: SIMD8<Int16>.self)
    }
}

/// The same paint on every sample: a factor for all coefficients of a block, and a shift of the first.
struct Wash {
    private let factor: Float
    private let shift: Float

    /// `level` is added to samples.
    fileprivate init(factor: Float, level: Float, _ quantiser: borrowing BlockPainter.Quantiser) {
        self.factor = factor
        shift = level * 8 * quantiser.reciprocals[0][0]
    }

    /// Changes nothing.
    static let none = Wash()

    private init() { (factor, shift) = (1, 0) }

    @inline(__always)
    func first(_ coefficient: Int32) -> Int32 {
        Self.rounded(min(max(Float(coefficient) * factor + shift, -1024), 1023))
    }

    @inline(__always)
    func other(_ coefficient: Int32) -> Int32 { Self.rounded(Float(coefficient) * factor) }

    /// Numbers this large have no room for a fraction, and hold the nearest integer in their lowest bits.
    fileprivate static let rounder: Float = 12_582_912
    fileprivate static let rounderBits: Int32 = 0x4B40_0000

    @inline(__always)
    private static func rounded(_ value: Float) -> Int32 {
        Int32(bitPattern: (value + rounder).bitPattern) &- rounderBits
    }
}
