import Domain
import Synchronization

/// How often one address may try to sign in: a token bucket each, for a bounded number of addresses.
///
/// Guessing 256 bits is hopeless anyway; this keeps the tries from costing us anything. A right key gives its try back:
/// behind a proxy a whole shift is one address. Real time, not the service's.
final class SignInGate: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }
    private let buckets = Mutex<[String: Bucket]>([:])

    /// How many addresses are remembered.
    var known: Int { buckets.withLock { $0.count } }

    /// Whether one more try from `address` is let through at `now`.
    func admits(_ address: String, at now: ContinuousClock.Instant = .now) -> Bool {
        buckets.withLock { buckets in
            let full = Double(Limits.signInBurst)
            var bucket = buckets[address] ?? Bucket(tokens: full, at: now)
            bucket.tokens = min(full, bucket.tokens + (now - bucket.at) / Limits.signInEvery)
            bucket.at = now
            let isAdmitted = bucket.tokens >= 1
            if isAdmitted { bucket.tokens -= 1 }
            if buckets[address] == nil, buckets.count >= Limits.signInAddresses,
                let oldest = buckets.min(by: { $0.value.at < $1.value.at })?.key
            {
                buckets[oldest] = nil
            }
            buckets[address] = bucket
            return isAdmitted
        }
    }

    /// The try that `admits` let through was no guess.
    func wasRight(_ address: String) {
        buckets.withLock { buckets in
            guard let tokens = buckets[address]?.tokens else { return }
            buckets[address]?.tokens = min(Double(Limits.signInBurst), tokens + 1)
        }
    }
}
