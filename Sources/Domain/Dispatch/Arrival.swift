import Geo

/// When somebody could be there, and how far the position behind it can be trusted.
public struct Arrival: Hashable, Sendable, Codable {
    /// How the position was come by; the label travels with the number.
    public enum Basis: String, Hashable, Sendable, Codable {
        /// Measured at most 5 minutes ago.
        case fresh
        /// Older: a disc that grows with age; its far side counts.
        case aged
        /// No fix, or one over 30 minutes old: the depot, an estimate.
        case depot
    }
    public var basis: Basis
    /// Pessimistic great-circle distance in metres.
    public var metres: Double
    /// Until arrival, from now.
    public var minutes: Double
    /// Age of the fix in minutes, if one was used.
    public var ageMinutes: Double?
}

/// From distance to time: great circle × detour ÷ speed, plus the time to set off.
public struct Travel: Sendable {
    /// Road over great circle.
    public var detour = 1.3
    /// km/h, door to door.
    public var speed = 40.0
    /// Minutes before anybody moves.
    public var start = 5.0
    /// Metres that somebody may have moved per minute of the fix's age.
    public var drift = 40_000.0 / 60

    public init() {}

    func minutes(metres: Double) -> Double { start + metres / 1000 * detour / speed * 60 }
}

extension Candidate {
    /// nil without any position.
    func arrival(at target: Coordinate, now: Instant, travel: Travel = Travel()) -> Arrival? {
        if let fix, let (basis, age) = trust(in: fix, now: now) {
            let growth = basis == .aged ? fix.accuracy + travel.drift * age : 0
            let metres = fix.place.distance(to: target) + growth
            return Arrival(basis: basis, metres: metres, minutes: travel.minutes(metres: metres), ageMinutes: age)
        }
        guard let depot else { return nil }
        let metres = depot.distance(to: target)
        return Arrival(basis: .depot, metres: metres, minutes: travel.minutes(metres: metres), ageMinutes: nil)
    }

    private func trust(in fix: Fix, now: Instant) -> (Arrival.Basis, ageMinutes: Double)? {
        let age = max(0, (now - fix.at).inMinutes)
        if age <= 5 { return (.fresh, age) }
        return age <= 30 ? (.aged, age) : nil
    }
}
