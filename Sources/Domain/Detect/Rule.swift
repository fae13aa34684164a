/// When a measure of a point breaches and when the breach is over.
public struct Thresholds: Hashable, Sendable {
    /// At or above: a breach.
    public var raise: Double
    /// At or below: over. Less than `raise`, so that noise on the limit does not flap.
    public var clear: Double
    /// At or above: critical.
    public var critical: Double?

    public init(raise: Double, clear: Double, critical: Double? = nil) {
        self.raise = raise
        self.clear = clear
        self.critical = critical
    }

    /// From a machine class's zone limits: zone C raises, zone D is critical; clears 10 % under the raise limit.
    public init(boundaryBC: Double, boundaryCD: Double) {
        self.init(raise: boundaryBC, clear: boundaryBC * 0.9, critical: boundaryCD)
    }
}

/// N of the last M readings must agree before anything is believed.
public struct Confirmation: Hashable, Sendable {
    public var needed: Int
    public var of: Int

    /// nil unless 1 ≤ needed ≤ of ≤ 64.
    public init?(_ needed: Int, of: Int) {
        guard 1 <= needed, needed <= of, of <= 64 else { return nil }
        self.needed = needed
        self.of = of
    }

    /// 3 of 5: one spike or two are no fault.
    public static let standard = Confirmation(unchecked: 3, of: 5)
    private init(unchecked needed: Int, of: Int) {
        self.needed = needed
        self.of = of
    }
}

/// How limits are learned from what the machine itself shows (`Baseline`).
public struct Learning: Hashable, Sendable {
    /// Readings of the running machine in one window, at least.
    public var readings: Int
    /// Event time that a window covers, at least: a day sees every product.
    public var lasting: Duration
    /// So many windows are looked at; the quietest counts.
    public var windows: Int
    /// Raise this many standard deviations above the mean, …
    public var sigmas: Double
    /// … but no less than this above it: in the measure's unit, or as a share of the mean.
    public var change: Change
    /// A value below this is that of a machine at rest, or of a sensor on no machine at all.
    public var rest: Double

    public enum Change: Hashable, Sendable {
        case absolute(Double)
        case share(Double)
    }

    /// Four windows: a new bearing runs in, and what it showed in its first hours is not what it is.
    ///
    /// The quarter is ISO 10816-3's criterion II, a change of 25 % of the B/C limit; where there is none, of the mean.
    public init(
        readings: Int, lasting: Duration = .zero, windows: Int = 4, sigmas: Double = 6, change: Change = .share(0.25),
        rest: Double = 0
    ) {
        self.readings = readings
        self.lasting = lasting
        self.windows = windows
        self.sigmas = sigmas
        self.change = change
        self.rest = rest
    }
}

/// One rule for a measure at one point, with where its limits come from.
public struct Rule: Hashable, Sendable {
    /// What is judged. With the measure it names the rule: a point has at most one of each.
    public enum Kind: UInt8, Sendable, CaseIterable {
        case limit, learned, rate, silence, sensor

        /// As in `rules.csv`.
        public var name: String {
            switch self {
            case .limit: "limit"
            case .learned: "learned"
            case .rate: "rate"
            case .silence: "silence"
            case .sensor: "sensor"
            }
        }

        /// Whether limits are of the measure itself, in its unit.
        public var isOfValue: Bool { self == .limit || self == .learned }

        /// Whether it judges the machine, not what measures it.
        public var isOfMachine: Bool {
            switch self {
            case .limit, .learned, .rate: true
            case .silence, .sensor: false
            }
        }
    }
    public enum Basis: Hashable, Sendable {
        case fixed(Thresholds)
        case learned(Learning)
        /// The measure's unit an hour, as `Slope` tells it; the span is its time constant.
        case rate(Thresholds, over: Duration)
        /// Nothing current has come for so long, by our clock.
        case silence(after: Duration)
        case sensor(SensorCheck)
    }
    public var measure: Measure
    public var basis: Basis
    public var confirmation: Confirmation
    /// A breach must have been confirmed for so long before it is raised; event time.
    public var hold: Duration
    /// After a start of the machine nothing is judged for so long; event time.
    public var settling: Duration
    /// How bad a breach is at least.
    public var severity: Severity
    /// Provenance, for people: the table and version, or who set it.
    public var source: String

    public init(
        measure: Measure, basis: Basis, confirmation: Confirmation = .standard, hold: Duration = .zero,
        settling: Duration = .zero, severity: Severity = .warning, source: String
    ) {
        self.measure = measure
        self.basis = basis
        self.confirmation = confirmation
        self.hold = hold
        self.settling = settling
        self.severity = severity
        self.source = source
    }

    public var kind: Kind {
        switch basis {
        case .fixed: .limit
        case .learned: .learned
        case .rate: .rate
        case .silence: .silence
        case .sensor: .sensor
        }
    }

    /// What a breach of it is about.
    public var faultKind: FaultKind {
        switch kind {
        case .silence: .silence
        case .sensor: .sensor
        case .limit, .learned, .rate: FaultKind(measure)
        }
    }

    public var id: RuleID { RuleID(measure, kind) }
}

/// What names a rule at a point.
public struct RuleID: Hashable, Sendable {
    public var measure: Measure
    public var kind: Rule.Kind

    public init(_ measure: Measure, _ kind: Rule.Kind) {
        self.measure = measure
        self.kind = kind
    }
}
