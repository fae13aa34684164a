import Domain
import Glibc

/// Walks the markers of a JPEG (ITU-T T.81, annex B) from the start to the end marker.
struct MarkerWalk {
    private let bytes: [UInt8]
    private var at = 2
    private var markers = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func header() throws(PhotoRefusal) -> JPEGHeader {
        var frame: JPEGHeader?
        var segments: [JPEGHeader.Segment] = []
        var coded: [JPEGHeader.Segment] = []
        var data: [Range<Int>] = []
        while true {
            let marker = try nextMarker()
            switch marker {
            case Marker.end:
                guard var header = frame, !data.isEmpty else { throw .corrupt("no picture between start and end") }
                header.scans = data.count
                header.segments = segments
                header.coded = coded
                header.data = data
                header.end = at
                header.colours = JPEGHeader.Colours(header, bytes)
                return header
            case Marker.temporary, Marker.restart: break
            case Marker.app, Marker.comment:
                segments.append(.init(marker: marker, payload: try segment()))
            case Marker.scan:
                guard frame != nil else { throw .corrupt("a scan before the frame") }
                guard data.count < Limits.photoScans else { throw .tooManyScans }
                coded.append(.init(marker: marker, payload: try segment()))
                data.append(skipEntropyCoded())
            case Marker.huffmanTables, Marker.arithmeticConditioning, Marker.quantisers, Marker.restartInterval,
                Marker.lines:
                coded.append(.init(marker: marker, payload: try segment()))
            case Marker.frame:
                guard frame == nil else { throw .corrupt("two frames") }
                let start = at + 2
                frame = try readFrame(marker)
                coded.append(.init(marker: marker, payload: start..<at))
            default: throw .corrupt("unknown marker 0x\(String(marker, radix: 16))")
            }
        }
    }

    /// The next marker's code; fill bytes before it are legal.
    private mutating func nextMarker() throws(PhotoRefusal) -> UInt8 {
        guard at < bytes.count else { throw .truncated }
        guard bytes[at] == 0xFF else { throw .corrupt("stray bytes before a marker") }
        while at < bytes.count, bytes[at] == 0xFF { at += 1 }
        guard at < bytes.count else { throw .truncated }
        let marker = bytes[at]
        at += 1
        markers += 1
        guard markers <= Limits.photoMarkers else { throw .tooManyMarkers }
        return marker
    }

    /// Steps over a segment and returns where its payload is.
    private mutating func segment() throws(PhotoRefusal) -> Range<Int> {
        guard at + 2 <= bytes.count else { throw .truncated }
        let length = word(at)
        guard length >= 2 else { throw .corrupt("a segment shorter than its own length") }
        let payload = at + 2..<at + length
        guard payload.upperBound <= bytes.count else { throw .truncated }
        at = payload.upperBound
        return payload
    }

    private func word(_ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }

    private mutating func readFrame(_ marker: UInt8) throws(PhotoRefusal) -> JPEGHeader {
        guard let coding = Marker.coding(marker) else {
            throw .unsupportedProcess("SOF\(marker - Marker.frame.lowerBound)")
        }
        let payload = try segment()
        guard payload.count >= 6 else { throw .corrupt("a frame header that is too short") }
        let start = payload.lowerBound
        let count = Int(bytes[start + 5])
        guard bytes[start] == 8 else { throw .precision(Int(bytes[start])) }
        guard count == 1 || count == 3 else { throw .components(count) }
        guard payload.count == 6 + 3 * count else { throw .corrupt("a frame header of the wrong length") }
        let (height, width) = (word(start + 1), word(start + 3))
        guard height > 0 else { throw .unsupportedProcess("height given after the picture") }
        guard width > 0 else { throw .corrupt("a picture without width") }
        guard width <= Limits.photoSide, height <= Limits.photoSide, width * height <= Limits.photoPixels else {
            throw .tooManyPixels(width: width, height: height)
        }
        let components = (0..<count).map { i in
            let factors = bytes[start + 7 + 3 * i]
            return JPEGHeader.Component(
                id: bytes[start + 6 + 3 * i], horizontal: Int(factors >> 4), vertical: Int(factors & 15))
        }
        guard components.allSatisfy({ (1...4).contains($0.horizontal) && (1...4).contains($0.vertical) }) else {
            throw .corrupt("impossible sampling factors")
        }
        return JPEGHeader(width: width, height: height, coding: coding, components: components)
    }

    /// Moves to the marker after the scan's data: 0xFF is followed by 0x00 inside data, and restarts belong to them.
    private mutating func skipEntropyCoded() -> Range<Int> {
        let start = at
        at = bytes.withUnsafeBytes { data in
            var i = start
            while i + 1 < data.count {
                guard let found = memchr(data.baseAddress! + i, 0xFF, data.count - 1 - i) else { break }
                i = data.baseAddress!.distance(to: found)
                let next = data[i + 1]
                if next != 0, next != 0xFF, !(Marker.restart ~= next) { return i }
                i += 1
            }
            return data.count
        }
        return start..<at
    }
}

/// Marker codes, ITU-T T.81 table B.1.
enum Marker {
    static let temporary: UInt8 = 0x01
    static let frame: ClosedRange<UInt8> = 0xC0...0xCF
    static let huffmanTables: UInt8 = 0xC4
    static let arithmeticConditioning: UInt8 = 0xCC
    static let restart: ClosedRange<UInt8> = 0xD0...0xD7
    static let end: UInt8 = 0xD9
    static let scan: UInt8 = 0xDA
    static let quantisers: UInt8 = 0xDB
    static let lines: UInt8 = 0xDC
    static let restartInterval: UInt8 = 0xDD
    static let app: ClosedRange<UInt8> = 0xE0...0xEF
    static let app0: UInt8 = 0xE0
    static let app1: UInt8 = 0xE1
    static let app2: UInt8 = 0xE2
    static let app14: UInt8 = 0xEE
    static let comment: UInt8 = 0xFE

    /// As the standard writes the markers that stand in `JPEGHeader.coded`.
    static func name(_ marker: UInt8) -> String {
        switch marker {
        case huffmanTables: "DHT"
        case arithmeticConditioning: "DAC"
        case quantisers: "DQT"
        case restartInterval: "DRI"
        case lines: "DNL"
        case scan: "SOS"
        default: "SOF\(marker & 15)"
        }
    }

    static func coding(_ marker: UInt8) -> JPEGHeader.Coding? {
        switch marker {
        case 0xC0: .baseline
        case 0xC1: .extended
        case 0xC2: .progressive
        case 0xC9: .arithmetic
        case 0xCA: .arithmeticProgressive
        default: nil
        }
    }
}
