import Domain
import Testing

@testable import Store

/// Whatever goes in comes out, bit for bit; whatever is damaged is said to be.
@Suite struct ColumnsTests {
    static func encode(_ readings: [Reading]) -> [UInt8] {
        var encoder = ColumnEncoder()
        readings.withUnsafeBufferPointer { encoder.append($0) }
        return Array(encoder.out.bytes)
    }

    static func decode(_ bytes: [UInt8]) throws -> [Reading] {
        var readings: [Reading] = []
        try bytes.withUnsafeBytes { try Columns.decode($0, into: &readings) }
        return readings
    }

    static func values(_ measure: Measure, _ bytes: [UInt8]) throws -> [(Int64, UInt64)] {
        var values: [(Int64, UInt64)] = []
        try bytes.withUnsafeBytes { try Columns.decode(measure, of: $0) { values.append(($0, $1.bitPattern)) } }
        return values
    }

    /// As bits: `-0.0` is not `0.0`, and a NaN is itself.
    static func bits(_ readings: [Reading]) -> [[UInt64?]] {
        readings.map { reading in
            [UInt64(bitPattern: reading.at.milliseconds), reading.sequence.map(UInt64.init(bitPattern:))]
                + Measure.allCases.map { reading.values[$0]?.bitPattern }
        }
    }

    func isExact(_ readings: [Reading]) throws {
        let bytes = Self.encode(readings)
        let decoded = try Self.decode(bytes)
        #expect(Self.bits(decoded) == Self.bits(readings))
        for measure in Measure.allCases {
            let expected = readings.compactMap { reading in
                reading.values[measure].map { (reading.at.milliseconds, $0.bitPattern) }
            }
            #expect(try Self.values(measure, bytes).elementsEqual(expected, by: ==), "\(measure)")
        }
    }

    static func run(_ values: [Double], _ measure: Measure = .temperature) -> [Reading] {
        values.enumerated().map { index, value in
            var measures = Measures()
            measures[measure] = value
            return Reading(at: Instant(milliseconds: 1_767_225_600_000 + Int64(index) * 1000), values: measures)
        }
    }

    static let odd: [[Double]] = [
        [0], [-0.0], [0, -0.0, 0], [0.1, 0.2, 0.3], [0.1 + 0.2], [1e-300], [.greatestFiniteMagnitude],
        [.leastNonzeroMagnitude], [1e15, 1e16, 1e17], [0x1p51, 0x1p51 - 1, -0x1p51, 0x1p53 + 2], [.nan, 1],
        [.infinity, -.infinity], [Double(Float(0.1)), Double(Float(21.7))], [Double(Float.leastNonzeroMagnitude)],
        [1 / 3, 2 / 3], [123_456.7891, -0.0001, 99_999.9999], [Double.pi, 1, 2],
        [Double(bitPattern: 0x7FF0_0000_0000_0001)],
    ]

    @Test(arguments: odd) func oddValuesAreExact(values: [Double]) throws {
        try isExact(Self.run(values))
        // With a summary, and where others set the scale.
        try isExact(Self.run(Array(repeating: values, count: 20).flatMap(\.self)))
        try isExact(Self.run(values + (0..<40).map { Double($0) / 100 }))
    }

    /// Seeded; what values are like changes from column to column.
    @Test(arguments: 0..<200) func randomRunsAreExact(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let kinds: [(inout SplitMix) -> Double] = [
            { Double(bitPattern: $0.next()) },
            { (Double.random(in: -50...5_000, using: &$0) * 10_000).rounded() / 10_000 },
            { Double(Float.random(in: 0...100, using: &$0)) },
            { Double(Float(Double.random(in: 0...100, using: &$0) * 100).rounded() / 100) },
            { Double(Int.random(in: 0...1, using: &$0)) },
            { Double.random(in: -1e6...1e6, using: &$0) },
            { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0.next()))) },
        ]
        let count = Int.random(in: 1...600, using: &random)
        let steady = Bool.random(using: &random)
        var at = Int64.random(in: -1...2_000_000_000_000, using: &random)
        var readings: [Reading] = []
        let measures = Measure.allCases.filter { _ in Bool.random(using: &random) }
        let sparse = Measure.allCases.filter { _ in Int.random(in: 0...3, using: &random) == 0 }
        for _ in 0..<count {
            at &+= steady ? 1000 : Int64.random(in: -5...100_000, using: &random)
            var values = Measures()
            for measure in measures where !sparse.contains(measure) || Bool.random(using: &random) {
                values[measure] = kinds[(Int(measure.rawValue) + Int(seed)) % kinds.count](&random)
            }
            let sequence: Int64? = seed % 3 == 0 ? nil : seed % 3 == 1 || Bool.random(using: &random) ? at / 7 : nil
            readings.append(Reading(at: Instant(milliseconds: at), sequence: sequence, values: values))
        }
        try isExact(readings)
    }

    @Test func theEndsOfTimeAreExact() throws {
        let times: [Int64] = [.min, .max, 0, -1, .max, .min]
        try isExact(
            zip(times, Self.run([1, 2, 3, 4, 5, 6])).map { at, reading in
                Reading(at: Instant(milliseconds: at), sequence: ~at, values: reading.values)
            })
    }

    @Test func telemetryIsSmall() {
        var random = SplitMix(seed: 1)
        let noisy = Self.run(
            (0..<1_000).map { _ in (Double.random(in: 2...2.2, using: &random) * 1e4).rounded() / 1e4 })
        #expect(Self.encode(noisy).count < 2_100)
        #expect(Self.encode(Self.run(Array(repeating: 1, count: 1_000))).count < 70)
        // What a sender measured as Float is found out.
        let floats = Self.run((0..<1_000).map { Double(Float(20 + Double($0 % 7) / 10)) })
        #expect(Self.encode(floats).count < 1_200)
        // What can't be made smaller is not made larger.
        let wild = Self.run((0..<1_000).map { _ in Double.random(in: 0...1, using: &random) })
        #expect(Self.encode(wild).count < 8_100)
    }

    /// Every prefix, and every byte changed: an error or other readings, never a trap.
    @Test func damageIsSeen() throws {
        var readings = Self.run((0..<40).map { Double($0) / 8 })
        for index in readings.indices {
            if index % 3 > 0 { readings[index].values[.speed] = Double(bitPattern: UInt64(index) << 52 | 7) }
            if index % 2 > 0 { readings[index].sequence = Int64(index) }
        }
        let bytes = Self.encode(readings)
        for count in 0..<bytes.count {
            #expect(throws: DamagedColumns.self) { try Self.decode(Array(bytes[..<count])) }
        }
        var refused = 0
        for index in bytes.indices {
            for change in [UInt8(1), 0x40, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= change
                if (try? Self.decode(damaged)) == nil { refused += 1 }
                for measure in Measure.allCases { _ = try? Self.values(measure, damaged) }
            }
        }
        #expect(refused > bytes.count / 4)
    }

    @Test(arguments: 0..<50) func noiseIsNoRun(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<200 {
            let noise = (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next())
            }
            _ = try? Self.decode(noise)
            _ = try? Self.values(.velocityRMS, noise)
            noise.withUnsafeBytes { noise in _ = Journal.entries(noise) }
        }
    }
}

/// Random numbers that a seed repeats.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
