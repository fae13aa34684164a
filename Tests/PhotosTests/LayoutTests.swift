import Domain
import Testing

@testable import Photos

@Suite("How a caption stands on a picture", .enabled(if: fontPresent, "needs fonts-wqy-microhei"))
struct LayoutTests {
    let font: StampFont
    let caption = [
        "王磊（E007） · 工单 T12", "2026-01-01 08:00:00 +08:00", "29.86834°N 121.54399°E WGS-84 ±8 m", "宁波一厂 · 3号循环水泵",
    ]

    init() throws { font = try StampFont() }

    func layout(_ lines: [String], _ width: Int, _ height: Int) throws(PhotoRefusal) -> StampLayout {
        try font.withHandle { handle throws(PhotoRefusal) in
            try StampLayout(lines, width: width, height: height, font: handle)
        }
    }

    func refusal(_ lines: [String], _ width: Int, _ height: Int) -> PhotoRefusal? {
        do throws(PhotoRefusal) {
            _ = try layout(lines, width, height)
            return nil
        } catch {
            return error
        }
    }

    @Test("2.8 % of the short side, never under 12 pixels")
    func sizes() throws {
        #expect(try layout(caption, 4032, 3024).fontSize == 85)
        #expect(try layout(caption, 3024, 4032).fontSize == 85)
        #expect(try layout(caption, 640, 480).fontSize == 13)
        #expect(try layout(caption, 300, 200).fontSize == 12)
    }

    @Test(
        "Everything fits: no line is wider than its room, and all text is still there",
        arguments: [160, 200, 333, 1080, 4032])
    func nothingCut(width: Int) throws {
        let long = caption + ["Circulating water pump No. 3 of the second cooling tower, north-east corner of hall B"]
        let fitted = try layout(long, width, width * 2)
        for line in fitted.lines {
            let advance = try font.withHandle { handle throws(PhotoRefusal) in
                try handle.setSize(fitted.fontSize, outline: 1)
                return try handle.advance(of: line)
            }
            #expect(advance <= width - 2 * fitted.margin)
        }
        let text = { (lines: [String]) in lines.joined().filter { $0 != " " } }
        #expect(text(fitted.lines) == text(long))
        #expect(fitted.bandHeight <= width * 2 * 2 / 3)
    }

    @Test("No ink touches the band's edge")
    func inkInside() throws {
        let lines = ["Ågjpqy（）", "ÄÖÜ_|王磊gj"]
        let (overlay, band) = try font.withHandle { handle throws(PhotoRefusal) in
            let layout = try StampLayout(lines, width: 400, height: 300, font: handle)
            let overlay = try Overlay(layout, width: 400, height: 300, orientation: .upright, font: handle)
            return (overlay, overlay.band)
        }
        var edge = (0..<band.width).flatMap { [$0, (band.height - 1) * band.width + $0] }
        edge += (0..<band.height).flatMap { [$0 * band.width, $0 * band.width + band.width - 1] }
        #expect(edge.allSatisfy { overlay.alpha[$0] == Overlay.scrim && overlay.light[$0] == 0 })
        #expect(overlay.light.contains(255))
        #expect(zip(overlay.alpha, overlay.light).allSatisfy { $0 >= $1 })
    }

    @Test("Breaks stand after spaces and between ideographs, and no line begins with a closing mark")
    func breaks() throws {
        let wrapped = try font.withHandle { handle throws(PhotoRefusal) in
            try handle.setSize(20, outline: 1)
            return (
                try LineBreaker(width: 120).wrap("Circulating water pump", handle),
                try LineBreaker(width: 100).wrap("宁波一厂循环，水泵。", handle),
                try LineBreaker(width: 60).wrap("ABCDEFGHIJ", handle)
            )
        }
        #expect(wrapped.0 == ["Circulating", "water pump"])
        #expect(wrapped.1.count > 1 && wrapped.1.joined() == "宁波一厂循环，水泵。")
        #expect(wrapped.1.allSatisfy { !"，。".contains($0.first!) })
        #expect(wrapped.2.count > 1 && wrapped.2.joined() == "ABCDEFGHIJ")
    }

    @Test("What the font lacks is a box on the stamp and named to the caller")
    func missing() throws {
        let fitted = try layout(["王𠮷磊 🛠 王", "plain"], 640, 480)
        #expect(fitted.lines == ["王□磊 □ 王", "plain"])
        #expect(fitted.missing == ["𠮷", "🛠"])
        #expect(try layout(["é e\u{0301} 磊"], 640, 480).missing.isEmpty)
    }

    @Test("Too small a picture, too long a text")
    func refusals() throws {
        #expect(refusal(caption, 640, Limits.stampShortSide - 1) == .tooSmall(width: 640, height: 159))
        #expect(refusal(caption, Limits.stampShortSide, Limits.stampShortSide * 4 / 3) == nil)
        #expect(refusal([String(repeating: "很长", count: 400)], 200, 200) == .captionTooLong)
    }

    @Test("A font that isn't there, or isn't one, says so")
    func noFont() {
        #expect(throws: StampFontError.missing(path: "/nowhere.ttc")) { try StampFont(path: "/nowhere.ttc") }
        #expect {
            _ = try StampFont(path: #filePath)
        } throws: { error in
            if case .unusable = error as? StampFontError { true } else { false }
        }
    }
}
