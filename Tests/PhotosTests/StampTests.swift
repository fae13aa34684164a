import Domain
import Foundation
import Testing

@testable import Photos

/// Whether the stamp's font is installed; ops/install puts it there.
let fontPresent = FileManager.default.fileExists(atPath: StampFont.defaultPath)

@Suite("The stamped copy", .enabled(if: fontPresent && Tools.present, "needs fonts-wqy-microhei, libjpeg-turbo-progs"))
struct StampTests {
    let font: StampFont
    let caption = ["王磊（E007） · 工单 T12", "2026-01-01 08:00:00 +08:00", "29.86834°N 121.54399°E WGS-84 ±8 m"]

    init() throws { font = try StampFont() }

    /// A gentle gradient with a little texture, as odd in size as asked.
    static func picture(_ width: Int, _ height: Int, channels: Int = 3) -> Pixels {
        Pixels(width: width, height: height, channels: channels) { x, y in
            90 + 80 * x / width + 40 * y / height + (x * 7 + y * 13) % 11
        }
    }

    @Test("Drawn photos: same size, the bottom as displayed is covered, the rest is as before")
    func fixtures() throws {
        for name in ["before.jpg", "after.jpg", "nameplate.jpg"] {
            let original = try Root.fixture(name)
            let copy = try stamp(jpeg: original, caption: caption, font: font)
            let before = try Pixels(jpeg: original)
            let after = try Pixels(jpeg: copy.bytes)
            #expect((after.width, after.height) == (before.width, before.height))
            #expect((copy.width, copy.height) == (before.width, before.height))
            #expect(copy.missingGlyphs.isEmpty)
            #expect(try Dump(copy.bytes).changed(from: Dump(original), outside: copy.band) == 0, "\(name)")
            #expect(darkening(before, after, inside: copy.band) > 20)
        }
        // Stored on its side: the displayed bottom is the stored right.
        let turned = try stamp(jpeg: try Root.fixture("before.jpg"), caption: caption, font: font)
        #expect(turned.band.left + turned.band.width == 1600 && turned.band.height == 1200)
    }

    @Test(
        "Colour sampling, odd sizes, grey, coding: each comes back with its own tables",
        arguments: [
            ["-sample", "1x1"], ["-sample", "2x1"], ["-sample", "2x2"], ["-sample", "1x2"], ["-sample", "4x1"],
            ["-sample", "4x2"], ["-progressive"], ["-arithmetic"], ["-rgb"], ["-grayscale"], ["-restart", "1"],
            ["-quality", "5"], ["-quality", "100"], ["-optimize", "-quality", "50,20"],
        ])
    func kinds(options: [String]) throws {
        let original = try Tools.run("cjpeg", options, Self.picture(333, 217).pnm)
        let copy = try stamp(jpeg: original, caption: caption, font: font)
        let before = try Pixels(jpeg: original)
        let after = try Pixels(jpeg: copy.bytes)
        #expect((after.width, after.height, after.channels) == (333, 217, before.channels))
        let header = try JPEGHeader(copy.bytes)
        #expect(header.components == (try JPEGHeader(original).components))
        #expect([.baseline, .extended].contains(header.coding))
        let (coefficients, stamped) = (try Dump(original), try Dump(copy.bytes))
        #expect(stamped.quantisers == coefficients.quantisers)
        #expect(stamped.changed(from: coefficients, outside: copy.band) == 0)
        #expect(darkening(before, after, inside: copy.band) > 15)
    }

    @Test("All eight orientations show the same upright stamp", arguments: Orientation.allCases)
    func upright(orientation: Orientation) throws {
        let (width, height) = orientation.displayed(480, 320)
        let grey = Pixels(width: width, height: height) { _, _ in 160 }
        let reference = try displayed(grey: Pixels(width: 480, height: 320) { _, _ in 160 }, .upright)
        let turned = try displayed(grey: grey, orientation)
        #expect((turned.width, turned.height) == (480, 320))
        var sum = 0
        for y in 0..<320 {
            for x in 0..<480 { sum += abs(turned.lightness(x, y) - reference.lightness(x, y)) }
        }
        #expect(Double(sum) / Double(480 * 320) < 1)
        #expect(turned.lightness(470, 310) < 110 && turned.lightness(470, 10) > 150)
    }

    /// Stamps a picture that carries `orientation` and turns the decoded copy the way a viewer would.
    private func displayed(grey: Pixels, _ orientation: Orientation) throws -> Pixels {
        let tag = Crafted.exif(TIFF(image: [(0x0112, .short(orientation.rawValue))]).bytes)
        let jpeg = Crafted.inserting(tag, into: try grey.jpeg("-quality", "95"))
        let copy = try stamp(jpeg: jpeg, caption: caption, font: font)
        #expect(PhotoEXIF(copy.bytes, try JPEGHeader(copy.bytes)).orientation == .success(orientation))
        // jpegtran turns losslessly; written as what a viewer does for each tag value.
        let turns: [Orientation: [String]] = [
            .mirrored: ["-flip", "horizontal"], .halfTurn: ["-rotate", "180"], .flipped: ["-flip", "vertical"],
            .transposed: ["-transpose"], .quarterTurn: ["-rotate", "90"], .transversed: ["-transverse"],
            .threeQuarterTurn: ["-rotate", "270"],
        ]
        return try Pixels(jpeg: try Tools.run("jpegtran", ["-perfect"] + (turns[orientation] ?? []), copy.bytes))
    }

