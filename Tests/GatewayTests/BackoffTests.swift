import Testing

@testable import Gateway

struct BackoffTests {
    @Test func `waits double up to the longest, shortened by half at most, and begin anew`() {
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(3))
        for full in [0.5, 1, 2, 3, 3] {
            let wait = backoff.next()
            #expect(wait >= .seconds(full / 2) && wait <= .seconds(full))
        }
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(500))
    }

    @Test func `two clients do not come back together`() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(1))
        #expect(Set((0..<8).map { _ in backoff.next() }).count > 1)
    }

    @Test func `a broker that is away for years overflows nothing`() {
        var backoff = Backoff(first: .milliseconds(500), longest: .seconds(30))
        for _ in 0..<1_000 { #expect(backoff.next() <= .seconds(30)) }
    }
}
