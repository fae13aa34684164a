import Foundation
import Glibc

/// The files of the project as they lie on the disk, without what git ignores.
struct House: Sendable {
    /// The package's folder: two above this one.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Read once, for all rules.
    static let read = Result { try House() }

    /// Paths from the root, sorted.
    let paths: [String]
    /// The Swift and C files of Sources and Tests, taken apart.
    private let sources: [Source]

    private init() throws {
        let ignored = try String(contentsOf: Self.root.appending(path: ".gitignore"), encoding: .utf8)
            .split(separator: "\n").map { $0.hasSuffix("/") ? String($0.dropLast()) : String($0) }
        paths = try Self.list("", ignoring: ignored + [".git"]).sorted()
        sources = try paths.compactMap { path in
            guard path.hasPrefix("Sources/") || path.hasPrefix("Tests/") else { return nil }
            let language: Source.Language = path.hasSuffix(".swift") ? .swift : .c
            guard language == .swift || path.hasSuffix(".c") || path.hasSuffix(".h") else { return nil }
            return Source(path, try Self.text(path) ?? "", language)
        }
    }

    private static func list(_ folder: String, ignoring ignored: [String]) throws -> [String] {
        let here = root.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(atPath: here.path).flatMap { name -> [String] in
            if ignored.contains(where: { fnmatch($0, name, 0) == 0 }) { return [] }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
            return isFolder.boolValue ? try list(path, ignoring: ignored) : [path]
        }
    }

    /// Paths below a folder that end in one of `endings`.
    func paths(in folder: String, _ endings: String...) -> [String] {
        paths.filter { path in
            path.hasPrefix(folder + "/") && (endings.isEmpty || endings.contains { path.hasSuffix("." + $0) })
        }
    }

    /// A file's text; nil for pictures and other bytes.
    static func text(_ path: String) throws -> String? {
        let bytes = try Data(contentsOf: root.appending(path: path))
        return bytes.contains(0) ? nil : String(data: bytes, encoding: .utf8)
    }

    func text(_ path: String) throws -> String? { try Self.text(path) }

    /// The files of one language below a folder.
    func sources(_ language: Source.Language, in folder: String) -> [Source] {
        sources.filter { $0.language == language && $0.path.hasPrefix(folder + "/") }
    }

    /// The folders directly in `folder` that hold a file with one of `endings`.
    func modules(in folder: String, _ endings: String...) -> [String] {
        let found = paths(in: folder).filter { path in endings.contains { path.hasSuffix("." + $0) } }
        return Set(found.map { String($0.split(separator: "/")[1]) }).sorted()
    }
}
