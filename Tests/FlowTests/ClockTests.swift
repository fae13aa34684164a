import Domain
import Testing

@testable import fieldloop

@Suite struct ClockTests {
    private let start = Instant(milliseconds: 1_767_225_600_000)

    @Test func withoutARateItIsTheWalls() {
        let clock = ServiceClock(rate: 1, behind: .zero, wall: start)
        for seconds in [0, 1, 86_400] {
            let wall = start + .seconds(seconds)
            #expect(clock.now(wall: wall) == wall)
            #expect(clock.rate(wall: wall) == 1)
        }
    }

    @Test func itStartsBehindRunsFasterAndCatchesUp() {
        let clock = ServiceClock(rate: 60, behind: .minutes(118), wall: start)
        #expect(clock.now(wall: start) == start - .minutes(118))
        #expect(clock.now(wall: start + .seconds(30)) == start - .minutes(88))
        // Each minute of the wall takes 59 off the gap: 118 minutes are gone after two.
        #expect(clock.now(wall: start + .minutes(2)) == start + .minutes(2))
        #expect(clock.rate(wall: start + .seconds(119)) == 60)
        #expect(clock.rate(wall: start + .minutes(2)) == 1)
        #expect(clock.now(wall: start + .days(2)) == start + .days(2))
    }

    @Test(arguments: [1, 1.5, 60, 10_000]) func itIsNeverAheadOfTheWallNorRunsBackwards(rate: Double) {
        let clock = ServiceClock(rate: rate, behind: .minutes(120), wall: start)
        var last = clock.now(wall: start)
        for step in stride(from: 0, through: 8_000_000, by: 997) {
            let wall = start + .milliseconds(step)
            let now = clock.now(wall: wall)
            #expect(now <= wall && now >= last)
            last = now
        }
    }

    @Test func aStoredClockGoesOnOverARestart() throws {
        let clock = ServiceClock(rate: 37.5, behind: .minutes(100), wall: start)
        let again = try #require(ServiceClock(stored: clock.stored))
        for seconds in [0, 1, 59, 165, 10_000] {
            let wall = start + .seconds(seconds)
            #expect(again.now(wall: wall) == clock.now(wall: wall))
        }
        #expect(again.stored == clock.stored)
    }

    @Test(arguments: ["", "60", "60 1 ", "x 1 2", "60 1 2 3", "60 1.5 2"]) func whatIsNoClockIsNone(text: String) {
        #expect(ServiceClock(stored: text) == nil)
    }

    @Test func itReadsTheWallWhereNobodySaysOtherwise() {
        let before = Instant.wall
        let now = ServiceClock().now()
        #expect(now >= before && now <= Instant.wall)
        #expect(CivilTime(now).year >= 2026)
    }
}
