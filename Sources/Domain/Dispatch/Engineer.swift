public import Geo

/// Weekly hours on the wall of the engineer's own time zone; a shift may run over midnight.
public struct Shift: Hashable, Sendable {
    /// 1 = Monday … 7 = Sunday: the days on which a shift *starts*.
    public var days: Set<Int>
    /// Minutes after midnight, 0…1440.
    public var start: Int
    /// Before or at `start`: ends on the next day. 00:00–24:00 is round the clock.
    public var end: Int

    public init(days: Set<Int>, start: Int, end: Int) {
        self.days = days
        self.start = start
        self.end = end
    }

    public func covers(_ time: CivilTime) -> Bool {
        let minute = time.minuteOfDay
        if start < end { return days.contains(time.weekday) && (start..<end).contains(minute) }
        let yesterday = time.weekday == 1 ? 7 : time.weekday - 1
        return (days.contains(time.weekday) && minute >= start) || (days.contains(yesterday) && minute < end)
    }
}

/// Where somebody was last seen, in WGS-84, and how.
public struct Fix: Hashable, Sendable {
    public var place: Coordinate
    /// Radius in metres that the receiver itself claims.
    public var accuracy: Double
    /// When the receiver measured it.
    public var at: Instant

    public init(place: Coordinate, accuracy: Double, at: Instant) {
        self.place = place
        self.accuracy = accuracy
        self.at = at
    }
}

/// An engineer at the moment of dispatch.
public struct Candidate: Hashable, Sendable {
    public var id: EngineerID
    public var name: LocalName
    /// Best level held of each skill.
    public var skills: [String: Int]
    public var shift: Shift
    /// Seconds east of UTC in the engineer's zone now.
    public var utcOffset: Int
    public var load: Int
    public var loadCap: Int
    public var fix: Fix?
    public var depot: Coordinate?
    /// When this engineer last declined this ticket, or let its offer lapse.
    public var declinedAt: Instant?

    public init(
        id: EngineerID, name: LocalName, skills: [String: Int], shift: Shift, utcOffset: Int, load: Int, loadCap: Int,
        fix: Fix? = nil, depot: Coordinate? = nil, declinedAt: Instant? = nil
    ) {
        self.id = id
        self.name = name
        self.skills = skills
        self.shift = shift
        self.utcOffset = utcOffset
        self.load = load
        self.loadCap = loadCap
        self.fix = fix
        self.depot = depot
        self.declinedAt = declinedAt
    }
}
