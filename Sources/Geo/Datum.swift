import RealModule

/// What a pair of degrees refers to. Chinese maps and phones deliver shifted pairs; a position without a datum
/// is ambiguous by half a kilometre and is refused.
public enum Datum: String, Sendable, CaseIterable, Codable {
    case wgs84
    /// The Chinese state datum (高德, Tencent, WeChat, iOS and Android map SDKs inside China).
    case gcj02
    /// Baidu's, a further shift on top of GCJ-02.
    case bd09
}

extension Coordinate {
    /// A pair as a client sent it, brought to WGS-84; nil as in `init(latitude:longitude:)`.
    public init?(latitude: Double, longitude: Double, datum: Datum) {
        guard let pair = Coordinate(latitude: latitude, longitude: longitude) else { return nil }
        switch datum {
        case .wgs84: self = pair
        case .gcj02: self = pair.fromGCJ02
        case .bd09: self = pair.fromBD09.fromGCJ02
        }
    }

    /// This WGS-84 place as a pair in `datum`.
    public func pair(in datum: Datum) -> Coordinate {
        switch datum {
        case .wgs84: self
        case .gcj02: toGCJ02
        case .bd09: toGCJ02.toBD09
        }
    }

    /// The shift has no closed inverse; five fixed-point steps reach 9 nm, one alone errs up to 4.9 m.
    ///
    /// Whether there was a shift is asked of the place that it leads back to, not of the shifted pair.
    var fromGCJ02: Coordinate {
        var guess = self
        for _ in 0..<5 {
            let image = guess.shifted
            guess = Coordinate(
                unchecked: guess.latitude + latitude - image.latitude,
                guess.longitude + longitude - image.longitude)
        }
        return guess.isNearChina ? guess : self
    }

    var toGCJ02: Coordinate { isNearChina ? shifted : self }

    /// GCJ-02 as published in the open implementations: a polynomial with sines on the Krasovsky ellipsoid.
    private var shifted: Coordinate {
        let a = 6_378_245.0
        let e2 = 0.006_693_421_622_965_943_23
        let x = longitude - 105
        let y = latitude - 35
        let waves = 20 * Double.sin(6 * x * .pi) + 20 * Double.sin(2 * x * .pi)
        let north =
            -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * abs(x).squareRoot()
            + (waves + 20 * .sin(y * .pi) + 40 * .sin(y / 3 * .pi) + 160 * .sin(y / 12 * .pi) + 320 * .sin(y / 30 * .pi))
            * 2 / 3
        let east =
            300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * abs(x).squareRoot()
            + (waves + 20 * .sin(x * .pi) + 40 * .sin(x / 3 * .pi) + 150 * .sin(x / 12 * .pi) + 300 * .sin(x / 30 * .pi))
            * 2 / 3
        let sinφ = Double.sin(latitude.radians)
        let w2 = 1 - e2 * sinφ * sinφ
        let w = w2.squareRoot()
        return Coordinate(
            unchecked: latitude + north * 180 / (a * (1 - e2) / (w2 * w) * .pi),
            longitude + east * 180 / (a / w * Double.cos(latitude.radians) * .pi))
    }

    var toBD09: Coordinate {
        let (x, y) = (longitude, latitude)
        let z = (x * x + y * y).squareRoot() + 0.00002 * Double.sin(y * baiduAngle)
        let θ = Double.atan2(y: y, x: x) + 0.000003 * Double.cos(x * baiduAngle)
        return Coordinate(unchecked: z * .sin(θ) + 0.006, z * .cos(θ) + 0.0065)
    }

    /// Fixed point as above: the customary one-step inverse errs by decimetres.
    var fromBD09: Coordinate {
        var guess = Coordinate(unchecked: latitude - 0.006, longitude - 0.0065)
        for _ in 0..<5 {
            let image = guess.toBD09
            guess = Coordinate(
                unchecked: guess.latitude + latitude - image.latitude,
                guess.longitude + longitude - image.longitude)
        }
        return guess
    }
}

private let baiduAngle = Double.pi * 3000 / 180
