import ArgumentParser
import Domain
import Foundation
import Store

struct ImportReadings: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-readings",
        abstract: "Takes readings in from a file as history: each value once, no ticket is opened.",
        discussion: """
            Reads what export writes: CSV with the columns ts (milliseconds since 1970), asset, point, optionally seq, \
            and any measures; or a JSON object of the same names a line. Values that are stored already are skipped; \
            another value at the same time is a conflict, and the first stays. Works beside a running service.
            """)
    @OptionGroup var options: SettingsOptions
    @Argument(help: "The file; - is standard input.") var file: String

    func run() throws {
        let settings = try options.load()
        let store = try Store(directory: try DataDirectory(settings["data.dir"]).path, policy: try settings.policy())
        defer { try? store.close() }
        guard file == "-" || FileManager.default.isReadableFile(atPath: file) else {
            throw ValidationError("\(file): there is no such file, or it can't be read")
        }
        let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
        guard let handle else { throw ValidationError("\(file) can't be read") }
        var lines = Lines(handle)
        var parser = ReadingLineParser()
        var report = ReadingsImport()
        var batch = Batch()
        while let line = try lines.next() {
            do throws(ReadingLineParser.Malformed) {
                guard let (point, reading) = try parser.parse(line) else { continue }
                batch.append(point, reading)
            } catch {
                // Without its columns nothing of the file can be read.
                if error.isOfHeader {
                    throw ValidationError("line \(lines.number): \(error.detail)")
                }
                report.reject(error.reason, "line \(lines.number): \(error.detail)")
            }
            if batch.count == 10_000 {
                try store.importReadings(batch.runs, at: .wall, into: &report)
                batch = Batch()
            }
        }
        try store.importReadings(batch.runs, at: .wall, into: &report)
        for example in report.examples { print("not taken: \(example)") }
        print("Imported \(report.taken) values; \(report.repeated) were stored already.")
        guard !report.rejected.isEmpty else { return }
        let reasons = report.rejected.map { "\($0.value) \($0.key.code)" }.sorted().joined(separator: ", ")
        print("Not taken: \(reasons).")
        throw ExitCode.failure
    }

    private struct Batch {
        private(set) var runs: [(PointID, [Reading])] = []
        private(set) var count = 0

        mutating func append(_ point: PointID, _ reading: Reading) {
            count += 1
            if runs.last?.0 == point { runs[runs.count - 1].1.append(reading) } else { runs.append((point, [reading])) }
        }
    }
}

/// The lines of a file, one at a time.
private struct Lines {
    private let handle: FileHandle
    private var buffer = Data()
    private var isAtEnd = false
    /// Of the line last given, from 1.
    private(set) var number = 0

    /// No line of ours is as long.
    static let longest = 1 << 20

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func next() throws -> Substring? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = buffer[(end + 1)...] }
                return line(buffer[..<end])
            }
            if isAtEnd || buffer.count > Self.longest {
                defer { buffer = Data() }
                return buffer.isEmpty ? nil : line(buffer)
            }
            let more = try handle.read(upToCount: 1 << 18) ?? Data()
            isAtEnd = more.isEmpty
            buffer = Data(buffer) + more
        }
    }

    private mutating func line(_ bytes: Data) -> Substring {
        number += 1
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\r") ? text.dropLast() : text[...]
    }
}

/// One line of what `export` writes.
private struct ReadingLineParser {
    struct Malformed: Error {
        let reason: RejectionReason
        let detail: String
        var isOfHeader = false
    }

    /// nil until a header has been read; NDJSON has none.
    private var columns: [Substring]?

    /// - Returns: nil for a header or an empty line.
    mutating func parse(_ line: Substring) throws(Malformed) -> (PointID, Reading)? {
        if line.isEmpty { return nil }
        if line.first == "{" { return try reading(try object(line)) }
        let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        guard let columns else {
            guard cells.contains("ts"), cells.contains("asset"), cells.contains("point") else {
                throw Malformed(reason: .wrongShape, detail: "the header needs ts, asset and point", isOfHeader: true)
            }
            self.columns = cells
            return nil
        }
        guard cells.count == columns.count else {
            throw Malformed(reason: .wrongShape, detail: "\(cells.count) fields where the header has \(columns.count)")
        }
        let fields = zip(columns, cells).filter { !$1.isEmpty }.map { (String($0), String($1)) }
        return try reading(Dictionary(fields) { first, _ in first })
    }

    private func object(_ line: Substring) throws(Malformed) -> [String: String] {
        do { return try JSONDecoder().decode(Fields.self, from: Data(line.utf8)).texts } catch {
            throw Malformed(reason: .notJSON, detail: "no JSON object of texts and numbers")
        }
    }

    /// A flat object's fields as text. JSONSerialization would be shorter, but is a bit off in numbers of 17 digits.
    private struct Fields: Decodable {
        var texts: [String: String] = [:]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: Key.self)
            for key in object.allKeys {
                texts[key.stringValue] =
                    if let whole = try? object.decode(Int64.self, forKey: key) {
                        String(whole)
                    } else if let number = try? object.decode(Double.self, forKey: key) {
                        "\(number)"
                    } else if let flag = try? object.decode(Bool.self, forKey: key) {
                        String(flag)
                    } else {
                        try object.decode(String.self, forKey: key)
                    }
            }
        }
    }

    private func reading(_ fields: [String: String]) throws(Malformed) -> (PointID, Reading) {
        guard let at = fields["ts"].flatMap({ Int64($0) }) else {
            throw Malformed(reason: .missingTime, detail: "ts is “\(fields["ts"] ?? "")”")
        }
        guard let asset = AssetID(fields["asset"] ?? ""), let name = Name<PointID>(fields["point"] ?? "") else {
            throw Malformed(reason: .unknownPoint, detail: "“\(fields["asset"] ?? "")/\(fields["point"] ?? "")”")
        }
        var values = Measures()
        for measure in Measure.allCases {
            guard let text = fields[measure.name] else { continue }
            values[measure] = try value(of: measure, text)
        }
        guard !values.isEmpty else { throw Malformed(reason: .noMeasure, detail: "it has no measure") }
        let sequence = fields["seq"].flatMap { Int64($0) }
        return (
            PointID(asset: asset, name: name),
            Reading(at: Instant(milliseconds: at), sequence: sequence, values: values)
        )
    }

    private func value(of measure: Measure, _ text: String) throws(Malformed) -> Double {
        if measure == .running, text == "true" || text == "false" { return text == "true" ? 1 : 0 }
        guard let value = Double(text) else {
            throw Malformed(reason: .wrongType, detail: "\(measure.name) is “\(text)”")
        }
        guard value.isFinite else { throw Malformed(reason: .notFinite, detail: "\(measure.name) is \(text)") }
        return value
    }
}
