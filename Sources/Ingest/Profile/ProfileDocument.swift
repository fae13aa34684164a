import Domain

/// A JSON document as a tree; payload and depth are limited before.
indirect enum JSONTree: Equatable {
    case object([String: JSONTree])
    case array([JSONTree])
    case number(Double)
    case text(String)
    case boolean(Bool)
    case null

    init(_ payload: [UInt8]) throws(JSONFailure) {
        var scanner = JSONScanner(payload)
        self = try Self.read(&scanner)
        try scanner.end()
    }

    private static func read(_ scanner: inout JSONScanner) throws(JSONFailure) -> JSONTree {
        switch try scanner.peek() {
        case .object:
            var fields: [String: JSONTree] = [:]
            try scanner.object { (scanner, key) throws(JSONFailure) in fields[key] = try read(&scanner) }
            return .object(fields)
        case .array:
            var elements: [JSONTree] = []
            try scanner.array { (scanner) throws(JSONFailure) in elements.append(try read(&scanner)) }
            return .array(elements)
        // A number beyond a Double costs its field, not the message.
        case .number: return .number(Double(scanner.text(try scanner.skip())) ?? .infinity)
        case .string: return .text(try scanner.string())
        case .boolean: return .boolean(try scanner.boolean())
        case .null:
            try scanner.null()
            return .null
        }
    }

    subscript(_ steps: some Collection<String>) -> JSONTree? {
        var tree = self
        for step in steps {
            switch tree {
            case .object(let fields):
                guard let next = fields[step] else { return nil }
                tree = next
            case .array(let elements):
                guard let index = Int(step), elements.indices.contains(index) else { return nil }
                tree = elements[index]
            default: return nil
            }
        }
        return tree
    }

    /// The keys of an object, the indexes of an array.
    var keys: [String] {
        switch self {
        case .object(let fields): fields.keys.sorted()
        case .array(let elements): elements.indices.map(String.init)
        default: []
        }
    }

    /// Every path to a value that holds no others, and the value.
    func leaves(_ path: [String] = []) -> [(path: [String], value: JSONTree)] {
        switch self {
        case .object(let fields): fields.sorted { $0.key < $1.key }.flatMap { $1.leaves(path + [$0]) }
        case .array(let elements): elements.enumerated().flatMap { $1.leaves(path + [String($0)]) }
        default: [(path, self)]
        }
    }

    /// Senders write numbers as text, too.
    var number: Double? {
        switch self {
        case .number(let number): number
        case .text(let text): Double(text)
        case .boolean(let boolean): boolean ? 1 : 0
        default: nil
        }
    }

    var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): Int64(exactly: number).map(String.init) ?? String(number)
        case .boolean(let boolean): String(boolean)
        case .null: "null"
        case .object, .array: "…"
        }
    }
}

/// What a profile reads from: the JSON, the bytes, or the JSON and the bytes within.
struct ProfileDocument {
    var tree: JSONTree?
    var frame: ArraySlice<UInt8>?
    private var records: [(tag: UInt8, value: ArraySlice<UInt8>)] = []
    private let isBigEndian: Bool

    init(_ payload: [UInt8], _ profile: Profile) throws(Rejection) {
        isBigEndian = profile.isBigEndian
        switch profile.form {
        case .json: tree = try Self.json(payload)
        case .binary: frame = payload[...]
        case .hex, .base64: frame = try Self.bytes(payload, profile.form)[...]
        }
        if let inner = profile.frame {
            guard case .text(let text)? = tree?[inner.path.steps] else {
                throw Rejection(.wrongShape, "“\(inner.path.text)” with the sensor's bytes is missing")
            }
            frame = try Self.bytes(Array(text.utf8), inner.form)[...]
        }
        if let layout = profile.records, let frame { records = try Self.records(in: frame, layout) }
    }

    /// The same bytes, another root: an element of the array that the profile takes one by one.
    func at(_ element: JSONTree) -> ProfileDocument {
        var document = self
        document.tree = element
        return document
    }

    /// What stands at a place: nil when there is nothing.
    func value(_ place: Profile.Place, _ axis: Profile.Axis?, offset: Int) throws(Rejection) -> JSONTree? {
        switch place {
        case .path(let path):
            let found = tree?[path.on(axis)]
            return found == .null ? nil : found
        case .bytes(let at, let type, let tags):
            guard tags.isEmpty else {
                guard let record = records.first(where: { tags.contains($0.tag) })?.value else { return nil }
                return .number(try number(in: record, at + offset, type))
            }
            return .number(try number(in: frame ?? [], at + offset, type))
        }
    }

    private func number(in bytes: ArraySlice<UInt8>, _ at: Int, _ type: NumberType) throws(Rejection) -> Double {
        let start = (at < 0 ? bytes.endIndex : bytes.startIndex) + at
        guard start >= bytes.startIndex, start + type.width <= bytes.endIndex else {
            throw Rejection(.truncated, "\(bytes.count) bytes; there is no \(type.rawValue) at byte \(at)")
        }
        let raw = bytes[start..<(start + type.width)]
        let bits = (isBigEndian ? Array(raw) : raw.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return type.value(bits)
    }

    private static func json(_ payload: [UInt8]) throws(Rejection) -> JSONTree {
        do throws(JSONFailure) { return try JSONTree(payload) } catch { throw Rejection(error) }
    }

    private static func bytes(_ text: [UInt8], _ form: Profile.PayloadForm) throws(Rejection) -> [UInt8] {
        guard let bytes = form == .hex ? ByteText.hex(text) : ByteText.base64(text), !bytes.isEmpty else {
            throw Rejection(.badPayload, "the sensor's bytes are not \(form.rawValue)")
        }
        return bytes
    }

    private static func records(
        in frame: ArraySlice<UInt8>, _ layout: Profile.Records
    ) throws(Rejection) -> [(tag: UInt8, value: ArraySlice<UInt8>)] {
        var rest = frame.dropFirst(layout.from).dropLast(layout.trim)
        var records: [(tag: UInt8, value: ArraySlice<UInt8>)] = []
        while let tag = rest.popFirst() {
            guard let length = rest.popFirst().map(Int.init), length <= rest.count else {
                throw Rejection(.truncated, "record \(tag) ends after the message")
            }
            records.append((tag, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return records
    }
}
