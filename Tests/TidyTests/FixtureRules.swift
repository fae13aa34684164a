import Testing

/// A fixture that nothing uses is a riddle for whoever comes next.
@Suite struct FixtureRules {
    /// Whether a file, or the folder that it stands in, is named by one of `texts`.
    static func isUsed(_ path: String, by texts: [String]) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        // A README explains, nobody has to name it.
        guard let name = parts.last, name != "README.md" else { return true }
        let folder = parts.dropLast().joined(separator: "/")
        return texts.contains { text in
            text.contains(name) || parts.count > 2 && names(folder, in: text)
        }
    }

    /// `fixtures/plant`, also as a script takes it apart: `FIXTURES = ROOT / "fixtures" / "plant"`.
    private static func names(_ folder: String, in text: String) -> Bool {
        let parts = folder.split(separator: "/")
        return text.ranges(of: parts[0]).contains { range in
            var rest = text[range.upperBound...]
            for part in parts.dropFirst() {
                rest = rest.drop { " /\"',".contains($0) }
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
            }
            // The folder as a whole: who takes one file out of it names that file.
            let next = rest.first == "/" ? rest.dropFirst().first : rest.first
            return !(next.map { $0.isLetter || $0.isNumber || "-_".contains($0) } ?? false)
        }
    }

    /// Where a use counts: what runs, and what a reader is told to run.
    private static func users(_ house: House) throws -> [String] {
        let paths = ["Tests", "ops", "Sources", ".ci"].flatMap { house.paths(in: $0) } + ["README.md"]
        return try paths.filter { house.paths.contains($0) && !$0.hasPrefix("Tests/TidyTests/") }
            .compactMap(house.text)
    }

    @Test func everyFixtureIsUsed() throws {
        let house = try House.read.get()
        let users = try Self.users(house)
        // What makes a fixture is told of beside it.
        let readmes = try house.paths(in: "fixtures", "md").compactMap(house.text)
        let unused = house.paths(in: "fixtures").filter { path in
            !Self.isUsed(path, by: path.hasSuffix(".py") ? users + readmes : users)
        }
        #expect(house.paths(in: "fixtures").count > 10)
        #expect(unused == [])
    }

    @Test func aDeadFixtureIsSeen() {
        let path = "fixtures/plant/sites.csv"
        #expect(!Self.isUsed(path, by: ["fixtures/plant/assets.csv", "sites", "fixtures/planted"].map { $0 + "/x" }))
        #expect(Self.isUsed(path, by: ["open(sites.csv)"]))
        #expect(Self.isUsed(path, by: ["import fixtures/plant"]))
        #expect(Self.isUsed(path, by: ["ROOT / \"fixtures\" / \"plant\""]))
        #expect(!Self.isUsed(path, by: []))
    }
}
