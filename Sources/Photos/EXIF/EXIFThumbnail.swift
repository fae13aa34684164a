/// The small picture that an Exif segment carries beside the facts, in its second image directory (CIPA DC-008 4.5.4):
/// a stamped copy must not keep it unstamped.
struct EXIFThumbnail: Hashable {
    /// The first directory's pointer to the second.
    var link: Range<Int>
    /// Where the picture itself stands, all in places of the file.
    var picture: [Range<Int>]

    /// Nil when there is no second directory.
    init?(_ bytes: [UInt8], _ segment: JPEGHeader.Segment) {
        let signature: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
        guard segment.marker == Marker.app1, bytes[segment.payload].starts(with: signature),
            let tiff = TIFFReader(bytes, segment.payload.dropFirst(signature.count)),
            let first = tiff.directory(at: tiff.long(4)), let next = tiff.long(first.upperBound), next != 0
        else { return nil }
        link = tiff.place(first.upperBound..<first.upperBound + 4)
        guard let second = tiff.directory(at: next) else {
            picture = []
            return
        }
        // As JPEG in one piece, or as strips of samples.
        let jpeg = tiff.pieces(0x0201, 0x0202, of: second).filter { tiff.starts(at: $0, with: [0xFF, 0xD8]) }
        picture = (jpeg + tiff.pieces(0x0111, 0x0117, of: second)).merged.flatMap { piece in
            piece.without([0..<8, first.lowerBound..<first.upperBound + 4, second]).map(tiff.place)
        }
    }
}

/// Numbers of a TIFF structure; offsets count from its start.
private struct TIFFReader {
    private let bytes: ArraySlice<UInt8>
    private let isLittle: Bool

    init?(_ bytes: [UInt8], _ range: Range<Int>.SubSequence) {
        self.bytes = bytes[range]
        switch self.bytes.prefix(4) {
        case [0x49, 0x49, 42, 0]: isLittle = true
        case [0x4D, 0x4D, 0, 42]: isLittle = false
        default: return nil
        }
    }

    var count: Int { bytes.count }

    func place(_ range: Range<Int>) -> Range<Int> {
        bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound
    }

    private func number(_ offset: Int, _ size: Int) -> Int? {
        guard offset >= 0, offset + size <= count else { return nil }
        let digits = bytes[place(offset..<offset + size)]
        return isLittle ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }

    func long(_ offset: Int) -> Int? { number(offset, 4) }

    /// A directory's count and entries, whose pointer to the next stands behind them.
    func directory(at offset: Int?) -> Range<Int>? {
        guard let offset, let entries = number(offset, 2), offset + 2 + 12 * entries <= count else { return nil }
        return offset..<offset + 2 + 12 * entries
    }

    /// The places that two entries of a directory name by offsets and lengths, as far as they are in the segment.
    func pieces(_ offsets: Int, _ lengths: Int, of directory: Range<Int>) -> [Range<Int>] {
        zip(values(of: offsets, in: directory), values(of: lengths, in: directory)).map { offset, length in
            min(offset, count)..<min(offset + length, count)
        }
    }

    func starts(at range: Range<Int>, with signature: [UInt8]) -> Bool { bytes[place(range)].starts(with: signature) }

    /// What a directory's entry for `tag` holds, if shorts or longs.
    func values(of tag: Int, in directory: Range<Int>) -> [Int] {
        for entry in stride(from: directory.lowerBound + 2, to: directory.upperBound, by: 12) {
            guard number(entry, 2) == tag, let format = number(entry + 2, 2), let length = long(entry + 4) else {
                continue
            }
            let size = format == 3 ? 2 : 4
            guard format == 3 || format == 4, length * size <= count else { return [] }
            let start = length * size <= 4 ? entry + 8 : long(entry + 8) ?? count
            return (0..<length).compactMap { number(start + $0 * size, size) }
        }
        return []
    }
}

extension [Range<Int>] {
    /// In order and without overlaps: thousands of strips may all name the same bytes.
    fileprivate var merged: [Range<Int>] {
        sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, range in
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
    }
}

extension Range<Int> {
    /// What is left beside `others`.
    fileprivate func without(_ others: [Range<Int>]) -> [Range<Int>] {
        others.reduce([self]) { left, other in
            left.flatMap { range in
                [
                    range.lowerBound..<Swift.max(range.lowerBound, Swift.min(range.upperBound, other.lowerBound)),
                    Swift.min(range.upperBound, Swift.max(range.lowerBound, other.upperBound))..<range.upperBound,
                ].filter { !$0.isEmpty }
            }
        }
    }
}
