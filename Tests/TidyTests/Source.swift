/// A source file with code and literals told apart, so that a rule neither trips over a comment nor misses a call
/// inside an interpolation.
struct Source: Sendable {
    enum Language: Sendable { case swift, c }

    let path: String
    let language: Language
    /// The file with comments and the contents of literals blanked; the same length, the same lines.
    let code: [UInt8]
    /// Each literal's text (without what it interpolates) and the line that it starts on.
    let literals: [(line: Int, text: String)]
    /// The blanked file's lines; the first is `lines[0]`.
    let lines: [String]

    init(_ path: String, _ text: String, _ language: Language) {
        self.path = path
        self.language = language
        var lexer = Lexer(Array(text.utf8), language)
        lexer.run()
        code = lexer.code
        literals = lexer.literals
        lines = lexer.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The line, from 1, of a position in `code`.
    func line(at position: Int) -> Int { code[..<position].count { $0 == UInt8(ascii: "\n") } + 1 }

    /// `Sources/Store/Plant/CSV.swift` → `Store`.
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    var fileName: String { path.split(separator: "/").last.map(String.init) ?? "" }
}

/// Blanks comments and literals. Knows nested comments, raw and multi-line strings and interpolation in Swift, and
/// character constants in C; not Swift's bare regex literals, which the house does without.
private struct Lexer {
    private let bytes: [UInt8]
    private let language: Source.Language
    private var at = 0
    private var line = 1
    private(set) var code: [UInt8]
    private(set) var literals: [(line: Int, text: String)] = []

    init(_ bytes: [UInt8], _ language: Source.Language) {
        self.bytes = bytes
        self.language = language
        code = bytes
    }

    mutating func run() { while at < bytes.count { step() } }

    /// One token of code, or one comment or literal as a whole.
    private mutating func step() {
        if starts("//") { return skip(until: "\n", inclusive: false) }
        if starts("/*") { return skipComment() }
        if language == .swift, let hashes = delimiter() { return swiftString(hashes) }
        if language == .c, starts("\"") || starts("'") { return cString(bytes[at]) }
        advance()
    }

    private func starts(_ text: StaticString, at position: Int? = nil) -> Bool {
        text.withUTF8Buffer { bytes[min(position ?? at, bytes.count)...].starts(with: $0) }
    }

    private mutating func advance() {
        if bytes[at] == UInt8(ascii: "\n") { line += 1 }
        at += 1
    }

    private mutating func blank() {
        if bytes[at] != UInt8(ascii: "\n") { code[at] = UInt8(ascii: " ") }
        advance()
    }

    private mutating func skip(until end: StaticString, inclusive: Bool) {
        while at < bytes.count, !starts(end) { blank() }
    }

    private mutating func skipComment() {
        var depth = 0
        repeat {
            if starts("/*"), depth == 0 || language == .swift {
                depth += 1
                blank()
            } else if starts("*/") {
                depth -= 1
                blank()
            }
            blank()
        } while at < bytes.count && depth > 0
    }

    private mutating func cString(_ quote: UInt8) {
        let start = line
        var text: [UInt8] = []
        advance()
        while at < bytes.count, bytes[at] != quote, bytes[at] != UInt8(ascii: "\n") {
            if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count { blank() }
            text.append(bytes[at])
            blank()
        }
        if at < bytes.count { advance() }
        literals.append((start, String(decoding: text, as: UTF8.self)))
    }

    /// The number of `#` before a string that starts here.
    private func delimiter() -> Int? {
        let hashes = bytes[at...].prefix { $0 == UInt8(ascii: "#") }.count
        return starts("\"", at: at + hashes) ? hashes : nil
    }

    private func isFollowed(byHashes count: Int, at position: Int) -> Bool {
        let found = bytes[min(position, bytes.count)...].prefix(count)
        return found.count == count && found.allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private mutating func swiftString(_ hashes: Int) {
        let start = line
        var text: [UInt8] = []
        for _ in 0..<hashes { advance() }
        let quotes = starts("\"\"\"") ? 3 : 1
        for _ in 0..<quotes { advance() }
        while at < bytes.count {
            let ends = quotes == 3 ? starts("\"\"\"") : starts("\"")
            if ends, isFollowed(byHashes: hashes, at: at + quotes) {
                for _ in 0..<quotes + hashes { advance() }
                break
            }
            if quotes == 1, bytes[at] == UInt8(ascii: "\n") { break }
            if starts("\\"), isFollowed(byHashes: hashes, at: at + 1) {
                escape(hashes)
            } else {
                text.append(bytes[at])
                blank()
            }
        }
        literals.append((start, String(decoding: text, as: UTF8.self)))
    }

    /// `\n`, or `\(…)`, whose inside is code again.
    private mutating func escape(_ hashes: Int) {
        for _ in 0...hashes { blank() }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "(") else {
            if at < bytes.count { blank() }
            return
        }
        var depth = 0
        repeat {
            if bytes[at] == UInt8(ascii: "(") { depth += 1 }
            if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
            step()
        } while at < bytes.count && depth > 0
    }
}
