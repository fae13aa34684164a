import Domain

/// How a caption stands on a picture of a given size: nothing of it is cut; it wraps, then shrinks, and at last the
/// picture is too small.
struct StampLayout {
    /// The em's height in pixels.
    var fontSize: Int
    /// As drawn: wrapped, placeholders in place of what the font lacks.
    var lines: [String]
    /// What the placeholders stand for.
    var missing: [String]
    var margin: Int
    var pitch: Int
    /// Of the first line, from the band's top.
    var firstBaseline: Int
    var bandHeight: Int

    /// Text of 2.8 % of the short side reads well on a phone and in print; less than 12 pixels reads nowhere.
    static func wantedSize(shortSide: Int) -> Int { max(smallestSize, (shortSide * 28 + 500) / 1000) }
    static let smallestSize = 12

    static func outline(fontSize: Int) -> Double { Double(fontSize) / 12 }

    /// Fits `caption` on a picture displayed as `width` × `height`.
    init(
        _ caption: [String], width: Int, height: Int, font: borrowing FontHandle
    ) throws(PhotoRefusal) {
        let shortSide = min(width, height)
        guard shortSide >= Limits.stampShortSide else { throw .tooSmall(width: width, height: height) }
        let (lines, missing) = Self.replaceMissing(caption, font)
        var size = Self.wantedSize(shortSide: shortSide)
        while true {
            let layout = try StampLayout(lines, size: size, width: width, font)
            // The picture stays the main thing, unless the text cannot get smaller.
            let room = size == Self.smallestSize ? height * 2 / 3 : height / 3
            if layout.bandHeight <= room {
                self = layout
                self.missing = missing
                return
            }
            guard size > Self.smallestSize else { throw .captionTooLong }
            size = max(Self.smallestSize, size * 9 / 10)
        }
    }

    private init(
        _ lines: [String], size: Int, width: Int, _ font: borrowing FontHandle
    ) throws(PhotoRefusal) {
        try font.setSize(size, outline: Self.outline(fontSize: size))
        fontSize = size
        margin = (size * 3 + 4) / 5
        pitch = size * 27 / 20
        missing = []
        self.lines = []
        for line in lines {
            self.lines += try LineBreaker(width: width - 2 * margin).wrap(line, font)
        }
        let padding = size * 2 / 5
        firstBaseline = padding + font.ascent
        bandHeight = firstBaseline + (self.lines.count - 1) * pitch + font.descent + padding
    }

    /// Replaces each character that the font can't show by a box: a visible gap, never a silent one.
    private static func replaceMissing(
        _ lines: [String], _ font: borrowing FontHandle
    ) -> (lines: [String], missing: [String]) {
        let placeholder: Character = font.covers("□") ? "□" : "?"
        var missing: [String] = []
        var replaced: [String] = []
        for line in lines where !line.isEmpty {
            // One call for the line: most have nothing missing.
            guard !font.covers(line) else {
                replaced.append(line)
                continue
            }
            var kept = ""
            for character in line {
                if font.covers(String(character)) {
                    kept.append(character)
                } else {
                    kept.append(placeholder)
                    if !missing.contains(String(character)) { missing.append(String(character)) }
                }
            }
            replaced.append(kept)
        }
        return (replaced, missing)
    }
}

/// Breaks a line where its language allows, and inside a word only when the word alone is too wide.
struct LineBreaker {
    /// In pixels.
    var width: Int

    func wrap(_ line: String, _ font: borrowing FontHandle) throws(PhotoRefusal) -> [String] {
        var lines: [String] = []
        var rest = line[...]
        while try font.advance(of: rest) > width {
            let end = try longestPrefix(of: rest, font)
            lines.append(String(trimmed(rest[..<end])))
            rest = rest[end...].drop { $0 == " " }
        }
        if !rest.isEmpty { lines.append(String(trimmed(rest))) }
        return lines
    }

    /// The last place to break so that what stands before it fits.
    private func longestPrefix(
        of text: Substring, _ font: borrowing FontHandle
    ) throws(PhotoRefusal) -> Substring.Index {
        var fits: Substring.Index?
        for end in breaks(in: text) {
            guard try font.advance(of: trimmed(text[..<end])) <= width else { break }
            fits = end
        }
        if let fits { return fits }
        var end = text.index(after: text.startIndex)
        while end < text.endIndex, try font.advance(of: text[...end]) <= width { end = text.index(after: end) }
        // Not even one character: a size that small has no picture.
        guard try font.advance(of: text[..<end]) <= width else { throw .captionTooLong }
        return end
    }

    /// After a space, and on either side of an ideograph unless punctuation clings to it.
    private func breaks(in text: Substring) -> [Substring.Index] {
        var found: [Substring.Index] = []
        for (before, after) in zip(text.indices, text.indices.dropFirst()) {
            let (a, b) = (text[before], text[after])
            if b == " " || closing.contains(b) || opening.contains(a) { continue }
            if a == " " || isIdeograph(a) || isIdeograph(b) { found.append(after) }
        }
        return found
    }

    private var opening: Set<Character> { ["（", "《", "“", "(", "「"] }
    private var closing: Set<Character> { ["）", "》", "”", ")", "」", "，", "。", "、", "；", "：", "！", "？", "…", "·"] }

    private func isIdeograph(_ c: Character) -> Bool { c.unicodeScalars.first?.properties.isIdeographic ?? false }

    private func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }
}
