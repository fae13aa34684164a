import Testing

/// Names say what is inside; a drawer for everything says nothing.
@Suite struct NameRules {
    static let drawers: Set = [
        "util", "utils", "utility", "utilities", "helper", "helpers", "extension", "extensions", "core", "manager",
        "managers", "misc",
    ]

    /// `HTTPHelpers+More.swift` → http, helpers, more, swift.
    static func words(_ name: some StringProtocol) -> [String] {
        var words: [String] = []
        var previous: Character = " "
        for character in name {
            let begins = character.isUppercase && !previous.isUppercase || !previous.isLetter
            if character.isLetter {
                if begins || words.isEmpty { words.append("") }
                words[words.count - 1].append(character.lowercased())
            }
            previous = character
        }
        return words
    }

    static func violation(_ path: String) -> String? {
        for part in path.split(separator: "/") {
            if let word = words(part).first(where: drawers.contains) {
                return "\(path): “\(word)” is a drawer for anything"
            }
        }
        return nil
    }

    @Test func noDrawers() throws {
        let house = try House.read.get()
        #expect((house.paths(in: "Sources") + house.paths(in: "Tests")).compactMap(Self.violation) == [])
    }

    @Test(arguments: [
        "Sources/Utils/a.swift", "Sources/X/StringExtensions.swift", "Sources/Core/a.swift", "Sources/X/helpers.c",
        "Sources/X/SessionManager.swift", "Sources/X/Date+Utilities.swift",
    ])
    func aDrawerIsSeen(path: String) { #expect(Self.violation(path) != nil) }

    @Test(arguments: ["Sources/X/Score.swift", "Sources/X/Encore.swift", "Sources/Board/HTTP/Guards.swift"])
    func aNameIsNot(path: String) { #expect(Self.violation(path) == nil) }
}
