/// How long to wait before trying again: doubling, capped, each wait shortened at random by up to half, so that many
/// clients do not come back to a restarted broker in the same instant.
struct Backoff {
    private let first: Duration
    private let longest: Duration
    private var failures = 0

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    mutating func next() -> Duration {
        // 2^20 × any sensible first wait is past any cap; the shift must not overflow.
        let full = min(first * (1 << min(failures, 20)), longest)
        failures += 1
        return full * Double.random(in: 0.5...1)
    }

    mutating func reset() { failures = 0 }
}
