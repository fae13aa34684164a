import Domain
import Store
import Synchronization

/// The wait before another attempt: anything up to a ceiling that doubles from 5 s to 1 h ("full jitter"), so that
/// what failed together does not come back together.
final class Jitter: Sendable {
    private let random: Mutex<SplitMix64>

    init(seed: UInt64?) { random = Mutex(SplitMix64(state: seed ?? .random(in: 0 ... .max))) }

    /// - Parameter attempt: how many came before.
    func delay(attempt: Int) -> Duration {
        let ceiling = Self.ceiling(attempt: attempt).milliseconds
        return .milliseconds(random.withLock { Int64.random(in: 0...ceiling, using: &$0) })
    }

    static func ceiling(attempt: Int) -> Duration {
        // Beyond 2^20 every sensible first wait is past the cap; the shift must not overflow.
        min(Limits.retryFirst * (1 << min(attempt, 20)), Limits.retryLongest)
    }
}

extension Departure {
    /// When to try again, the last time at the very end of `Limits.retryFor`; nil when that has passed: given up.
    func nextAttempt(after wait: Duration, at now: Instant) -> Instant? {
        let end = createdAt + Limits.retryFor
        return now < end ? min(now + wait, end) : nil
    }
}

/// Sebastiano Vigna's generator (public domain algorithm): small, and good enough to spread retries.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
