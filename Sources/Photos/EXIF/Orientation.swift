/// How stored pixels are turned for display: Exif tag 0x0112.
public enum Orientation: Int, Hashable, Sendable, CaseIterable {
    case upright = 1
    case mirrored
    case halfTurn
    case flipped
    case transposed
    /// Turn clockwise by 90° to display.
    case quarterTurn
    case transversed
    /// Turn counter-clockwise by 90° to display.
    case threeQuarterTurn

    /// Whether the displayed width is the stored height.
    var swapsSides: Bool { rawValue >= 5 }

    /// The displayed size of a picture stored as `width` × `height`; its own inverse.
    func displayed(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
        swapsSides ? (height, width) : (width, height)
    }

    /// The stored pixel that is displayed at (x, y), in a picture stored as `width` × `height`.
    func stored(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> (x: Int, y: Int) {
        switch self {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .halfTurn: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .quarterTurn: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .threeQuarterTurn: (width - 1 - y, x)
        }
    }
}
