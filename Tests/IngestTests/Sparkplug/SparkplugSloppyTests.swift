import Domain
import Testing

@testable import Ingest

/// What real clients do wrong, and what must never be taken for something else.
@Suite struct SparkplugSloppyTests {
    private var scene = SparkplugScene()

    @Test mutating func anAliasOfAnotherDevice() throws {
        try scene.born()
        _ = try scene.take("DBIRTH", Wire.payload(seq: 2, Wire.metric("x", alias: 9, type: 9, Wire.null)), device: "P2")
        let data = Wire.payload(seq: 3, Wire.metric(alias: 1, Wire.double(13, 0.2)))
        let outcome = try scene.take("DDATA", data, device: "P2")
        #expect(outcome.decoded.rejections.map(\.reason) == [.wrongDevice] && outcome.decoded.series.isEmpty)
    }

    @Test mutating func aliasesCountedByDevice() throws {
        try scene.born()
        let other = Wire.metric("DE-H/temperature_c", alias: 1, type: 9, Wire.float(12, 20))
        _ = try scene.take("DBIRTH", Wire.payload(seq: 2, other), device: "P2")
        let data = Wire.payload(seq: 3, Wire.metric(alias: 1, Wire.float(12, 21)))
        let outcome = try scene.take("DDATA", data, device: "P2")
        #expect(outcome.decoded.lines == ["P2/DE-H temperature_c = 21.0 @1767225600000"])
    }

    @Test mutating func oneAliasForTwoMetricsMeansNeither() throws {
        let one = Wire.metric("DE-H/temperature_c", alias: 1, type: 9, Wire.float(12, 20))
        let two = Wire.metric("DE-H/crest_factor", alias: 1, type: 9, Wire.float(12, 3))
        let third = Wire.metric("DE-H/kurtosis", alias: 1, type: 9, Wire.float(12, 4))
        _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(0)))
        let birth = try scene.take("DBIRTH", Wire.payload(seq: 1, one, two, third), device: "P1")
        #expect(birth.decoded.rejections.map(\.reason) == [.wrongShape, .wrongShape])
        let stored = scene.host.changes().compactMapValues { $0 }
        for host in [scene.host, SparkplugHost(stored: stored)] {
            scene.host = host
            let data = try scene.take(
                "DDATA", Wire.payload(seq: 2, Wire.metric(alias: 1, Wire.float(12, 9))), device: "P1")
            #expect(data.decoded.rejections.map(\.reason) == [.unknownAlias] && data.decoded.series.isEmpty)
        }
    }

    @Test mutating func aBooleanIsNoTemperature() throws {
        try scene.born()
        let payload = Wire.payload(
            seq: 2, Wire.metric("DE-H/temperature_c", type: 11, Wire.number(14, 1)),
            Wire.metric("DE-H/running", type: 11, Wire.number(14, 1)))
        let outcome = try scene.take("DDATA", payload, device: "P1")
        #expect(outcome.decoded.lines == ["P1/DE-H running = 1.0 @1767225600000"])
        #expect(outcome.decoded.rejections.map(\.reason) == [.wrongType])
    }

    @Test mutating func aWholeNumberWithoutTypeHasNoSign() throws {
        let small = Wire.metric("DE-H/temperature_c", Wire.number(10, 40))
        let large = Wire.metric("DE-V/temperature_c", Wire.number(10, 0xFFFF_FFF4))
        let outcome = try scene.take("DDATA", Wire.payload(seq: 2, small, large), device: "P1")
        #expect(outcome.decoded.lines == ["P1/DE-H temperature_c = 40.0 @1767225600000"])
        #expect(outcome.decoded.rejections.map(\.reason) == [.wrongType])
    }

    @Test mutating func whatClearsARetainedBirthIsNoBirth() throws {
        try scene.born()
        for kind in ["NBIRTH", "NDATA"] {
            #expect(throws: Rejection.self) { try scene.take(kind, []) }
        }
        #expect(try scene.velocity(0.2, seq: 2).decoded.lines.count == 1)
        _ = try scene.take("NDEATH", [])
        #expect(try scene.velocity(0.2, seq: 3).decoded.rejections.map(\.reason) == [.neverBorn])
    }

    @Test mutating func aLateMessageFillsItsGap() throws {
        try scene.born()
        #expect(try scene.velocity(0.2, seq: 4).gaps.map(\.first) == [2])
        for number in [2, 3, 5, 6] as [UInt64] {
            let outcome = try scene.velocity(0.2, seq: number, at: 1_767_225_600_000 + number)
            #expect(outcome.gaps.isEmpty && outcome.decoded.lines.count == 1, "\(number)")
        }
    }

    @Test mutating func aNodeWithoutAClockIsBornAgain() throws {
        for _ in 0..<2 {
            let births = try scene.born()
            #expect(births.allSatisfy { $0.gaps.isEmpty && $0.requests.isEmpty })
            #expect(try scene.velocity(0.2, seq: 2).decoded.lines.count == 1)
            _ = try scene.take("NDEATH", Wire.payload(Wire.bdSeq(7)))
        }
        try scene.born()
        _ = try scene.velocity(0.2, seq: 9)
        try scene.born()
        #expect(try scene.velocity(0.3, seq: 2).gaps.isEmpty)
    }

    @Test mutating func qualityThatIsNotGood() throws {
        try scene.born()
        func marked(_ quality: UInt64) -> [UInt8] {
            Wire.metric("DE-H/temperature_c", at: 1_767_225_600_000 + quality, type: 9, Wire.float(12, 20))
                + Wire.bytes(9, Wire.text(1, "Quality") + Wire.bytes(2, Wire.number(1, 3) + Wire.number(3, quality)))
        }
        let outcome = try scene.take("DDATA", Wire.payload(seq: 2, marked(0), marked(192), marked(500)), device: "P1")
        #expect(outcome.decoded.lines == ["P1/DE-H temperature_c = 20.0 @1767225600192"])
        #expect(outcome.decoded.rejections.map(\.reason) == [.noMeasure, .noMeasure])
    }

    @Test mutating func anOutagesHistoryAtOnce() throws {
        try scene.born()
        let metrics = (0..<2500 as Range<UInt64>).flatMap { number in
            Wire.bytes(
                2, Wire.metric(alias: 1, at: 1_767_225_000_000 + number, Wire.number(5, 1) + Wire.double(13, 0.1)))
        }
        let outcome = try scene.take("DDATA", Wire.payload(seq: 2) + metrics, device: "P1")
        #expect(outcome.decoded.lines.count == 2500 && outcome.decoded.rejections.isEmpty)
    }
}
