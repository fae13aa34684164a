import Testing

/// The matchers that every rule stands on.
@Suite struct SourceTests {
    @Test func commentsAndLiteralsAreBlankAndInterpolationsAreCode() {
        let source = Source(
            "Sources/X/a.swift",
            """
            let a = "print(1) \\(print(2)) { \\"x" // print(3)
            /* print(4) /* nested */ print(5) */ print(6)
            let b = #"\\(print(7)) "quoted" \\#(print(8))"#
            let c = \"""
                print(9) " }
                \"""
            """, .swift)
        let code = source.lines.joined(separator: "\n")
        for call in [2, 6, 8] { #expect(code.contains("print(\(call))")) }
        for call in [1, 3, 4, 5, 7, 9] { #expect(!code.contains("print(\(call))")) }
        #expect(!code.contains("{") && !code.contains("}"))
        #expect(source.literals.map(\.line) == [1, 3, 4])
        #expect(source.literals[2].text.contains("print(9)"))
        #expect(source.lines.count == 6)
    }

    @Test func characterConstantsInCAreBlank() {
        let source = Source("Sources/CX/a.c", "int a = '\"'; /* { /* */ int b = '\\''; char *c = \"{\";", .c)
        #expect(!source.lines[0].contains("{"))
        #expect(source.lines[0].contains("int b"))
    }

    @Test func functionsAreMeasuredFromDeclarationToBrace() {
        let source = Source(
            "Sources/X/a.swift",
            """
            protocol P {
                func required(_ f: () -> Void)
                var name: String { get }
            }
            struct S {
                var stored: Int
                var computed: Int {
                    let text = "}"
                    return text.count
                }
                init?(a: Int = { 1 }()) {
                    self.stored = a
                }
                func generic<T>(_ t: T) -> [T]
                where T: P {
                    var x: Int
                    if true { x = 1 }
                    return [t]
                }
            }
            """, .swift)
        #expect(
            FunctionLengths.find(in: source) == [
                .init(name: "name", line: 3, lines: 1), .init(name: "computed", line: 7, lines: 4),
                .init(name: "init", line: 11, lines: 3), .init(name: "generic", line: 14, lines: 6),
            ])
    }

    @Test func cFunctionsAreFoundAndInitialisersAreNot() {
        let source = Source(
            "Sources/CX/a.c",
            """
            static int a[] = { 1, 2 };
            static int add(int x,
                           int y) {
                if (x) { return '}'; }
                return x + y;
            }
            """, .c)
        #expect(FunctionLengths.find(in: source) == [.init(name: "add", line: 2, lines: 5)])
    }
}
