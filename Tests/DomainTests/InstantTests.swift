import Testing

@testable import Domain

@Suite struct InstantTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_767_225_600_123, "2026-01-01T00:00:00.123Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
    ]) func asText(_ ms: Int64, _ text: String) {
        #expect(Instant(milliseconds: ms).iso8601 == text)
    }

    @Test func wallTimeWithOffset() {
        // 2026-01-01 00:00 UTC was a Thursday.
        let shanghai = CivilTime(Instant(milliseconds: 1_767_225_600_000), offsetSeconds: 28800)
        #expect(shanghai.text == "2026-01-01 08:00:00")
        #expect(shanghai.weekday == 4)
        let newYork = CivilTime(Instant(milliseconds: 1_767_225_600_000), offsetSeconds: -18000)
        #expect(newYork.text == "2025-12-31 19:00:00")
        #expect(newYork.weekday == 3)
        #expect(utcOffsetText(28800) == "+08:00")
        #expect(utcOffsetText(-12600) == "-03:30")
    }

    @Test(arguments: [Int64.min, .max, -62_135_596_800_000]) func extremesDoNotTrap(_ ms: Int64) {
        let instant = Instant(milliseconds: ms)
        #expect(!instant.iso8601.isEmpty)
        #expect(instant + .days(1) >= instant)
        #expect(instant - .days(1) <= instant)
        #expect((instant - Instant(milliseconds: 0)).milliseconds == ms)
    }

    @Test func names() {
        #expect(AssetID("BL-P101") != nil)
        for bad in ["", ".", "..", "a/b", "a b", "泵", "a+b", "#", String(repeating: "a", count: 65)] {
            #expect(AssetID(bad) == nil, "\(bad)")
        }
    }
}
