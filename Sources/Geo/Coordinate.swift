import RealModule

/// A place on the earth, WGS-84 degrees. Everything inside is WGS-84; other datums exist only at the door.
public struct Coordinate: Hashable, Sendable {
    /// −90…90, north positive.
    public let latitude: Double
    /// −180…180, east positive.
    public let longitude: Double

    /// nil when out of range, not finite, or (0, 0): what a receiver without a fix reports is no position.
    public init?(latitude: Double, longitude: Double) {
        guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
        guard latitude != 0 || longitude != 0 else { return nil }
        self.latitude = latitude
        self.longitude = longitude
    }

    init(unchecked latitude: Double, _ longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }

    /// Great-circle distance in metres on the sphere of mean radius 6,371,008.8 m (IUGG); at most 0.6 % off the
    /// ellipsoid, good for ranking.
    public func distance(to other: Coordinate) -> Double {
        let φ1 = latitude.radians
        let φ2 = other.latitude.radians
        let sinΔφ = Double.sin((φ2 - φ1) / 2)
        let sinΔλ = Double.sin((other.longitude - longitude).radians / 2)
        let h = sinΔφ * sinΔφ + Double.cos(φ1) * Double.cos(φ2) * sinΔλ * sinΔλ
        return 2 * 6_371_008.8 * Double.asin(min(1, h.squareRoot()))
    }
}

extension Double {
    var radians: Double { self * .pi / 180 }
}
