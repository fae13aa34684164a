/// What a plant may set; the defaults are the product's. Every span is of the service's own clock, except where it
/// says *event time*.
public struct Policy: Sendable {
    /// Readings older than this on arrival are history: recorded, they wake nobody. Event time against arrival.
    public var historyAfter = Duration.hours(24)
    /// Older readings are rejected.
    public var rejectAfter = Duration.days(30)
    /// A sender's clock may be this far ahead.
    public var aheadAtMost = Duration.minutes(1)

    /// What one point told of its machine's run state and speed holds for the other points for so long (event time).
    public var runTrust = Duration.minutes(10)
    /// So does its speed, for so long.
    public var speedTrust = Duration.hours(24)

    /// Points of a site that fall silent within this are one fault.
    public var silentTogether = Duration.minutes(10)
    /// A diagnosis from before a breach belongs to its ticket when it is no older than this (event time).
    public var diagnosisTrust = Duration.hours(24)

    /// An offer waits this long for an answer.
    public var offerFor = Duration.minutes(5)
    /// Somebody who declined or let an offer lapse is not asked again for this long.
    public var declineRests = Duration.minutes(30)
    /// With nobody eligible, look again after this.
    public var dispatchAgainAfter = Duration.minutes(5)
    /// Accepted and no change of state for this long: red, and the supervisor is told.
    public var staleAfter = Duration.hours(2)
    /// A grade B ticket open for this long is escalated.
    public var escalateBAfter = Duration.hours(24)

    /// Verified takes this much running time (event time) …
    public var proofTime = Duration.minutes(10)
    /// … and this many readings a breached point, all below the clear limits.
    public var proofReadings = 10
    /// Between two readings no more running time than this is believed (event time).
    public var proofGap = Duration.minutes(5)
    /// Without that proof the ticket closes unverified after this.
    public var proofDeadline = Duration.hours(24)
    /// The same fault within this after closing reopens the ticket. Event time of the new breach.
    public var relapseWithin = Duration.hours(72)

    public init() {}
}
