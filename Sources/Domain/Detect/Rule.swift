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

/// One measure's rule at one point, with where its limits come from.
public struct Rule: Hashable, Sendable {
    public enum Basis: Hashable, Sendable {
        case fixed(Thresholds)
        /// Learned from the first `count` readings of the running machine (`Baseline`).
        case learned(count: Int)
    }
    public var measure: Measure
    public var basis: Basis
    public var confirmation: Confirmation
    /// Provenance, for people: the table and version, or who set it.
    public var source: String

    public init(measure: Measure, basis: Basis, confirmation: Confirmation = .standard, source: String) {
        self.measure = measure
        self.basis = basis
        self.confirmation = confirmation
        self.source = source
    }
}
