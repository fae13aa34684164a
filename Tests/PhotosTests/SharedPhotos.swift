import Foundation

/// Real cameras' files and their oracle, which stand beside the project and are never part of it.
enum SharedPhotos {
    static let directory = Root.url.deletingLastPathComponent().appending(path: "shared/data/photos")
    static let present = FileManager.default.fileExists(atPath: directory.appending(path: "manifest.csv").path)
    static let absent = "no ../shared/data/photos beside the project: real cameras' files are not read"

    struct Row {
        var file: String
        var width: Int?
        var height: Int?
        var corrupt: Bool
    }

    static func bytes(_ file: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: directory.appending(path: file)))
    }

    /// The manifest's rows, by the columns that the tests use.
    static func rows() throws -> [Row] {
        let text = try String(contentsOf: directory.appending(path: "manifest.csv"), encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline).map(fields)
        let column = { (name: String) in lines[0].firstIndex(of: name)! }
        return lines.dropFirst().map { line in
            Row(
                file: line[column("file")], width: Int(line[column("width")]), height: Int(line[column("height")]),
                corrupt: line[column("corrupt")] != "no")
        }
    }

    /// ExifTool's reading of each file, by file name.
    static func oracle() throws -> [String: [String: Any]] {
        let data = try Data(contentsOf: directory.appending(path: "expected_exif.json"))
        let entries = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
        return Dictionary(uniqueKeysWithValues: entries.map { ($0["SourceFile"] as? String ?? "", $0) })
    }

    private static func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var quoted = false
        for character in line {
            switch character {
            case "\"": quoted.toggle()
            case "," where !quoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }
}

/// The package's own files.
enum Root {
    static let url = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A photo of fixtures/photos.
    static func fixture(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url.appending(path: "fixtures/photos/\(name)")))
    }
}
