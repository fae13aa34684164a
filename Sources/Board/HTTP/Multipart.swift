import Domain
import HTTPTypes

/// Reads `multipart/form-data` (RFC 7578) a chunk at a time, holding no more than a delimiter or a part's headers.
///
/// Strict: no preamble, no epilogue, CRLF only, every part a `form-data` with a name. What a browser sends passes.
struct MultipartReader {
    enum Event: Equatable {
        /// A part begins: its field's name. The file name is not looked at: it is no name for anything of ours.
        case part(String)
        case data(ArraySlice<UInt8>)
    }

    private enum Stage { case delimiter, headers, content, end }
    private let delimiter: [UInt8]
    private var stage = Stage.content
    private var pending: [UInt8]
    private var parts = 0

    /// nil when `contentType` is no form with a usable boundary.
    init?(contentType: String) {
        guard let boundary = HeaderValue(contentType, expecting: "multipart/form-data")?["boundary"],
            (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy(Self.allows), boundary.last != " "
        else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line before it; with one in thought all are alike.
        pending = [13, 10]
    }

    /// RFC 2046's characters of a boundary.
    private static func allows(_ c: UInt8) -> Bool {
        switch c {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: " '()+_,-./:=?".utf8.contains(c)
        }
    }

    /// Takes the next bytes of the body and reports what they hold.
    mutating func take(_ bytes: some Sequence<UInt8>, _ report: (Event) throws -> Void) throws {
        pending += bytes
        while try advance(report) {}
    }

    /// To be called after the last byte; throws unless the form was whole.
    func finish() throws {
        guard stage == .end, pending.isEmpty || pending == [13, 10] else { throw Self.broken("it ends too early") }
    }

    /// One step; false when it takes more bytes.
    private mutating func advance(_ report: (Event) throws -> Void) throws -> Bool {
        switch stage {
        case .content: return try content(report)
        case .delimiter:
            guard pending.count >= 2 else { return false }
            switch (pending[0], pending[1]) {
            case (13, 10): stage = .headers
            case (UInt8(ascii: "-"), UInt8(ascii: "-")): stage = .end
            default: throw Self.broken("a delimiter runs on")
            }
            pending.removeFirst(2)
            return true
        case .headers: return try headers(report)
        case .end:
            guard pending.count <= 2 else { throw Self.broken("bytes follow its end") }
            return false
        }
    }

    private mutating func content(_ report: (Event) throws -> Void) throws -> Bool {
        let (found, safe) = Self.search(pending, delimiter)
        if safe > 0 {
            guard parts > 0 else { throw Self.broken("it does not begin with its boundary") }
            try report(.data(pending[..<safe]))
        }
        pending.removeFirst(found ? safe + delimiter.count : safe)
        if found { stage = .delimiter }
        return found
    }

    private mutating func headers(_ report: (Event) throws -> Void) throws -> Bool {
        let blank: [UInt8] = [13, 10, 13, 10]
        let (found, end) = Self.search(pending, blank)
        guard end <= Limits.multipartField else { throw Self.broken("a part's headers are too long") }
        guard found else { return false }
        parts += 1
        guard parts <= Limits.multipartParts else { throw Self.broken("it has too many parts") }
        guard let text = String(validating: pending[..<end], as: UTF8.self), let name = Self.name(text) else {
            throw Self.broken("a part has no name")
        }
        pending.removeFirst(end + blank.count)
        stage = .content
        try report(.part(name))
        return true
    }

    /// The field's name, from a Content-Disposition that says so exactly once.
    private static func name(_ headers: String) -> String? {
        let lines = headers.split(separator: "\r\n", omittingEmptySubsequences: false)
        let dispositions = lines.compactMap { line -> Substring? in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition" else {
                return nil
            }
            return line[line.index(after: colon)...]
        }
        guard dispositions.count == 1,
            let name = HeaderValue(String(dispositions[0]), expecting: "form-data")?["name"],
            (1...Limits.nameLength).contains(name.utf8.count)
        else { return nil }
        return name
    }

    /// Where `needle` begins in `bytes`; else how many bytes surely come before it.
    private static func search(_ bytes: [UInt8], _ needle: [UInt8]) -> (found: Bool, at: Int) {
        var at = 0
        while let start = bytes[at...].firstIndex(of: needle[0]) {
            let rest = bytes[start...].prefix(needle.count)
            if needle.starts(with: rest) { return (rest.count == needle.count, start) }
            at = start + 1
        }
        return (false, bytes.count)
    }

    private static func broken(_ why: String) -> Problem {
        Problem(status: .badRequest, code: "bad_form", title: "The form can't be read: \(why). Reload and try again.")
    }
}

/// A header's value with parameters: `form-data; name="file"; filename="a.jpg"`.
struct HeaderValue {
    private var parameters: [String: String] = [:]

    /// nil when the value is another one, or when it is malformed or says something twice.
    init?(_ text: String, expecting value: String) {
        var rest = text[...].trimmed
        let head = rest.prefix { $0 != ";" }
        guard head.trimmed.lowercased() == value else { return nil }
        rest = rest.dropFirst(head.count)
        while rest.first == ";" {
            rest = rest.dropFirst().trimmed
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let name = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            guard let content = rest.first == "\"" ? Self.quoted(&rest) : Self.token(&rest),
                parameters.updateValue(content, forKey: name) == nil
            else { return nil }
            rest = rest.trimmed
        }
        guard rest.isEmpty else { return nil }
    }

    subscript(_ name: String) -> String? { parameters[name] }

    private static func token(_ rest: inout Substring) -> String? {
        let token = rest.prefix { $0 != ";" }
        rest = rest.dropFirst(token.count)
        let text = String(token.trimmed)
        return text.isEmpty || text.contains(where: { $0 == "\"" || $0 == " " }) ? nil : text
    }

    private static func quoted(_ rest: inout Substring) -> String? {
        var content = ""
        var isEscaped = false
        var at = rest.index(after: rest.startIndex)
        while at < rest.endIndex {
            let character = rest[at]
            at = rest.index(after: at)
            if isEscaped {
                content.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                rest = rest[at...]
                return content
            } else {
                content.append(character)
            }
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let head = drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return head[...last]
    }
}
