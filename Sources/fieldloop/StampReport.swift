import Domain
import Foundation
import Photos

/// What `fieldloop stamp` did, for people and for programs.
struct StampReport: Encodable {
    struct Rectangle: Encodable {
        var left: Int
        var top: Int
        var width: Int
        var height: Int
    }

    /// What of the original is otherwise in the copy; places are the original's.
    struct Change: Encodable {
        var segment: String
        var change: String
        var offset: Int
        var length: Int
    }

    var width: Int
    var height: Int
    /// In stored pixels, before the Exif orientation.
    var rectangle: Rectangle
    var method: String
    var changedSegments: [Change]
    var milliseconds: Double
    var lines: [String]
    var missingGlyphs: [String]
    var originalSHA256: String
    var stampedSHA256: String

    private enum CodingKeys: String, CodingKey {
        case width, height, rectangle, method, milliseconds, lines
        case changedSegments = "changed_segments"
        case missingGlyphs = "missing_glyphs"
        case originalSHA256 = "original_sha256"
        case stampedSHA256 = "stamped_sha256"
    }

    init(_ original: [UInt8], _ copy: StampedPhoto, _ lines: [String], _ milliseconds: Double) {
        width = copy.width
        height = copy.height
        let band = copy.band
        rectangle = Rectangle(left: band.left, top: band.top, width: band.width, height: band.height)
        method = copy.method.rawValue
        changedSegments = copy.changedSegments.map {
            Change(segment: $0.segment, change: $0.kind.rawValue, offset: $0.bytes.lowerBound, length: $0.bytes.count)
        }
        self.milliseconds = milliseconds
        self.lines = lines
        missingGlyphs = copy.missingGlyphs
        originalSHA256 = PhotoDigest(of: original).hex
        stampedSHA256 = PhotoDigest(of: copy.bytes).hex
    }

    var json: String { get throws { try Self.encode(self) } }

    /// A refusal, with the code and the sentence that the API gives too.
    static func json(_ refusal: PhotoRefusal) throws -> String {
        try encode(["refused": refusal.code, "sentence": refusal.sentence(.en)])
    }

    func text(_ output: String) -> String {
        var text = """
            \(output): \(width) × \(height), stamped in \(milliseconds) ms (\(method))
            \(lines.map { "  \($0)" }.joined(separator: "\n"))
            original  sha256 \(originalSHA256)
            stamped   sha256 \(stampedSHA256)
            """
        if !missingGlyphs.isEmpty {
            text +=
                "\nnote: the font has no \(missingGlyphs.joined(separator: " ")); a box stands for each on the stamp"
        }
        return text
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
