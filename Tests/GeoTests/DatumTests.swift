import Testing

@testable import Geo

@Suite struct DatumTests {
    /// The three published pairs of one place in Ningbo.
    @Test func ningboInThreeDatums() throws {
        let wgs = try #require(Coordinate(latitude: 29.868336, longitude: 121.543990))
        #expect(wgs.pair(in: .gcj02).isWithin(0.2, ofLatitude: 29.865766, longitude: 121.548164))
        #expect(wgs.pair(in: .bd09).isWithin(0.2, ofLatitude: 29.872059, longitude: 121.554578))
        for (datum, latitude, longitude) in [
            (Datum.gcj02, 29.865766, 121.548164), (.bd09, 29.872059, 121.554578), (.wgs84, 29.868336, 121.543990),
        ] {
            let back = try #require(Coordinate(latitude: latitude, longitude: longitude, datum: datum))
            #expect(back.isWithin(0.2, ofLatitude: 29.868336, longitude: 121.543990), "\(datum)")
        }
    }

    @Test(arguments: [Datum.gcj02, .bd09]) func roundTripIsExactToAMicrometre(_ datum: Datum) throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<2_000 {
            let there = try #require(
                Coordinate(latitude: random.double(24, 40), longitude: random.double(104, 119)))
            guard there.isNearChina else { continue }
            let sent = there.pair(in: datum)
            let back = try #require(Coordinate(latitude: sent.latitude, longitude: sent.longitude, datum: datum))
            #expect(back.distance(to: there) < 1e-6)
        }
    }

    @Test(arguments: [(37.5665, 126.9780), (35.6762, 139.6503), (52.52, 13.405), (14.5995, 120.9842)])
    func placesOutsideChinaAreNotMoved(latitude: Double, longitude: Double) throws {
        let place = try #require(Coordinate(latitude: latitude, longitude: longitude))
        #expect(place.pair(in: .gcj02) == place)
    }

    @Test(arguments: [(39.9042, 116.4074), (29.98, 121.85), (19.0, 109.8), (43.8, 87.6), (45.8, 126.5)])
    func placesInChinaAreMovedByHundredsOfMetres(latitude: Double, longitude: Double) throws {
        let place = try #require(Coordinate(latitude: latitude, longitude: longitude))
        #expect((50...900).contains(place.distance(to: place.pair(in: .gcj02))))
    }

    @Test(arguments: [(0.0, 0.0), (91, 0), (0, 181), (.nan, 1), (1, .infinity), (-90.1, 3)])
    func noPosition(latitude: Double, longitude: Double) {
        #expect(Coordinate(latitude: latitude, longitude: longitude) == nil)
    }

    /// Flinders Peak – Buninyong, Geoscience Australia's worked example: 54,972.271 m on the ellipsoid.
    @Test func distanceIsWithinTheSphereError() throws {
        let flinders = try #require(Coordinate(latitude: -37.951033417, longitude: 144.424867889))
        let buninyong = try #require(Coordinate(latitude: -37.652821139, longitude: 143.926495528))
        #expect(abs(flinders.distance(to: buninyong) / 54_972.271 - 1) < 0.006)
        #expect(flinders.distance(to: flinders) == 0)
    }
}

extension Coordinate {
    fileprivate func isWithin(_ metres: Double, ofLatitude latitude: Double, longitude: Double) -> Bool {
        distance(to: Coordinate(unchecked: latitude, longitude)) < metres
    }
}

/// SplitMix64: a seeded source of test cases.
struct SplitMix {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func double(_ low: Double, _ high: Double) -> Double {
        low + Double(next() >> 11) * 0x1p-53 * (high - low)
    }
}
