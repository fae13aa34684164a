/// How a machine runs, as far as its points tell; event time.
public struct MachineRun: Hashable, Sendable {
    public private(set) var isRunning: Bool?
    /// When it was seen to start or to stop; nil while it was never seen to.
    public private(set) var since: Instant?
    /// Of the newest reading that told whether it runs.
    public private(set) var toldAt: Instant?
    /// Revolutions a minute.
    public private(set) var speed: Double?
    public private(set) var speedAt: Instant?
    /// When it last was told to be otherwise than before.
    public private(set) var flippedAt: Instant?

    /// Two points that say otherwise in turn are no machine that starts and stops: what changes again within this was no
    /// start (event time).
    private static let contradiction = Duration.seconds(45)

    public init(
        isRunning: Bool? = nil, since: Instant? = nil, toldAt: Instant? = nil, speed: Double? = nil,
        speedAt: Instant? = nil, flippedAt: Instant? = nil
    ) {
        self.flippedAt = flippedAt
        self.isRunning = isRunning
        self.since = since
        self.toldAt = toldAt
        self.speed = speed
        self.speedAt = speedAt
    }

    /// What is known of the machine at one reading.
    struct Moment: Hashable {
        /// nil: nobody has told lately.
        var isRunning: Bool?
        /// How long it had been running; nil when its start was not seen.
        var runningFor: Duration?
        var band: SpeedBand
    }

    /// Takes what a reading of one of the machine's points tells; false when that is nothing new.
    mutating func take(_ reading: Reading) -> Bool {
        var isNews = false
        if let speed = reading.values[.speed], speedAt.map({ reading.at > $0 }) ?? true {
            (self.speed, speedAt, isNews) = (speed, reading.at, true)
        }
        if let running = reading.running, toldAt.map({ reading.at > $0 }) ?? true {
            // Seen for the first time it may have run for years.
            if let isRunning, isRunning != running {
                if flippedAt.map({ reading.at - $0 >= Self.contradiction }) ?? true { since = reading.at }
                flippedAt = reading.at
            }
            (isRunning, toldAt, isNews) = (running, reading.at, true)
        }
        return isNews
    }

    /// The sender's clock was set back to `at`: what is told from now on is newer.
    mutating func rewind(to at: Instant) {
        if let toldAt, toldAt > at { self.toldAt = at - .milliseconds(1) }
        if let speedAt, speedAt > at { self.speedAt = at - .milliseconds(1) }
        if let since, since > at { self.since = nil }
        flippedAt = nil
    }

    /// - Parameters:
    ///   - trust: that it runs or stands is believed for so long.
    ///   - speedTrust: so is its speed, which many tell only when it changes.
    func moment(of reading: Reading, trust: Duration, speedTrust: Duration) -> Moment {
        let isTurning = speed.map { $0 > 0 } ?? false
        let told = isFresh(speedAt, reading.at, isTurning ? speedTrust : trust)
        let speed = reading.values[.speed] ?? (told ? speed : nil)
        let isTold = isFresh(toldAt, reading.at, trust) && (since.map { reading.at >= $0 } ?? true)
        let running = reading.running ?? (isTold ? isRunning : nil)
        var runningFor: Duration?
        if running == true, isRunning == true, let since, reading.at >= since { runningFor = reading.at - since }
        return Moment(isRunning: running, runningFor: runningFor, band: SpeedBand(rpm: speed))
    }

    private func isFresh(_ told: Instant?, _ at: Instant, _ trust: Duration) -> Bool {
        guard let told else { return false }
        return at - told <= trust && told - at <= trust
    }
}

/// Speeds that are judged alike: each band reaches a quarter higher than it begins, for vibration follows speed.
public struct SpeedBand: Hashable, Sendable {
    private let code: UInt8

    /// 0: no speed is known.
    public var number: Int { Int(code) }

    /// - Parameter number: 0…33; others are those.
    public init(number: Int) { code = UInt8(min(max(0, number), Self.last)) }

    /// The same or the next; a speed that nobody told is near to all.
    public func isNear(_ other: SpeedBand) -> Bool {
        number == 0 || other.number == 0 || abs(number - other.number) <= 1
    }

    init(rpm: Double?) {
        guard let rpm, rpm > 0 else {
            self = SpeedBand(number: 0)
            return
        }
        // Below 60 rpm nothing that we measure follows the speed.
        var (edge, band) = (60.0, 1)
        while edge <= rpm, band < Self.last { (edge, band) = (edge * 1.25, band + 1) }
        self = SpeedBand(number: band)
    }

    /// Above 75,000 rpm.
    private static let last = 33
}
