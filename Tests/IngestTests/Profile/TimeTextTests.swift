import Domain
import Testing

@testable import Ingest

@Suite struct TimeTextTests {
    @Test(arguments: [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000), ("2026-01-01 00:00:00.123", 1_767_225_600_123),
        ("2026-01-01T08:00:00.123456+08:00", 1_767_225_600_123), ("2025-12-31T19:30:00-0430", 1_767_225_600_000),
        ("2026-01-01T08:00+08", 1_767_225_600_000), ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29T12:00:00,5Z", 1_709_208_000_500),
        ("1969-12-31T23:59:59.999Z", -1),
    ])
    func isRead(text: String, milliseconds: Int64) {
        #expect(Instant(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test func aZoneThatIsNotWritten() {
        #expect(Instant(iso8601: "2026-01-01 08:00:00", offset: 28800)?.milliseconds == 1_767_225_600_000)
        #expect(Instant(iso8601: "2026-01-01T00:00:00Z", offset: 28800)?.milliseconds == 1_767_225_600_000)
    }

    /// Domain writes what this reads.
    @Test func thereAndBack() {
        for milliseconds in stride(from: Int64(-2_000_000_000_000), to: 4_000_000_000_000, by: 86_461_003) {
            let instant = Instant(milliseconds: milliseconds)
            #expect(Instant(iso8601: instant.iso8601) == instant)
        }
    }

    @Test(arguments: [
        "", "noon", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T25:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+",
        "+2026-01-01T00:00",
        "1767225600123", "٢٠٢٦-01-01T00:00:00Z",
    ])
    func isNone(text: String) { #expect(Instant(iso8601: text) == nil) }
}
