/// When a measure reaches a limit if it goes on as it has: a line through its history, with how sure that is.
///
/// The slope is the median of all pairs' slopes (Theil 1950, Sen 1968), which a third of wild values does not move; its
/// interval is Kendall's (Hollander & Wolfe, "Nonparametric Statistical Methods", ch. 9.3), 95 % if neighbouring values
/// were independent, which they seldom are. It is shown and decides nothing.
public struct Forecast: Hashable, Sendable {
    /// The measure's unit a day.
    public var perDay: Double
    public var perDayLow: Double
    public var perDayHigh: Double
    /// When the limit is reached: by the slope, by its higher and by its lower end. nil: not within a year.
    public var at: Instant?
    public var earliest: Instant?
    public var latest: Instant?
    public var limit: Double
    /// Of the first value that was used.
    public var from: Instant
    public var count: Int

    private static let fewest = 8
    private static let most = 300
    private static let farthest = Duration.days(366)

    /// - Parameter history: times and values, oldest first; thinned to 300.
    /// - Returns: nil with too little history, or with the limit reached.
    public init?(_ history: [(at: Instant, value: Double)], limit: Double) {
        let step = max(1, (history.count + Self.most - 1) / Self.most)
        let used = stride(from: (history.count - 1) % step, to: history.count, by: step).map { history[$0] }
        guard used.count >= Self.fewest, let first = used.first, let last = used.last, last.at > first.at else {
            return nil
        }
        let days = used.map { Double(($0.at - first.at).milliseconds) / 86_400_000 }
        var slopes: [Double] = []
        slopes.reserveCapacity(used.count * (used.count - 1) / 2)
        for i in used.indices {
            for j in used.indices.dropFirst(i + 1) where days[j] > days[i] {
                slopes.append((used[j].value - used[i].value) / (days[j] - days[i]))
            }
        }
        guard !slopes.isEmpty else { return nil }
        slopes.sort()
        let n = Double(used.count)
        let reach = 1.96 * (n * (n - 1) * (2 * n + 5) / 18).squareRoot()
        let low = max(0, Int(((Double(slopes.count) - reach) / 2).rounded(.down)))
        perDay = slopes[slopes.count / 2]
        perDayLow = slopes[low]
        perDayHigh = slopes[slopes.count - 1 - low]
        let offsets = zip(used, days).map { [perDay] in $0.value - perDay * $1 }.sorted()
        let now = offsets[offsets.count / 2] + perDay * days[days.count - 1]
        guard now < limit else { return nil }
        func reached(_ slope: Double) -> Instant? {
            guard slope > 0 else { return nil }
            let wait = (limit - now) / slope
            guard wait * 86_400_000 <= Double(Self.farthest.milliseconds) else { return nil }
            return last.at + .milliseconds(Int64(wait * 86_400_000))
        }
        at = reached(perDay)
        earliest = reached(perDayHigh)
        latest = reached(perDayLow)
        self.limit = limit
        from = first.at
        count = used.count
    }
}
