/// What a point shows when its machine is well, learned in constant space: mean and spread of the quietest of the first
/// windows of readings.
///
/// Of each ten readings the largest and the smallest do not count, so a spike while learning costs nothing. Limits are
/// in force after the first window; a later one may lower them, for a new bearing runs in. None may raise them: that
/// would be learning the fault.
public struct Baseline: Hashable, Sendable {
    /// Windows learned from.
    public var windows: Int
    /// Of the quietest window so far.
    public var mean: Double
    public var deviation: Double
    /// None or one: once all is learned it takes no room.
    private var collected: [Collected]

    public init(
        windows: Int = 0, mean: Double = 0, deviation: Double = 0, open: Spread = Spread(), block: Block = Block(),
        since: Instant? = nil
    ) {
        self.windows = windows
        self.mean = mean
        self.deviation = deviation
        let collected = Collected(open: open, block: block, since: since)
        self.collected = collected == Collected() ? [] : [collected]
    }

    private struct Collected: Hashable {
        var open = Spread()
        var block = Block()
        var since: Instant?
    }

    /// The window that is open.
    public var open: Spread { collected.first?.open ?? Spread() }
    /// The ten that are being collected.
    public var block: Block { collected.first?.block ?? Block() }
    /// When the window began; event time.
    public var since: Instant? { collected.first?.since }

    /// Values by count, mean and sum of squared differences from it (Welford 1962; joined as Chan et al. 1979).
    public struct Spread: Hashable, Sendable {
        public var count = 0
        public var mean = 0.0
        public var squares = 0.0

        public init(count: Int = 0, mean: Double = 0, squares: Double = 0) {
            (self.count, self.mean, self.squares) = (count, mean, squares)
        }

        mutating func add(_ value: Double) {
            count += 1
            let difference = value - mean
            mean += difference / Double(count)
            squares += difference * (value - mean)
        }

        /// The other way of `add`: what was there without one of its values.
        func without(_ value: Double) -> Spread {
            guard count > 1 else { return Spread() }
            let before = (mean * Double(count) - value) / Double(count - 1)
            return Spread(
                count: count - 1, mean: before, squares: max(0, squares - (value - before) * (value - mean)))
        }

        func joined(_ other: Spread) -> Spread {
            let sum = count + other.count
            guard sum > 0 else { return self }
            let difference = other.mean - mean
            let share = Double(other.count) / Double(sum)
            return Spread(
                count: sum, mean: mean + difference * share,
                squares: squares + other.squares + difference * difference * Double(count) * share)
        }
    }

    /// Up to ten readings in a row.
    public struct Block: Hashable, Sendable {
        public var all: Spread
        public var lowest: Double
        public var highest: Double
        static let size = 10

        public init(all: Spread = Spread(), lowest: Double = 0, highest: Double = 0) {
            (self.all, self.lowest, self.highest) = (all, lowest, highest)
        }

        mutating func add(_ value: Double) {
            (lowest, highest) = all.count == 0 ? (value, value) : (min(lowest, value), max(highest, value))
            all.add(value)
        }

        var trimmed: Spread { all.without(lowest).without(highest) }
    }

    /// The spread of ten values of a normal distribution without the outer two, as a share of the whole spread
    /// (by simulation, 2·10⁶ blocks: 0.755).
    private static let trimming = 0.755

    /// Whether limits are in force.
    public var isLearned: Bool { windows > 0 }

    /// Takes one value of the running machine, while there is something to learn.
    public mutating func add(_ value: Double, at: Instant, _ learning: Learning) {
        guard windows < learning.windows else { return }
        if collected.isEmpty { collected.append(Collected(since: at)) }
        collected[0].block.add(value)
        guard block.all.count == Block.size else { return }
        let window = open.joined(block.trimmed)
        let since = since ?? at
        // Eight of each ten count.
        guard window.count * Block.size >= learning.readings * (Block.size - 2), at - since >= learning.lasting else {
            collected[0] = Collected(open: window, since: since)
            return
        }
        collected = []
        let deviation = (window.squares / Double(window.count)).squareRoot() / Self.trimming
        let excess = Self.excess(window.mean, deviation, learning)
        // Nothing but zeros: no machine, and any value would be above.
        guard window.mean > 0, excess > 0 else { return }
        if windows == 0 || window.mean + excess < mean + Self.excess(mean, self.deviation, learning) {
            (mean, self.deviation) = (window.mean, deviation)
        }
        windows += 1
    }

    private static func excess(_ mean: Double, _ deviation: Double, _ learning: Learning) -> Double {
        let least =
            switch learning.change {
            case .absolute(let change): change
            case .share(let share): abs(mean) * share
            }
        return max(learning.sigmas * deviation, least)
    }

    /// Clears at two thirds of the excess; nil while the first window is open. A change is something to look at and never
    /// critical by itself: ISO 10816-3's criterion II gives notice, the zones say what damages.
    public func thresholds(_ learning: Learning) -> Thresholds? {
        guard isLearned else { return nil }
        let excess = Self.excess(mean, deviation, learning)
        return Thresholds(raise: mean + excess, clear: mean + excess * 2 / 3)
    }
}
