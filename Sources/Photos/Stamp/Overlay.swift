import CText

/// A rectangle of pixels; the origin is the top left corner of the stored picture.
public struct PixelRect: Hashable, Sendable {
    public var left: Int
    public var top: Int
    public var width: Int
    public var height: Int
}

/// The stamp as paint over stored pixels: `alpha` covers, `light` (premultiplied) is laid on top. All paint is
/// neutral, so one lightness serves every colour space.
struct Overlay {
    var band: PixelRect
    var alpha: [UInt8]
    var light: [UInt8]

}

extension Overlay {
    /// 45 % black.
    static let scrim: UInt8 = 115

    /// Draws `layout` along the bottom as displayed, then turns it once into the stored picture's space.
    init(
        _ layout: StampLayout, width: Int, height: Int, orientation: Orientation, font: borrowing FontHandle
    ) throws(PhotoRefusal) {
        let displayed = orientation.displayed(width, height)
        let area = displayed.width * layout.bandHeight
        alpha = Array(repeating: Self.scrim, count: area)
        light = Array(repeating: 0, count: area)
        let top = displayed.height - layout.bandHeight
        let corner = orientation.stored(0, top, width, height)
        let opposite = orientation.stored(displayed.width - 1, displayed.height - 1, width, height)
        band = PixelRect(
            left: min(corner.x, opposite.x), top: min(corner.y, opposite.y),
            width: abs(corner.x - opposite.x) + 1, height: abs(corner.y - opposite.y) + 1)

        let masks = try Masks(layout, width: displayed.width, font: font)
        // Turning is linear: a step to the right and a step down as displayed are constant steps as stored.
        let start = index(orientation.stored(0, top, width, height))
        let right = index(orientation.stored(1, top, width, height)) - start
        let down = index(orientation.stored(0, top + 1, width, height)) - start
        lay(masks, start: start, right: right, down: down)
    }

    private func index(_ pixel: (x: Int, y: Int)) -> Int { (pixel.y - band.top) * band.width + pixel.x - band.left }

    private mutating func lay(_ masks: Masks, start: Int, right: Int, down: Int) {
        alpha.withUnsafeMutableBufferPointer { alpha in
            light.withUnsafeMutableBufferPointer { light in
                for y in 0..<masks.height {
                    var x = 0
                    while x < masks.width {
                        // Most of the band has no text on it.
                        if masks.isClear(x, y) {
                            x += 8
                            continue
                        }
                        defer { x += 1 }
                        let fill = Int(masks.fill[y * masks.width + x])
                        let outline = Int(masks.outline[y * masks.width + x])
                        if fill | outline == 0 { continue }
                        let i = start + x * right + y * down
                        let scrimmed = Int(Self.scrim) + (255 - Int(Self.scrim)) * outline / 255
                        alpha[i] = UInt8(scrimmed + (255 - scrimmed) * fill / 255)
                        light[i] = UInt8(fill)
                    }
                }
            }
        }
    }
}

/// The text's coverage of the band as displayed: white inside, black around.
private struct Masks {
    var fill: [UInt8]
    var outline: [UInt8]
    let width: Int
    let height: Int

    init(_ layout: StampLayout, width: Int, font: borrowing FontHandle) throws(PhotoRefusal) {
        self.width = width
        height = layout.bandHeight
        fill = Array(repeating: 0, count: width * height)
        outline = fill
        let size = (Int32(width), Int32(height))
        var failure: PhotoRefusal?
        fill.withUnsafeMutableBufferPointer { fill in
            outline.withUnsafeMutableBufferPointer { outline in
                var canvas = ctext_canvas(
                    fill: fill.baseAddress, outline: outline.baseAddress, width: size.0, height: size.1)
                do throws(PhotoRefusal) {
                    for (i, line) in layout.lines.enumerated() {
                        let baseline = layout.firstBaseline + i * layout.pitch
                        try font.draw(line, x: layout.margin, baseline: baseline, on: &canvas)
                    }
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    /// Whether nothing is drawn on eight pixels from (x, y) on; false at a line's end.
    func isClear(_ x: Int, _ y: Int) -> Bool {
        guard x + 8 <= width else { return false }
        let at = y * width + x
        return fill.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) } == 0
            && outline.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) } == 0
    }
}
