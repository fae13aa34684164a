import Domain
import Testing

@testable import Ingest

/// Examples of RFC 8949, appendix A, and what is none.
@Suite struct CBORReaderTests {
    private static func item(_ bytes: [UInt8]) throws(CBORFailure) -> CBORReader.Item {
        var reader = CBORReader(bytes)
        let item = try reader.item()
        #expect(reader.isAtEnd)
        return item
    }

    struct Example: Sendable {
        var hex: String
        var item: CBORReader.Item
        init(_ hex: String, _ item: CBORReader.Item) {
            self.hex = hex
            self.item = item
        }
        var bytes: [UInt8] { ByteText.hex(hex.utf8) ?? [] }
    }

    private static let examples: [Example] = [
        Example("00", .integer(0)), Example("17", .integer(23)), Example("1864", .integer(100)),
        Example("1903e8", .integer(1000)), Example("1b000000e8d4a51000", .integer(1_000_000_000_000)),
        Example("20", .integer(-1)), Example("3903e7", .integer(-1000)),
        Example("3b7fffffffffffffff", .integer(.min)),
        Example("1bffffffffffffffff", .number(18_446_744_073_709_551_616)),
        Example("3bffffffffffffffff", .number(-18_446_744_073_709_551_616)), Example("f93e00", .number(1.5)),
        Example("f90001", .number(5.960464477539063e-8)), Example("f9c400", .number(-4)),
        Example("fa47c35000", .number(100_000)), Example("fb3ff199999999999a", .number(1.1)),
        Example("f97c00", .number(.infinity)), Example("f4", .boolean(false)), Example("f5", .boolean(true)),
        Example("f6", .null), Example("60", .text("")), Example("62c3bc", .text("ü")),
        Example("4401020304", .bytes([1, 2, 3, 4])), Example("7f61616162ff", .text("ab")),
        Example("80", .other("an array")), Example("a10102", .other("a map")),
        Example("c24101", .other("a tagged value")), Example("e0", .other("a simple value")),
        Example("9f01820203ff", .other("an array")), Example("c48221196ab3", .number(273.15)),
        Example("c4822019014f", .number(33.5)), Example("c482013903e7", .number(-10_000)),
        Example("d9d9f7c4822019014f", .number(33.5)), Example("c48120", .other("a tagged value")),
        Example("c4821b000000e8d4a5100001", .other("a tagged value")), Example("c401", .other("a tagged value")),
        Example("c483010203", .other("a tagged value")),
    ]

    @Test(arguments: examples) func isRead(example: Example) throws {
        #expect(try Self.item(example.bytes) == example.item)
    }

    @Test(arguments: [
        "", "18", "1b0000", "6261", "9bffffffffffffffff", "bf01", "5b7fffffffffffffff00", "7f61", "8201", "c4", "9f",
    ])
    func endsTooSoon(hex: String) {
        #expect(throws: CBORFailure.truncated) { try Self.item(ByteText.hex(hex.utf8) ?? []) }
    }

    @Test(arguments: ["1c", "1f", "ff", "f810", "61ff", "7f4100ff", "fd"])
    func isMalformed(hex: String) {
        #expect(throws: CBORFailure.self) { try Self.item(ByteText.hex(hex.utf8) ?? []) }
    }

    @Test(arguments: ["81", "c1", "9f", "bf"]) func nestingHasALimit(hex: String) {
        let head = ByteText.hex(hex.utf8)?.first ?? 0
        #expect(throws: CBORFailure.tooDeep) { try Self.item([UInt8](repeating: head, count: 60_000)) }
    }
}
