import Testing

/// A file or a function that grows past its measure asks to be split along the domain.
@Suite struct SizeRules {
    static let fileLines = 500
    static let functionLines = 100
    /// Generated code is as long as it is.
    static let generated: Set<String> = ["Sources/Ingest/Sparkplug/sparkplug_b.pb.swift"]

    static func violations(in source: Source) -> [String] {
        var found: [String] = []
        // A newline at the end makes no further line.
        let lines = source.code.count { $0 == UInt8(ascii: "\n") }
        if lines > fileLines { found.append("\(source.path): \(lines) lines, at most \(fileLines)") }
        for function in FunctionLengths.find(in: source) where function.lines > functionLines {
            found.append(
                "\(source.path):\(function.line): \(function.name) has \(function.lines) lines, at most \(functionLines)"
            )
        }
        return found
    }

    @Test func filesAndFunctionsAreShort() throws {
        let house = try House.read.get()
        let sources =
            house.sources(.swift, in: "Sources") + house.sources(.swift, in: "Tests") + house.sources(.c, in: "Sources")
        #expect(sources.filter { !Self.generated.contains($0.path) }.flatMap(Self.violations) == [])
        // The measure sees what it measures.
        #expect(sources.flatMap(FunctionLengths.find).count > 500)
    }

    @Test func whatIsTooLongIsSeen() {
        let body = String(repeating: "    x()\n", count: 99)
        let just = Source("a.swift", "func f() {\n\(body.dropLast(8))}\n", .swift)
        #expect(Self.violations(in: just) == [])
        #expect(Self.violations(in: Source("a.swift", "func f() {\n\(body)}\n", .swift)).count == 1)
        #expect(Self.violations(in: Source("a.c", "int f(void) {\n\(body)}\n", .c)).count == 1)
        #expect(Self.violations(in: Source("a.c", String(repeating: "\n", count: 501), .c)).count == 1)
    }
}
