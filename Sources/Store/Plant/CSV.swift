/// A table as RFC 4180 writes it, with a header line; each row knows its line for error messages.
public struct CSV: Sendable {
    public struct Row: Sendable {
        /// 1 = the header.
        public let line: Int
        let fields: [String: String]

        /// The column's text without surrounding blanks; empty when the column is absent.
        public subscript(_ column: String) -> String { fields[column] ?? "" }
    }
    public let columns: [String]
    public let rows: [Row]

    public enum Failure: Error, Equatable, CustomStringConvertible {
        case empty
        case unclosedQuote(line: Int)
        case width(line: Int, expected: Int, found: Int)

        public var description: String {
            switch self {
            case .empty: "the file is empty; it needs a header line"
            case .unclosedQuote(let line): "line \(line): a quote is never closed"
            case .width(let line, let expected, let found):
                "line \(line): \(found) fields where the header has \(expected)"
            }
        }
    }

    public init(_ text: String) throws(Failure) {
        // A byte-order mark is what Excel leaves behind.
        var records = try Self.records(in: text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...])
        guard !records.isEmpty else { throw .empty }
        columns = records.removeFirst().fields
        var rows: [Row] = []
        for (line, fields) in records {
            guard fields.count == columns.count else {
                throw .width(line: line, expected: columns.count, found: fields.count)
            }
            rows.append(Row(line: line, fields: Dictionary(zip(columns, fields)) { first, _ in first }))
        }
        self.rows = rows
    }

    private static func records(in text: Substring) throws(Failure) -> [(line: Int, fields: [String])] {
        var records: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var (line, start) = (1, 1)
        var characters = text.makeIterator()
        var pending = characters.next()
        func isBlank() -> Bool { fields.isEmpty && field.trimmed.isEmpty }
        while let c = pending {
            pending = characters.next()
            if isQuoted {
                if c == "\"", pending == "\"" {
                    field.append(c)
                    pending = characters.next()
                } else if c == "\"" {
                    isQuoted = false
                } else {
                    field.append(c)
                    if c.isNewline { line += 1 }
                }
            } else if c == "\"", field.trimmed.isEmpty {
                (isQuoted, field) = (true, "")
            } else if c == "," {
                fields.append(field.trimmed)
                field = ""
            } else if c.isNewline {
                if !isBlank() { records.append((start, fields + [field.trimmed])) }
                (fields, field) = ([], "")
                line += 1
                start = line
            } else {
                field.append(c)
            }
        }
        guard !isQuoted else { throw .unclosedQuote(line: start) }
        if !isBlank() { records.append((start, fields + [field.trimmed])) }
        return records
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
