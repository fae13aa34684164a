import Foundation

/// Recorded and synthetic records beside the project, with what an independent float64 program read from them.
enum SharedRecords {
    static let folder: URL = {
        let environment = ProcessInfo.processInfo.environment["FIELDLOOP_SHARED"].map { URL(filePath: $0) }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (environment ?? root.deletingLastPathComponent().appending(path: "shared"))
            .appending(path: "data/vibration")
    }()
    static let present = FileManager.default.fileExists(atPath: folder.appending(path: "expected.csv").path)
    static let absent = "no ../shared/data/vibration beside the project: recorded bearings are not read"

    typealias Row = [String: String]

    static func rows(_ name: String) throws -> [Row] {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline)
        let header = fields(lines[0])
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, fields($0))) }
    }

    /// Commas inside quotes are text.
    private static func fields(_ line: Substring) -> [String] {
        var (fields, quoted) = ([""], false)
        for character in line {
            switch character {
            case "\"": quoted.toggle()
            case "," where !quoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }

    static func samples(_ name: String) throws -> [Float] {
        let data = try Data(contentsOf: folder.appending(path: name))
        return [Float](unsafeUninitializedCapacity: data.count / 4) { floats, count in
            count = data.copyBytes(to: floats) / 4
        }
    }
}
