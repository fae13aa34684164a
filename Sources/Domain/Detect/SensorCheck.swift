/// What no machine does, so it is the sensor: each part is looked at when it is set.
public struct SensorCheck: Hashable, Sendable {
    /// So many readings in a row with the very same value, or the very same sequence number.
    public var flat: Int?
    /// At its ends or beyond, the sensor is at its rails.
    public var rails: ClosedRange<Double>?
    /// A greater change in a second than any machine makes.
    public var jump: Double?
    /// Farther than this from where it was at first.
    public var drift: Double?
    /// Where nobody tells whether the machine runs, a vibration below this is that of a machine at rest, which may well
    /// be the same for hours. nil: such a point is not looked at for a flat line.
    public var rest: Double?

    public init(
        flat: Int? = nil, rails: ClosedRange<Double>? = nil, jump: Double? = nil, drift: Double? = nil,
        rest: Double? = nil
    ) {
        self.flat = flat
        self.rails = rails
        self.jump = jump
        self.drift = drift
        self.rest = rest
    }

    /// A run of one value is a flat line only when it is so many times as long as any before: one digit after the
    /// point repeats itself in health.
    static let unusual = 8
    /// So many changes must have been seen before that can be told.
    static let acquainted = 20
    /// Where a value was at first is the mean of so many.
    static let anchors = 20
}

/// How a sensor shows that it no longer measures.
public enum SensorFault: UInt8, Sendable, CaseIterable {
    case flatLine, rail, stuckSequence, jump, drift

    public var name: String {
        switch self {
        case .flatLine: "flat_line"
        case .rail: "rail"
        case .stuckSequence: "stuck_sequence"
        case .jump: "jump"
        case .drift: "drift"
        }
    }

    public init?(name: some StringProtocol) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

/// What a sensor check remembers of one measure at one point, beside the newest value. A plant has hundreds of thousands,
/// so it is kept small.
public struct SensorRecord: Hashable, Sendable {
    /// Readings with the newest value, and the longest run before it.
    public var run: Int32 = 0
    public var longestRun: Int32 = 0
    /// Readings in a row with the newest sequence number.
    public var stuck: Int32 = 0
    private var number: UInt32 = 0
    /// Mean of the first readings.
    public var anchor: Float = 0
    public var anchored: UInt8 = 0
    /// How often the value has changed; 255 and more are 255.
    public var changes: UInt8 = 0
    private var isNumbered = false
    /// What the newest bad reading showed.
    public var fault: SensorFault?

    public init() {}

    /// The newest sequence number's low bits: what is the same in those is the same.
    public var sequence: UInt32? {
        get { isNumbered ? number : nil }
        set { (isNumbered, number) = (newValue != nil, newValue ?? 0) }
    }

    /// - Parameters:
    ///   - before: the reading before.
    ///   - isRunning: nil when nobody tells.
    /// - Returns: what is wrong with this reading.
    mutating func take(
        _ reading: Reading, _ value: Double, after before: (at: Instant, value: Double)?, isRunning: Bool?,
        _ check: SensorCheck
    ) -> SensorFault? {
        let found =
            compare(reading, value, after: before, check)
            ?? flat(reading, isSame: before?.value == value, value, isRunning: isRunning, check)
        sequence = reading.sequence.map(UInt32.init(truncatingIfNeeded:))
        if let found { fault = found }
        return found
    }

    private mutating func compare(
        _ reading: Reading, _ value: Double, after before: (at: Instant, value: Double)?, _ check: SensorCheck
    ) -> SensorFault? {
        if let rails = check.rails, value <= rails.lowerBound || value >= rails.upperBound { return .rail }
        if let jump = check.jump, let before {
            let seconds = max(1, Double((reading.at - before.at).milliseconds) / 1_000)
            if abs(value - before.value) > jump * seconds { return .jump }
        }
        if let drift = check.drift {
            if anchored < SensorCheck.anchors {
                anchored += 1
                anchor += (Float(value) - anchor) / Float(anchored)
            } else if abs(value - Double(anchor)) > drift {
                return .drift
            }
        }
        return nil
    }

    private mutating func flat(
        _ reading: Reading, isSame: Bool, _ value: Double, isRunning: Bool?, _ check: SensorCheck
    ) -> SensorFault? {
        guard let flat = check.flat else { return nil }
        let number = reading.sequence.map(UInt32.init(truncatingIfNeeded:))
        stuck = number != nil && number == sequence ? min(stuck, .max - 1) + 1 : 0
        let isMoving = isRunning ?? check.rest.map { value >= $0 } ?? false
        // What never moved was never seen alive; ten times the wait says so too.
        let needed =
            changes > SensorCheck.acquainted ? max(flat, Int(longestRun) * SensorCheck.unusual) : flat * 10
        if !isSame {
            if run < needed { longestRun = max(longestRun, run) }
            (run, changes) = (1, min(changes, .max - 1) + 1)
        } else if isMoving {
            run = min(run, .max - 1) + 1
        }
        if stuck >= flat { return .stuckSequence }
        return isMoving && run >= needed ? .flatLine : nil
    }
}
