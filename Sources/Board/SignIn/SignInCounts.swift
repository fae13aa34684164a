import Synchronization

/// How people tried to come in since the start, and what became of it.
final class SignInCounts: Sendable {
    enum Way: String, CaseIterable { case token, link }
    enum Outcome: String, CaseIterable {
        case admitted, refused
        case tooOften = "too_often"
    }
    private struct Key: Hashable {
        var way: Way
        var outcome: Outcome
    }
    private let counts = Mutex<[Key: Int]>([:])

    func note(_ way: Way, _ outcome: Outcome) {
        counts.withLock { $0[Key(way: way, outcome: outcome), default: 0] += 1 }
    }

    /// All of them, so that a counter is there before it counts.
    var samples: [Metric.Sample] {
        let counts = counts.withLock { $0 }
        return Way.allCases.flatMap { way in
            Outcome.allCases.map { outcome in
                Metric.Sample(
                    Double(counts[Key(way: way, outcome: outcome), default: 0]), ("way", way.rawValue),
                    ("outcome", outcome.rawValue))
            }
        }
    }
}
