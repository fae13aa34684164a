/// A part of the original that the stamped copy has otherwise or not at all. What none of them names is in the copy to
/// the byte and in order.
public struct SegmentChange: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// Coded again: the stamp is in it.
        case recoded
        /// Zeros of the same length.
        case blanked
        case removed
    }

    /// The marker's name (`SOS`, `APP1` …), or `trailer` for what stands behind the end marker.
    public var segment: String
    public var kind: Kind
    /// In the original.
    public var bytes: Range<Int>
}

/// What would stay behind unstamped: other pictures of the same scene that the file carries along.
struct Leftovers {
    /// The thumbnail of Exif, and the pointer to its directory.
    private let blanked: [Range<Int>]
    /// The index of further pictures (CIPA DC-007), whose offsets point behind the end marker.
    private let removed: [JPEGHeader.Segment]
    /// Further pictures themselves, a phone's film or gain map.
    private let trailer: Range<Int>

    init(_ jpeg: [UInt8], _ header: JPEGHeader) {
        blanked = header.segments.compactMap { EXIFThumbnail(jpeg, $0) }.flatMap { [$0.link] + $0.picture }
        removed = header.segments.filter {
            $0.marker == Marker.app2 && jpeg[$0.payload].starts(with: "MPF\0".utf8)
        }
        trailer = header.end..<jpeg.count
    }

    /// In the order of the file.
    var changes: [SegmentChange] {
        var changes = blanked.map { SegmentChange(segment: "APP1", kind: .blanked, bytes: $0) }
        changes += removed.map { SegmentChange(segment: "APP2", kind: .removed, bytes: $0.whole) }
        if !trailer.isEmpty { changes.append(SegmentChange(segment: "trailer", kind: .removed, bytes: trailer)) }
        return changes
    }

    /// Blanks what is to be blanked in a file's first bytes.
    func blank(_ bytes: inout [UInt8]) {
        for range in blanked where range.upperBound <= bytes.count {
            for i in range { bytes[i] = 0 }
        }
    }

    /// Takes out what is to be removed of a file's first bytes.
    func remove(from bytes: inout [UInt8]) {
        for segment in removed.reversed() where segment.payload.upperBound <= bytes.count {
            bytes.removeSubrange(segment.whole)
        }
    }

    /// The header's segments that the copy has, too.
    func kept(of segments: [JPEGHeader.Segment]) -> [JPEGHeader.Segment] { segments.filter { !removed.contains($0) } }
}
