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

    public init(
        isRunning: Bool? = nil, since: Instant? = nil, toldAt: Instant? = nil, speed: Double? = nil,
        speedAt: Instant? = nil
    ) {
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
            if let isRunning, isRunning != running { since = reading.at }
            (isRunning, toldAt, isNews) = (running, reading.at, true)
        }
        return isNews
    }

    /// - Parameter trust: what was told is believed for so long.
    func moment(of reading: Reading, trust: Duration) -> Moment {
        let speed = reading.values[.speed] ?? (isFresh(speedAt, reading.at, trust) ? speed : nil)
        let told = isFresh(toldAt, reading.at, trust) && (since.map { reading.at >= $0 } ?? true)
        let running = reading.running ?? (told ? isRunning : nil)
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
    /// 0: no speed is known.
    public let number: Int

    public init(number: Int) { self.number = number }

    /// The same or the next; a speed that nobody told is near to all.
    public func isNear(_ other: SpeedBand) -> Bool {
        number == 0 || other.number == 0 || abs(number - other.number) <= 1
    }

    init(rpm: Double?) {
        guard let rpm, rpm > 0 else {
            number = 0
            return
        }
        // Below 60 rpm nothing that we measure follows the speed.
        var (edge, band) = (60.0, 1)
        while edge <= rpm, band < Self.last { (edge, band) = (edge * 1.25, band + 1) }
        number = band
    }

    /// Above 75,000 rpm.
    private static let last = 33
}
