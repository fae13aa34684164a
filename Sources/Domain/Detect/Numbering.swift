/// How far a sender has numbered its readings of a point, and which numbers never came.
///
/// Numbers count up by one on each topic: of each point, not of each gateway. A number has come when its reading has,
/// whatever became of that: a repeat, or one that was refused, is not sent again. A sender that starts again (its number
/// falls while time goes on, or is far ahead) begins a new count; nothing is missing between the two.
public struct Numbering: Hashable, Sendable {
    public private(set) var last: Int64?
    /// Ascending, apart, at most `Limits.openGaps`; what is older is given up.
    public private(set) var missing: [ClosedRange<Int64>]
    /// When the sender was last asked for them, and how often since the newest hole. Not stored: after a restart it is
    /// asked anew.
    public private(set) var askedAt: Instant?
    public private(set) var asked = 0

    public init(last: Int64? = nil, missing: [ClosedRange<Int64>] = []) {
        self.last = last
        self.missing = missing
    }

    public enum Change: Hashable, Sendable {
        /// These were skipped.
        case gap(ClosedRange<Int64>)
        /// One that had been missing came.
        case filled(Int64)
    }

    /// Where a reading's event time stands to all before it.
    enum Age { case older, same, newer }

    mutating func take(_ number: Int64, _ age: Age) -> Change? {
        guard let last else {
            self.last = number
            return nil
        }
        if number == last &+ 1 {
            self.last = number
            return nil
        }
        if number > last, age != .older {
            self.last = number
            // A sender that has lost so much has lost its count, or has another.
            let (jump, isFar) = number.subtractingReportingOverflow(last)
            guard !isFar, jump <= Limits.sequenceJump else {
                missing = []
                return nil
            }
            let gap = (last + 1)...(number - 1)
            missing.append(gap)
            asked = 0
            if missing.count > Limits.openGaps { missing.removeFirst() }
            return .gap(gap)
        }
        if fill(number) { return .filled(number) }
        if number < last, age == .newer {
            self.last = number
            missing = []
        }
        return nil
    }

    private mutating func fill(_ number: Int64) -> Bool {
        guard let index = missing.firstIndex(where: { $0.contains(number) }) else { return false }
        let range = missing.remove(at: index)
        if number < range.upperBound { missing.insert((number + 1)...range.upperBound, at: index) }
        if number > range.lowerBound { missing.insert(range.lowerBound...(number - 1), at: index) }
        if missing.count > Limits.openGaps { missing.removeFirst() }
        return true
    }

    /// What the sender is asked for: at once, then after ever longer, at last no more.
    mutating func ask(of series: Series, in site: SiteID, at now: Instant) -> Request? {
        guard !missing.isEmpty, asked < Limits.asksAGap, isTimeToAsk(now) else { return nil }
        askedAt = now
        asked += 1
        let ranges = missing.map { "[\($0.lowerBound),\($0.upperBound)]" }.joined(separator: ",")
        return Request(
            topic: "fieldloop/v1/\(site)/\(series.point.asset)/\(series.point.name)/resend",
            payload: Array(#"{"missing":[\#(ranges)]}"#.utf8))
    }

    /// A clock that was set back must not keep us silent until it has caught up.
    private func isTimeToAsk(_ now: Instant) -> Bool {
        guard let askedAt, now >= askedAt else { return true }
        return now - askedAt >= Limits.askAgainAfter * (1 << max(0, asked - 1))
    }
}
