import Domain

/// What a JPEG says about itself, read by walking its markers before any decoder sees it: hostile headers are
/// refused here, in memory-safe code and in time linear in the file.
public struct JPEGHeader: Hashable, Sendable {
    public enum Coding: String, Hashable, Sendable {
        case baseline, extended, progressive
        case arithmetic, arithmeticProgressive = "arithmetic_progressive"
    }

    /// One header segment: where its payload stands in the file.
    struct Segment: Hashable, Sendable {
        var marker: UInt8
        var payload: Range<Int>

        /// With marker and length.
        var whole: Range<Int> { payload.lowerBound - 4..<payload.upperBound }
    }

    struct Component: Hashable, Sendable {
        var id: UInt8
        var horizontal: Int
        var vertical: Int
    }

    /// As stored, before the Exif orientation.
    public internal(set) var width: Int
    public internal(set) var height: Int
    public internal(set) var coding: Coding
    /// How many scans carry the picture.
    public internal(set) var scans = 0
    var components: [Component]
    /// APPn and comments, in the file's order.
    var segments: [Segment] = []
    /// Tables, the frame's and the scans' headers, in the file's order.
    var coded: [Segment] = []
    /// The entropy-coded data of each scan.
    var data: [Range<Int>] = []
    /// Where the bytes behind the end marker start.
    var end = 0
    /// What the components mean; nil where the file says it in a way that decoders are not of one mind about.
    var colours: Colours?

    /// Reads and checks the header against `Limits`.
    ///
    /// What it lets pass is complete up to the end marker and of a kind that `stamp` handles; the picture's data
    /// are only known to be sound once they were decoded.
    public init(_ bytes: [UInt8]) throws(PhotoRefusal) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Limits.photoBytes else { throw .tooManyBytes(bytes.count) }
        if let other = PhotoRefusal(format: bytes) { throw other }
        var walk = MarkerWalk(bytes)
        self = try walk.header()
        try checkWork()
    }

    init(width: Int, height: Int, coding: Coding, components: [Component]) {
        self.width = width
        self.height = height
        self.coding = coding
        self.components = components
    }

    /// All blocks of one component, without those that only fill its last units.
    func blocks(of component: Component) -> BlockRect {
        let across = components.map(\.horizontal).max() ?? 1
        let down = components.map(\.vertical).max() ?? 1
        return BlockRect(
            columns: 0..<(width * component.horizontal).dividedUp(by: 8 * across),
            rows: 0..<(height * component.vertical).dividedUp(by: 8 * down))
    }

    private func checkWork() throws(PhotoRefusal) {
        guard scans <= Limits.photoScans, scans * width * height <= Self.scannedPixels else { throw .tooManyScans }
        guard coefficientBytes <= Limits.photoMemory else { throw .tooMuchMemory }
    }

    /// An almost empty scan still visits every block, so scans are bounded by the picture's size too.
    static let scannedPixels = 20 * Limits.photoPixels

    /// What libjpeg holds while it decodes: nothing to speak of for one scan, else all coefficients.
    var coefficientBytes: Int {
        guard scans > 1 || coding == .progressive || coding == .arithmeticProgressive else { return 0 }
        let across = components.map(\.horizontal).max() ?? 1
        let down = components.map(\.vertical).max() ?? 1
        return components.reduce(0) { sum, c in
            let blocksAcross = (width * c.horizontal).dividedUp(by: 8 * across) + c.horizontal
            let blocksDown = (height * c.vertical).dividedUp(by: 8 * down) + c.vertical
            return sum + blocksAcross * blocksDown * 64 * MemoryLayout<Int16>.size
        }
    }
}

extension Int {
    func dividedUp(by d: Int) -> Int { (self + d - 1) / d }
}

extension PhotoRefusal {
    /// What the first bytes say when they are not a JPEG's; nil when they are.
    init?(format bytes: [UInt8]) {
        func has(_ signature: String, at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: signature.utf8)
        }
        if bytes.starts(with: [0xFF, 0xD8]) { return nil }
        if bytes.count == 1, bytes[0] == 0xFF {
            self = .truncated
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if has("ftyp", at: 4), Self.heifBrands.contains(where: { has($0, at: 8) }) {
            self = .heic
        } else if has("RIFF"), has("WEBP", at: 8) {
            self = .webp
        } else if has("GIF8") {
            self = .gif
        } else {
            self = .notJPEG
        }
    }

    /// ISO/IEC 23008-12: HEVC- and AV1-coded stills and their collections.
    private static let heifBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif"]
}
