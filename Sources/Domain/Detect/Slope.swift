/// How fast a measure rises: two running means, one slow and one a quarter as slow, lag behind a steady rise by their own
/// time constants; what lies between them is the rise.
///
/// Constant space, any spacing of readings (backward Euler, so that a pause weighs what it lasts).
public struct Slope: Hashable, Sendable {
    /// Of the first reading since the last long pause.
    public var since: Instant
    public var fast: Double
    public var slow: Double

    public init(since: Instant, fast: Double, slow: Double) {
        self.since = since
        self.fast = fast
        self.slow = slow
    }

    init(_ value: Double, at: Instant) { self.init(since: at, fast: value, slow: value) }

    private static let ratio = 4.0

    /// - Parameters:
    ///   - pause: since the reading before, in milliseconds.
    ///   - over: the slow mean's time constant, in milliseconds.
    /// - Returns: the measure's unit an hour; nil until two time constants are there, and after a pause of one.
    mutating func add(_ value: Double, at: Instant, after pause: Int64, over: Int64) -> Double? {
        let constant = Double(over)
        let step = Double(pause)
        guard step < constant else {
            self = Slope(value, at: at)
            return nil
        }
        slow += (value - slow) * step / (constant + step)
        fast += (value - fast) * step / (constant / Self.ratio + step)
        guard at.milliseconds - since.milliseconds >= 2 * over else { return nil }
        return (fast - slow) / (constant * (1 - 1 / Self.ratio)) * 3_600_000
    }
}
