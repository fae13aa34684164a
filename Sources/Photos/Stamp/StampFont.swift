import CText
import Synchronization

/// The font that stamps are drawn with. Any thread may use it; one at a time does.
public final class StampFont: Sendable {
    /// WenQuanYi Micro Hei, Debian's fonts-wqy-microhei: covers GB 2312 and Latin.
    public static let defaultPath = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"

    private let handle: Mutex<FontHandle>

    /// Opens the first face of the font file at `path`.
    public init(path: String = StampFont.defaultPath) throws(StampFontError) {
        handle = Mutex(try FontHandle(path: path))
    }

    /// The characters of `text` that the font can't show, each once.
    public func missing(in text: String) -> [String] {
        handle.withLock { handle in
            text.reduce(into: []) { missing, character in
                let text = String(character)
                if !handle.covers(text), !missing.contains(text) { missing.append(text) }
            }
        }
    }

    /// Runs `body` while no other thread uses the font: its size and glyph cache are shared.
    func withHandle<R>(
        _ body: (borrowing FontHandle) throws(PhotoRefusal) -> sending R
    ) throws(PhotoRefusal) -> sending R {
        try handle.withLock { handle throws(PhotoRefusal) in try body(handle) }
    }
}

/// Why there is no font; says what to do.
public enum StampFontError: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(path: String)
    /// FreeType's error number.
    case unusable(path: String, code: Int32)

    public var description: String {
        switch self {
        case .missing(let path): "no font at \(path): install fonts-wqy-microhei or name another font file"
        case .unusable(let path, let code): "the font at \(path) can't be used (FreeType error \(code))"
        }
    }
}

/// CText's handle; calls keep to one thread at a time through `StampFont`'s mutex.
struct FontHandle: ~Copyable {
    private let font: OpaquePointer

    init(path: String) throws(StampFontError) {
        var code: Int32 = 0
        guard let font = ctext_open(path, &code) else {
            // FT_Err_Cannot_Open_Resource
            throw code == 1 ? .missing(path: path) : .unusable(path: path, code: code)
        }
        self.font = font
    }

    deinit { ctext_close(font) }

    /// Sets the em's height and the outline's reach, in pixels.
    func setSize(_ pixels: Int, outline: Double) throws(PhotoRefusal) {
        try check(ctext_set_size(font, UInt32(pixels), UInt32((outline * 64).rounded())))
    }

    var ascent: Int { Int(ctext_ascent(font)) }
    var descent: Int { Int(ctext_descent(font)) }

    /// Whether the font has every glyph that `text` needs once it is shaped.
    func covers(_ text: some StringProtocol) -> Bool {
        withUTF8(text) { ctext_missing(font, $0, $1) } == 0
    }

    /// In pixels, rounded up.
    func advance(of text: some StringProtocol) throws(PhotoRefusal) -> Int {
        let advance = withUTF8(text) { ctext_advance(font, $0, $1) }
        guard advance >= 0 else { throw .drawing("out of memory") }
        return Int(advance)
    }

    func draw(_ text: String, x: Int, baseline: Int, on canvas: inout ctext_canvas) throws(PhotoRefusal) {
        try check(withUTF8(text) { ctext_draw(font, $0, $1, Int32(x), Int32(baseline), &canvas) })
    }

    private func check(_ code: Int32) throws(PhotoRefusal) {
        guard code == 0 else { throw .drawing("FreeType error \(code)") }
    }

    private func withUTF8(_ text: some StringProtocol, _ body: (UnsafePointer<CChar>?, Int) -> Int32) -> Int32 {
        var text = String(text)
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { body($0.baseAddress, $0.count) }
        }
    }
}
