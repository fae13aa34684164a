/// Byte-level surgery on JPEGs, for what no camera writes.
enum Crafted {
    /// A segment with its length.
    static func segment(_ marker: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0xFF, marker] + word(payload.count + 2) + payload
    }

    static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

    /// `jpeg` with `segments` right behind its start marker.
    static func inserting(_ segments: [UInt8], into jpeg: [UInt8]) -> [UInt8] {
        jpeg.prefix(2) + segments + jpeg.dropFirst(2)
    }

    /// Where the frame header's payload starts.
    static func frame(of jpeg: [UInt8]) -> Int {
        var at = 2
        while !(0xC0...0xC2).contains(jpeg[at + 1]) { at += 2 + Int(jpeg[at + 2]) << 8 + Int(jpeg[at + 3]) }
        return at + 4
    }

    /// `jpeg` with another size in its frame header.
    static func resized(_ jpeg: [UInt8], width: Int, height: Int) -> [UInt8] {
        var jpeg = jpeg
        let start = frame(of: jpeg)
        jpeg.replaceSubrange(start + 1..<start + 5, with: word(height) + word(width))
        return jpeg
    }

    /// An Exif segment around a TIFF structure.
    static func exif(_ tiff: [UInt8]) -> [UInt8] { segment(0xE1, Array("Exif\0\0".utf8) + tiff) }
}

/// A big-endian TIFF structure: an image directory with Exif and GPS directories below it.
struct TIFF {
    enum Value {
        case ascii(String)
        case short(Int)
        case long(Int)
        case rationals([(Int, Int)])
        case signedRationals([(Int, Int)])
    }

    var image: [(Int, Value)] = []
    var exif: [(Int, Value)] = []
    var gps: [(Int, Value)] = []

    var bytes: [UInt8] {
        // Fixed places for the directories, and the values behind them, keep this short.
        let room = 512
        var tiff = Array("MM".utf8) + [0, 42] + long(8) + [UInt8](repeating: 0, count: 3 * room)
        var values: [UInt8] = []
        func write(_ entries: [(Int, Value)], at offset: Int) {
            var directory = Crafted.word(entries.count)
            for (tag, value) in entries.sorted(by: { $0.0 < $1.0 }) {
                let (format, count, data) = encode(value)
                directory += Crafted.word(tag) + Crafted.word(format) + long(count)
                if data.count <= 4 {
                    directory += data + [UInt8](repeating: 0, count: 4 - data.count)
                } else {
                    directory += long(tiff.count + values.count)
                    values += data
                }
            }
            directory += long(0)
            tiff.replaceSubrange(offset..<offset + directory.count, with: directory)
        }
        write(image + [(0x8769, .long(8 + room)), (0x8825, .long(8 + 2 * room))], at: 8)
        write(exif, at: 8 + room)
        write(gps, at: 8 + 2 * room)
        return tiff + values
    }

    private func long(_ value: Int) -> [UInt8] { Crafted.word(value >> 16 & 0xFFFF) + Crafted.word(value & 0xFFFF) }

    private func encode(_ value: Value) -> (format: Int, count: Int, data: [UInt8]) {
        switch value {
        case .ascii(let text): (2, text.utf8.count + 1, Array(text.utf8) + [0])
        case .short(let number): (3, 1, Crafted.word(number))
        case .long(let number): (4, 1, long(number))
        case .rationals(let pairs): (5, pairs.count, pairs.flatMap { long($0.0) + long($0.1) })
        case .signedRationals(let pairs): (10, pairs.count, pairs.flatMap { long($0.0) + long($0.1) })
        }
    }
}
