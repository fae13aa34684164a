import Testing

@testable import Ingest

@Suite struct JSONScannerTests {
    private func skip(_ text: String) throws(JSONFailure) {
        var scanner = JSONScanner(Array(text.utf8))
        try scanner.skip()
        try scanner.end()
    }

    @Test(arguments: [
        "{}", "[]", "[[],{}]", "0", "-0", "1.5e-3", "1E+9", "true", "false", "null", "\"\"", " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[1,\"\\u00e9\\n\"]}}", "\"\\ud83d\\ude00\"", "\u{FEFF}{}",
    ]) func valid(_ text: String) throws {
        try skip(text)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "-", "+1", "1e",
        "tru", "nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u+123\"", "\"\u{1}\"", "1 2", "{} {}", "'a'", "\"\\ud800\"",
        "[1 2]", "{\"a\" 1}", "// c\n1",
    ]) func invalid(_ text: String) {
        #expect(throws: JSONFailure.self) { try skip(text) }
    }

    /// Words that only begin like JSON's are no JSON, rather than a value of the wrong type or a number out of range.
    @Test(arguments: ["ticket 1", "falsch", "no", "Nothing", "Info"]) func words(_ text: String) {
        #expect(throws: JSONFailure.syntax(at: 0)) {
            var scanner = JSONScanner(Array(text.utf8))
            try scanner.object { (scanner, _) throws(JSONFailure) in try scanner.skip() }
        }
        #expect(throws: JSONFailure.syntax(at: 0)) { try skip(text) }
    }

    @Test(arguments: ["NaN", "Infinity", "-Infinity"]) func notFinite(_ text: String) {
        #expect(throws: JSONFailure.notFinite) { try skip(text) }
    }

    @Test func invalidUTF8() {
        #expect(throws: JSONFailure.self) {
            var scanner = JSONScanner([0x22, 0xFF, 0x22])
            _ = try scanner.string()
        }
    }

    /// Cut anywhere, a valid document is refused and nothing traps.
    @Test func truncatedAtEachByte() throws {
        let text = "[{\"ts\":1767225600123,\"v\":-1.5e-3,\"s\":\"\\u00e9\\\\\",\"b\":true,\"n\":null,\"a\":[1,{}]}]"
        try skip(text)
        for length in 0..<text.utf8.count {
            #expect(throws: JSONFailure.self) { try skip(String(text.prefix(length))) }
        }
    }

    @Test func depthIsBounded() throws {
        try skip(String(repeating: "[", count: 16) + String(repeating: "]", count: 16))
        #expect(throws: JSONFailure.tooDeep) {
            try skip(String(repeating: "[", count: 17) + String(repeating: "]", count: 17))
        }
        #expect(throws: JSONFailure.tooDeep) { try skip(String(repeating: "[", count: 60_000)) }
    }

    @Test func numbersAreExact() throws {
        func integer(_ text: String) throws -> Int64 {
            var scanner = JSONScanner(Array(text.utf8))
            return try scanner.integer()
        }
        #expect(try integer("9223372036854775807") == .max)
        #expect(try integer("1767225600123.0") == 1_767_225_600_123)
        #expect(try integer("1e3") == 1000)
        #expect(throws: JSONFailure.type(expected: "integer")) { try integer("1.5") }
        #expect(throws: JSONFailure.type(expected: "integer")) { try integer("9223372036854775808") }
        #expect(throws: JSONFailure.notFinite) { try integer("1e999") }
    }

    @Test func escapes() throws {
        var scanner = JSONScanner(Array("\"\\u738b\\u78ca \\\"\\/\\b\\f\\n\\r\\t \\ud83d\\ude00\"".utf8))
        #expect(try scanner.string() == "王磊 \"/\u{8}\u{C}\n\r\t 😀")
    }

    /// Random bytes never trap.
    @Test func noise() {
        var seed: UInt64 = 42
        for _ in 0..<20_000 {
            var bytes = Array("{\"ts\":17,\"velocity_rms_mm_s\":3.2,\"x\":[\"a\\n\",null,true]}".utf8)
            for _ in 0..<3 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 20)
            }
            var scanner = JSONScanner(bytes)
            _ = try? scanner.skip()
        }
    }
}
