import Testing

/// Who may see whom. `Package.swift` says what is linked; this says what is meant.
@Suite struct ImportRules {
    /// Our modules that each of our modules may import. `fieldloop` sees every Swift module.
    static let allowed: [String: Set<String>] = [
        "Geo": [],
        "Vibration": [],
        "Domain": ["Geo"],
        "Gateway": ["CMosquitto", "Domain"],
        "Store": ["Domain", "Geo", "Vibration"],
        "Ingest": ["Domain", "Geo", "Store"],
        "Board": ["Domain", "Geo", "Store"],
        "Notify": ["Domain", "Geo", "Store"],
        "Photos": ["CExif", "CJPEG", "CText", "Domain", "Geo", "Store"],
        "CJPEG": ["CJPEGLibrary"],
        "CText": ["CTextLibrary"],
        "fieldloop": [
            "Board", "CHeap", "Domain", "Gateway", "Geo", "Ingest", "Notify", "Photos", "Store", "Vibration",
        ],
    ]

    /// No input or output, no clock, no Foundation.
    static let pure: Set = ["Domain", "Geo", "Vibration"]
    static let standardLibrary: Set = ["Swift", "Synchronization", "RealModule"]

    /// The C library behind each door, by the beginnings of its headers' names.
    static let headers: [(prefixes: [String], doors: Set<String>)] = [
        (["mosquitto", "mqtt_protocol"], ["CMosquitto"]),
        (["libexif/"], ["CExif"]),
        (["malloc"], ["CHeap"]),
        (["jpeglib", "jerror", "jmorecfg", "jpegint", "turbojpeg"], ["CJPEG", "CJPEGLibrary"]),
        (["hb", "ft2build", "freetype"], ["CText", "CTextLibrary"]),
    ]

    static func imports(of source: Source) -> [(line: Int, module: String)] {
        source.lines.enumerated().flatMap { index, line -> [(Int, String)] in
            // `;` may join two.
            line.split(separator: ";").compactMap { statement in
                let words = statement.split(whereSeparator: { $0 == " " || $0 == "\t" })
                guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
                let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
                let name = kinds.contains(words[at + 1]) ? words[(at + 2)...].first : words[at + 1]
                return name.map { (index + 1, String($0.split(separator: ".")[0])) }
            }
        }
    }

    static func violations(in source: Source, ours: Set<String>) -> [String] {
        imports(of: source).compactMap { line, module in
            let place = "\(source.path):\(line): \(source.module) imports \(module)"
            if ours.contains(module) {
                return allowed[source.module, default: []].contains(module) ? nil : place
            }
            if pure.contains(source.module), !standardLibrary.contains(module) { return place + ", but is pure" }
            if module == "GRDB", source.module != "Store" { return place + "; SQL stands in Store" }
            return nil
        }
    }

    static func includeViolations(_ path: String, _ text: String) -> [String] {
        let module = String(path.split(separator: "/")[1])
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            guard line.hasPrefix("#include <") else { return nil }
            let header = line.dropFirst("#include <".count)
            for (prefixes, doors) in headers where prefixes.contains(where: header.hasPrefix) && !doors.contains(module)
            {
                return "\(path):\(index + 1): \(module) opens a library that belongs to \(doors.sorted())"
            }
            return nil
        }
    }

    @Test func modulesSeeOnlyWhomTheyMay() throws {
        let house = try House.read.get()
        let ours = Set(house.modules(in: "Sources", "swift", "c", "h"))
        #expect(ours.isSuperset(of: ["Domain", "Gateway", "fieldloop"]))
        let violations = house.sources(.swift, in: "Sources").flatMap { Self.violations(in: $0, ours: ours) }
        #expect(violations == [])
    }

    @Test func everyModuleHasARule() throws {
        let modules = try House.read.get().modules(in: "Sources", "swift")
        #expect(modules.filter { Self.allowed[$0] == nil } == [])
    }

    @Test func aCDoorIsOpenedByOneModule() throws {
        let house = try House.read.get()
        var openers: [String: Set<String>] = [:]
        for source in house.sources(.swift, in: "Sources") {
            for (_, module) in Self.imports(of: source) { openers[module, default: []].insert(source.module) }
        }
        // A door with Swift's door inside it (CJPEGLibrary in CJPEG) is opened by C alone.
        for door in house.modules(in: "Sources", "modulemap") where !["CJPEGLibrary", "CTextLibrary"].contains(door) {
            #expect(openers[door]?.count == 1, "\(door) is imported by \(openers[door] ?? [])")
        }
        for door in ["CJPEG", "CText"] { #expect(openers[door] == ["Photos"]) }
        let violations = try house.sources(.c, in: "Sources").flatMap {
            Self.includeViolations($0.path, try house.text($0.path) ?? "")
        }
        #expect(violations == [])
    }

    @Test func testsUseSwiftTesting() throws {
        let modules = try House.read.get().sources(.swift, in: "Tests").flatMap { source in
            Self.imports(of: source).filter { $0.module == "XCTest" }.map { "\(source.path):\($0.line)" }
        }
        #expect(modules == [])
    }

    @Test(arguments: [
        ("Domain", "import Foundation"), ("Domain", "import Store"), ("Geo", "public import Domain"),
        ("Board", "@testable import Gateway"), ("Notify", "internal import struct Ingest.Ingest"),
        ("Board", "import GRDB"), ("fieldloop", "import CMosquitto"), ("Ingest", "let a = 1; import Photos"),
    ])
    func aForbiddenImportIsSeen(module: String, text: String) {
        let source = Source("Sources/\(module)/a.swift", text, .swift)
        let ours: Set = ["Domain", "Store", "Gateway", "Ingest", "CMosquitto", "Photos"]
        #expect(Self.violations(in: source, ours: ours).count == 1)
    }

    @Test(arguments: [
        ("Domain", "public import Geo"), ("Geo", "import RealModule"), ("Store", "import GRDB"),
        ("Gateway", "internal import CMosquitto"), ("Board", "// import Gateway"),
        ("Board", "let a = \"import Gateway\""),
    ])
    func anAllowedImportIsNot(module: String, text: String) {
        let source = Source("Sources/\(module)/a.swift", text, .swift)
        #expect(Self.violations(in: source, ours: ["Domain", "Geo", "Gateway", "CMosquitto"]) == [])
    }

    @Test func aForeignHeaderIsSeen() {
        #expect(Self.includeViolations("Sources/CText/a.c", "#include <jpeglib.h>").count == 1)
        #expect(Self.includeViolations("Sources/CJPEG/a.c", "#include <jpeglib.h>\n#include <stdio.h>") == [])
    }
}
