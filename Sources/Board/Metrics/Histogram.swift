import Synchronization

/// How long something takes, counted in classes: a few numbers, however often it happens.
public final class Histogram: Sendable {
    private struct Counts {
        var classes: [Int]
        var sum = 0.0
    }
    private let bounds: [Double]
    private let counts: Mutex<Counts>

    /// A commit is a few milliseconds on an SSD, tens on a disk that turns, and seconds on one that is ill.
    public static let commitBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// - Parameter bounds: upper bounds of the classes in seconds, ascending; one without a bound comes last.
    public init(bounds: [Double] = commitBounds) {
        self.bounds = bounds
        counts = Mutex(Counts(classes: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Times `work`, that which throws as well.
    public func time<Value: ~Copyable, Failure: Error>(_ work: () throws(Failure) -> Value) throws(Failure) -> Value {
        let start = ContinuousClock.now
        defer { add(start.duration(to: .now) / .seconds(1)) }
        return try work()
    }

    func add(_ seconds: Double) {
        counts.withLock { counts in
            counts.classes[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
            counts.sum += seconds
        }
    }

    /// Each class holds those before it, as Prometheus has it.
    public func metric(_ name: String, _ help: String) -> Metric {
        let (classes, sum) = counts.withLock { ($0.classes, $0.sum) }
        var total = 0
        var samples = zip(bounds + [.infinity], classes).map { bound, count in
            total += count
            return Metric.Sample(
                Double(total), suffix: "_bucket", ("le", bound.isInfinite ? "+Inf" : "\(bound)"))
        }
        samples += [Metric.Sample(sum, suffix: "_sum"), Metric.Sample(Double(total), suffix: "_count")]
        return Metric(name, help, .histogram, samples)
    }
}
