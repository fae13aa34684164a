import Testing

@testable import Photos

@Suite(
    "What would stay behind unstamped",
    .enabled(if: fontPresent && Tools.present, "needs fonts-wqy-microhei, libjpeg-turbo-progs"))
struct LeftoversTests {
    let font: StampFont
    let plain: [UInt8]

    init() throws {
        font = try StampFont()
        plain = try StampTests.picture(200, 200).jpeg()
    }

    /// An Exif structure with a second directory behind the first, and the place of its link.
    private func tiff(_ entries: [(tag: Int, value: Int)], _ picture: [UInt8]) -> (bytes: [UInt8], link: Range<Int>) {
        let first = TIFF(
            image: [(0x0112, .short(6)), (0x010F, .ascii("camera"))],
            exif: [(0x9003, .ascii("2026:01:05 10:32:07"))])
        var bytes = first.bytes
        let link = 8 + 2 + 12 * 4..<8 + 2 + 12 * 4 + 4
        bytes.replaceSubrange(link, with: long(bytes.count))
        bytes += Crafted.word(entries.count)
        for (tag, value) in entries { bytes += Crafted.word(tag) + Crafted.word(4) + long(1) + long(value) }
        return (bytes + long(0) + picture, link)
    }

    private func long(_ value: Int) -> [UInt8] { Crafted.word(value >> 16) + Crafted.word(value & 0xFFFF) }

    private func jpeg(_ tiff: [UInt8]) -> [UInt8] { Crafted.inserting(Crafted.exif(tiff), into: plain) }

    @Test(
        "The Exif thumbnail becomes zeros, and everything else of Exif stays where it was",
        arguments: [
            (0x0201, 0x0202), (0x0111, 0x0117),
        ])
    func thumbnail(offset: Int, length: Int) throws {
        let picture = try StampTests.picture(16, 12).jpeg()
        let start = tiff([(offset, 0), (length, 0)], []).bytes.count
        let (exif, link) = tiff([(offset, start), (length, picture.count)], picture)
        let original = jpeg(exif)
        let header = try JPEGHeader(original)
        let first = header.segments[0].payload.lowerBound + 6
        let found = try #require(EXIFThumbnail(original, header.segments[0]))
        #expect(found.link == first + link.lowerBound..<first + link.upperBound)
        #expect(found.picture == [first + start..<first + exif.count])
        var wanted = exif
        wanted.replaceSubrange(link, with: [0, 0, 0, 0])
        wanted.replaceSubrange(start..., with: [UInt8](repeating: 0, count: picture.count))
        for (method, source) in [(StampedPhoto.Method.splice, original), (.coefficients, original)] {
            let copy = try stamp(jpeg: source, caption: ["E007"], font: font, by: method)
            let stamped = try JPEGHeader(copy.bytes)
            #expect(Array(copy.bytes[stamped.segments[0].payload].dropFirst(6)) == wanted)
            #expect(PhotoEXIF(copy.bytes, stamped) == PhotoEXIF(original, header))
            #expect(EXIFThumbnail(copy.bytes, stamped.segments[0]) == nil)
        }
    }

    @Test("A thumbnail that lies about its place costs nothing but itself")
    func lies() throws {
        let whole = tiff([(0x0201, 0), (0x0202, 0)], []).bytes.count
        for (offset, length) in [(0, 1 << 31), (1 << 31, 4), (whole - 1, 9), (0xFFFF_FFFF, 0xFFFF_FFFF), (8, 200)] {
            let (exif, link) = tiff([(0x0201, offset), (0x0202, length)], [])
            let original = jpeg(exif)
            let copy = try stamp(jpeg: original, caption: ["E007"], font: font)
            let kept = Array(copy.bytes[try JPEGHeader(copy.bytes).segments[0].payload].dropFirst(6))
            // No picture begins there.
            #expect(kept == exif[..<link.lowerBound] + [0, 0, 0, 0] + exif[link.upperBound...])
        }
        // Links to nowhere, to itself, and cut directories.
        for next in [1, 8, 0xFFFF_FFFF, whole - 1] {
            var (exif, link) = tiff([], [])
            exif.replaceSubrange(link, with: long(next))
            _ = try stamp(jpeg: jpeg(exif), caption: ["E007"], font: font)
        }
        let exif = tiff([(0x0201, 9), (0x0202, 9)], []).bytes
        for length in 0..<exif.count {
            _ = try stamp(jpeg: jpeg(Array(exif[..<length])), caption: ["E007"], font: font)
        }
    }

    @Test("A copy is the original but for what it says", arguments: [StampedPhoto.Method.splice, .coefficients])
    func changes(method: StampedPhoto.Method) throws {
        let start = tiff([(0x0201, 0), (0x0202, 0)], []).bytes.count
        let exif = Crafted.exif(tiff([(0x0201, start), (0x0202, 9)], [0xFF, 0xD8, 1, 2, 3, 4, 5, 6, 7]).bytes)
        let index = Crafted.segment(0xE2, Array("MPF\0MM".utf8))
        let comment = Crafted.segment(0xFE, Array("第一".utf8))
        let trailer = Array("MotionPhoto_Data".utf8) + plain
        let original = Crafted.inserting(comment + exif + index + comment, into: plain) + trailer
        let copy = try stamp(jpeg: original, caption: ["E007"], font: font, by: method)
        let told = copy.changedSegments
        #expect(told.map(\.bytes.lowerBound) == told.map(\.bytes.lowerBound).sorted())
        #expect(Set(told.filter { $0.kind != .recoded }.map(\.segment)) == ["APP1", "APP2", "trailer"])
        #expect(told.last?.bytes == original.count - trailer.count..<original.count)
        if method == .splice { #expect(told.filter { $0.kind == .recoded }.map(\.segment) == ["SOS"]) }
        // What is neither recoded nor removed is there in order, blanked where it says so.
        var wanted = original
        for change in told where change.kind == .blanked { for i in change.bytes { wanted[i] = 0 } }
        var at = 0
        var rest = copy.bytes[...]
        for change in told where change.kind != .blanked {
            let piece = wanted[at..<change.bytes.lowerBound]
            // libjpeg writes the tables in an order of its own.
            guard let found = method == .splice ? rest.startIndex : rest.firstRange(of: piece)?.lowerBound else {
                Issue.record("\(at)..<\(change.bytes.lowerBound) is not in the copy")
                return
            }
            #expect(rest[found...].starts(with: piece))
            rest = rest[(found + piece.count)...]
            at = change.bytes.upperBound
            if method == .splice, change.kind == .recoded {
                rest = rest[try JPEGHeader(copy.bytes).data[0].upperBound...]
            }
        }
        #expect(rest.isEmpty)
    }
}
