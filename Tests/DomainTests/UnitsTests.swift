import Domain
import Testing

@Suite struct UnitsTests {
    private static let cases: [(Double, String, Measure, Double)] = [
        (1, "mm/s", Measure.velocityRMS, 1), (0.1, "in/s", .velocityRMS, 2.54), (0.1, "ips", .velocityRMS, 2.54),
        (0.0021, "m/s", .velocityRMS, 2.1), (0.2, "cm/s", .velocityRMS, 2), (700, "µm/s", .velocityRMS, 0.7),
        (9.80665, "m/s2", .accelerationRMS, 1), (9.80665, "m/s²", .accelerationPeak, 1),
        (250, "mg", .envelopePeak, 0.25), (2, "gn", .accelerationRMS, 2), (9806.65, "mm/s2", .accelerationRMS, 1),
        (41.5, "Cel", .temperature, 41.5), (212, "°F", .temperature, 100), (-40, "F", .temperature, -40),
        (273.15, "K", .temperature, 0), (50, "Hz", .speed, 3000), (1485, "1/min", .speed, 1485),
        (4.2, "", .crestFactor, 4.2), (3, "1", .kurtosis, 3), (100, "%", .running, 1),
    ]

    @Test(arguments: cases)
    func areConverted(value: Double, unit: String, measure: Measure, expected: Double) throws {
        let converted = try #require(Units.convert(value, from: unit, to: measure))
        #expect(abs(converted - expected) < 1e-9)
    }

    @Test(arguments: [
        ("g", Measure.velocityRMS), ("mm/s", .accelerationRMS), ("", .velocityRMS), ("furlong", .velocityRMS),
        ("mm", .velocityRMS), ("Cel", .speed), ("rpm", .temperature), ("g", .kurtosis), ("K ", .temperature),
    ])
    func othersAreNone(unit: String, measure: Measure) {
        #expect(Units.convert(1, from: unit, to: measure) == nil)
        #expect(!Units.knows(unit, for: measure))
    }
}
