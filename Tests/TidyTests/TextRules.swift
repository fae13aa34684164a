import Foundation
import Testing

/// What holds for every text in the project, whoever reads it.
@Suite struct TextRules {
    /// Put together here, so that this file passes its own test.
    static let machinePaths = ["root", "work", "home", "Users"].map { "/\($0)/" }
    static let registries = [
        "pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian.org", "--index" + "-url",
        "arti" + "factory",
    ]

    static func violations(_ path: String, _ text: String) -> [String] {
        var found: [String] = []
        if !text.isEmpty, !text.hasSuffix("\n") { found.append("\(path): no newline at the end") }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = "\(path):\(index + 1): "
            if let folder = machinePaths.first(where: { isPath($0, in: line) }) {
                found.append(place + "a path of somebody's machine (\(folder))")
            }
            if let address = registries.first(where: line.contains) {
                found.append(place + "a registry's address (\(address))")
            }
        }
        return found
    }

    /// At a beginning: an address on the web may have such a folder inside.
    private static func isPath(_ folder: String, in line: Substring) -> Bool {
        line.ranges(of: folder).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || "_.-~}".contains(before))
        }
    }

    @Test func textsEndInANewlineAndNameNoMachine() throws {
        let house = try House.read.get()
        let violations = try house.paths.flatMap { path in
            try house.text(path).map { Self.violations(path, $0) } ?? []
        }
        #expect(house.paths.count > 100)
        #expect(violations == [])
    }

    @Test func aBadTextIsSeen() {
        #expect(Self.violations("a", "no end").count == 1)
        #expect(Self.violations("a", "cp x \(Self.machinePaths[0])y\n").count == 1)
        #expect(Self.violations("a", "(\"\(Self.machinePaths[1])main\")\n").count == 1)
        #expect(Self.violations("a", "see https://\(Self.registries[0])/simple\n").count == 1)
        #expect(Self.violations("a", "https://example.com\(Self.machinePaths[2])page\n") == [])
        #expect(Self.violations("a", "net\(Self.machinePaths[1])x\n") == [])
    }

    @Test func packageNamesEveryFolder() throws {
        let house = try House.read.get()
        let package = try #require(try house.text("Package.swift"))
        let modules = house.modules(in: "Sources", "swift", "c", "modulemap") + house.modules(in: "Tests", "swift")
        // The fuzzer is a package of its own.
        let unnamed = Self.unnamed(modules, in: package + (try house.text("Tests/fuzz/Package.swift.in") ?? ""))
        #expect(unnamed == [])
    }

    static func unnamed(_ modules: [String], in package: String) -> [String] {
        modules.filter { !package.contains("name: \"\($0)\"") }
    }

    @Test func aFolderWithoutATargetIsSeen() {
        #expect(Self.unnamed(["A", "B"], in: ".target(name: \"A\", dependencies: [\"B\"])") == ["B"])
    }

    /// A key that one language lacks shows its name to people.
    @Test func languagesHaveTheSameKeys() throws {
        let (zh, en) = (try catalogue("zh"), try catalogue("en"))
        #expect(zh.count > 50)
        #expect(zh.symmetricDifference(en).sorted() == [])
    }

    private func catalogue(_ language: String) throws -> Set<String> {
        let file = House.root.appending(path: "Sources/Board/Pages/static/\(language).json")
        let words = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))
        return Set(words.keys)
    }
}