    @Test("Metadata and colour profile are kept to the byte and in order; an index of dropped pictures is not")
    func segments() throws {
        let own: [[UInt8]] = [
            Crafted.segment(0xE1, Array("Exif\0\0MM\0*\0\0\0\u{8}\0\0".utf8)),
            Crafted.segment(0xE2, Array("ICC_PROFILE\0\u{1}\u{1}".utf8) + [UInt8](repeating: 7, count: 60_000)),
            Crafted.segment(0xED, Array("Photoshop 3.0\0".utf8)), Crafted.segment(0xFE, Array("第一".utf8)),
            Crafted.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8)), Crafted.segment(0xFE, []),
        ]
        let index = Crafted.segment(0xE2, Array("MPF\0MM".utf8))
        let plain = try Self.picture(200, 200).jpeg()
        let jpeg = Crafted.inserting(own.reduce(index, +), into: plain) + plain
        let copy = try stamp(jpeg: jpeg, caption: ["E007"], font: font).bytes
        let kept = try JPEGHeader(copy).segments.map {
            [0xFF, $0.marker] + Crafted.word($0.payload.count + 2) + copy[$0.payload]
        }
        let jfif = Array(plain[2..<20])
        #expect(kept == own + [jfif])
    }

    @Test("One font serves many threads, and sizes don't mix")
    func concurrent() async throws {
        let small = try Self.picture(320, 240).jpeg()
        let large = try Self.picture(900, 700).jpeg()
        let alone = [small, large].map { try? stamp(jpeg: $0, caption: caption, font: font) }
        let together = await withTaskGroup { group in
            for i in 0..<16 {
                group.addTask { [font, caption] in
                    (i % 2, try? stamp(jpeg: i % 2 == 0 ? small : large, caption: caption, font: font))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(alone.allSatisfy { $0 != nil })
        for (which, copy) in together { #expect(copy == alone[which]) }
    }

    @Test("White text, a black rim and a scrim that dims by 45 %")
    func look() throws {
        let white = try stamp(
            jpeg: try Pixels(width: 1200, height: 900) { _, _ in 200 }.jpeg("-quality", "98", "-sample", "1x1"),
            caption: caption, font: font)
        let pixels = try Pixels(jpeg: white.bytes)
        var counts = (scrim: 0, white: 0, black: 0)
        for y in white.band.top..<900 {
            for x in 0..<1200 {
                switch pixels.lightness(x, y) {
                case 107...113: counts.scrim += 1
                case 245...: counts.white += 1
                case ..<12: counts.black += 1
                default: break
                }
            }
        }
        #expect(counts.scrim > 1200 * white.band.height / 2)
        #expect(counts.white > 1_000 && counts.black > 1_000)
        #expect(pixels.lightness(600, white.band.top - 12) >= 196)
    }
}

extension Pixels {
    /// As a PNM file.
    var pnm: [UInt8] { Array("P\(channels == 3 ? 6 : 5)\n\(width) \(height)\n255\n".utf8) + samples }
}

/// By how much the picture got darker in the stamp's band, in the mean.
func darkening(_ a: Pixels, _ b: Pixels, inside band: PixelRect) -> Int {
    var sum = 0
    for y in band.top..<band.top + band.height {
        for x in band.left..<band.left + band.width { sum += a.lightness(x, y) - b.lightness(x, y) }
    }
    return sum / (band.width * band.height)
}

/// By how much pixels in the stamp's band changed, in the mean: on black, the text's white alone does.
func change(_ a: Pixels, _ b: Pixels, inside band: PixelRect) -> Int {
    var sum = 0
    for y in band.top..<band.top + band.height {
        for x in band.left..<band.left + band.width { sum += abs(a.lightness(x, y) - b.lightness(x, y)) }
    }
    return sum / (band.width * band.height)
}

/// The quantisation tables of a file, in zigzag order.
func quantisers(of jpeg: [UInt8]) -> [[UInt8]] {
    var tables: [[UInt8]] = []
    var at = 2
    while jpeg[at + 1] != 0xDA {
        let length = Int(jpeg[at + 2]) << 8 + Int(jpeg[at + 3])
        if jpeg[at + 1] == 0xDB {
            var rest = jpeg[(at + 4)..<(at + 2 + length)]
            while let head = rest.popFirst() {
                let size = head >> 4 == 0 ? 64 : 128
                tables.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
        }
        at += 2 + length
    }
    return tables
}
