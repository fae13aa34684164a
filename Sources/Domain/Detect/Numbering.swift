/// How far a sender has numbered its readings of a point, and which numbers never came.
///
/// Numbers count up by one on each topic. A sender that starts again (its number falls while time goes on) begins a
/// new count; nothing is missing between the two.
public struct Numbering: Hashable, Sendable {
    public private(set) var last: Int64?
    /// Ascending, apart, at most `Limits.openGaps`; what is older is given up.
    public private(set) var missing: [ClosedRange<Int64>]
    /// When the sender was last asked for them. Not stored: after a restart it may be asked again.
    public internal(set) var askedAt: Instant?

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

    /// Takes the number of a reading that is new. `isNewest`: its event time is beyond all before it.
    mutating func take(_ number: Int64, isNewest: Bool) -> Change? {
        guard let last else {
            self.last = number
            return nil
        }
        if number == last &+ 1 {
            self.last = number
            return nil
        }
        if number > last, isNewest {
            self.last = number
            let gap = (last + 1)...(number - 1)
            missing.append(gap)
            if missing.count > Limits.openGaps { missing.removeFirst() }
            return .gap(gap)
        }
        if fill(number) { return .filled(number) }
        if number < last, isNewest {
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

    /// What the sender is asked for, unless that was done a moment ago.
    mutating func ask(of series: Series, in site: SiteID, at now: Instant) -> Request? {
        guard !missing.isEmpty, askedAt.map({ now - $0 >= Limits.askAgainAfter }) ?? true else { return nil }
        askedAt = now
        let ranges = missing.map { "[\($0.lowerBound),\($0.upperBound)]" }.joined(separator: ",")
        return Request(
            topic: "fieldloop/v1/\(site)/\(series.point.asset)/\(series.point.name)/resend",
            payload: Array(#"{"missing":[\#(ranges)]}"#.utf8))
    }
}
