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

    @Test mutating func withoutBdSeqAnyDeathCounts() throws {
        let velocity = Wire.metric("DE-H/velocity_rms_mm_s", alias: 1, type: 10, Wire.double(13, 1))
        for death in [Wire.payload(), Wire.payload(Wire.bdSeq(200))] {
            _ = try scene.take("NBIRTH", Wire.payload(seq: 0))
            _ = try scene.take("DBIRTH", Wire.payload(seq: 1, velocity), device: "P1")
            #expect(try scene.velocity(2, seq: 2).decoded.lines.count == 1)
            _ = try scene.take("NDEATH", death)
            #expect(try scene.velocity(2, seq: 3).decoded.rejections.map(\.reason) == [.neverBorn])
        }
        try scene.born()
        _ = try scene.take("NDEATH", Wire.payload())
        #expect(try scene.velocity(2, seq: 2).decoded.rejections.map(\.reason) == [.neverBorn], "a death without one")
    }

    @Test(arguments: [17, 255, 256 + 17, nil] as [UInt64?])
    mutating func aBirthCountsFromWhereItStands(first: UInt64?) throws {
        let birth = try scene.take("NBIRTH", Wire.payload(seq: first, Wire.bdSeq(1)))
        #expect(birth.gaps.isEmpty && birth.requests.isEmpty)
        let next = try scene.take(
            "DBIRTH", Wire.payload(seq: first.map { $0 + 1 } ?? 40, Wire.metric("x", alias: 1, type: 9, Wire.null)),
            device: "P1")
        #expect(next.gaps.isEmpty && next.requests.isEmpty)
        let late = try scene.velocity(1, seq: (first ?? 39) + 4)
        #expect(late.gaps.count == 1 && late.requests.count == 1)
    }

    @Test mutating func dataBeforeTheirDevicesBirth() throws {
        _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(1)))
        let named = Wire.metric("DE-H/temperature_c", type: 9, Wire.float(12, 20))
        let early = try scene.take("DDATA", Wire.payload(seq: 1, named), device: "P1")
        #expect(early.decoded.lines == ["P1/DE-H temperature_c = 20.0 @1767225600000"])
        #expect(early.decoded.rejections.isEmpty && early.gaps.isEmpty && early.requests.count == 1)
        let blind = try scene.velocity(1, seq: 2)
        #expect(blind.decoded.rejections.map(\.reason) == [.unknownAlias])
    }

    @Test mutating func timesThatAreMissing() throws {
        func named(_ at: UInt64?) -> [UInt8] {
            Wire.metric("DE-H/temperature_c", at: at, type: 9, Wire.float(12, 20))
        }
        for (seq, at) in [(2, nil), (3, 0)] as [(UInt64, UInt64?)] {
            let payload = Wire.payload(seq: seq, named(at))
            #expect(
                try scene.take("DDATA", payload, device: "P1").decoded.lines == [
                    "P1/DE-H temperature_c = 20.0 @1767225600000"
                ])
        }
        let own = Wire.payload(seq: 4, at: nil, named(1_767_225_600_007), named(nil))
        let outcome = try scene.take("DDATA", own, device: "P1")
        #expect(outcome.decoded.lines == ["P1/DE-H temperature_c = 20.0 @1767225600007"])
        #expect(outcome.decoded.rejections.map(\.reason) == [.missingTime])
    }

    @Test mutating func theAliasZero() throws {
        _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(1)))
        let first = Wire.metric("DE-H/kurtosis", alias: 0, type: 9, Wire.float(12, 3))
        let second = Wire.metric("DE-H/crest_factor", alias: 0, type: 9, Wire.float(12, 4))
        _ = try scene.take("DBIRTH", Wire.payload(seq: 1, first), device: "P1")
        let alone = Wire.payload(seq: 2, Wire.metric(alias: 0, Wire.float(12, 5)))
        #expect(
            try scene.take("DDATA", alone, device: "P1").decoded.lines == ["P1/DE-H kurtosis = 5.0 @1767225600000"])
        // Zero for “none”, with every metric: names still tell them apart.
        _ = try scene.take("DBIRTH", Wire.payload(seq: 3, first, second), device: "P1")
        let both = try scene.take("DDATA", Wire.payload(seq: 4, second, first), device: "P1")
        #expect(
            both.decoded.lines == [
                "P1/DE-H crest_factor = 4.0 @1767225600000", "P1/DE-H kurtosis = 3.0 @1767225600000",
            ])
        #expect(both.decoded.rejections.isEmpty)
    }

    @Test mutating func theNameWinsOverTheAlias() throws {
        try scene.born()
        let both = Wire.metric("DE-H/temperature_c", alias: 2, Wire.number(10, 0xFFFF_FFF4))
        let wrong = Wire.metric("DE-H/kurtosis", alias: 1, type: 9, Wire.float(12, 3))
        let outcome = try scene.take("DDATA", Wire.payload(seq: 2, both, wrong), device: "P1")
        #expect(
            outcome.decoded.lines == [
                "P1/DE-H kurtosis = 3.0 @1767225600000", "P1/DE-H temperature_c = -12.0 @1767225600000",
            ])
        #expect(outcome.decoded.rejections.isEmpty && outcome.requests.isEmpty)
    }

    /// By type: the field that it comes in, and what becomes of it; nil: refused.
    @Test(
        arguments: [
            (1, .longValue(0xFFFF_FFFF_FFFF_FFF4), .integer(-12)), (4, .intValue(12), .integer(12)),
            (3, .doubleValue(-12), .integer(-12)), (7, .floatValue(12), .integer(12)), (3, .doubleValue(1.5), nil),
            (9, .doubleValue(1.5), .real(1.5)), (10, .floatValue(1.5), .real(1.5)), (10, .longValue(12), .real(12)),
            (11, .longValue(1), .boolean(true)), (11, .intValue(2), nil), (3, .booleanValue(true), nil),
            (10, .stringValue("1.5"), nil), (13, .intValue(12), .unsigned(12)), (99, .floatValue(1.5), .real(1.5)),
        ] as [(UInt32, SparkplugMetric.OneOf_Value, SparkplugValue?)])
    func valuesInTheWrongField(type: UInt32, sent: SparkplugMetric.OneOf_Value, value: SparkplugValue?) {
        #expect((try? SparkplugValue(sent, as: SparkplugType(rawValue: type))) == value)
    }

    @Test mutating func nullIsNoValue() throws {
        try scene.born()
        let marked = Wire.metric(alias: 1, Wire.null + Wire.double(13, 0.3))
        let bare = Wire.metric(alias: 2, [])
        let denied = Wire.metric("DE-H/kurtosis", type: 9, Wire.number(7, 0) + Wire.float(12, 3))
        let outcome = try scene.take("DDATA", Wire.payload(seq: 2, marked, bare, denied), device: "P1")
        #expect(outcome.decoded.lines == ["P1/DE-H kurtosis = 3.0 @1767225600000"])
        #expect(outcome.decoded.rejections.isEmpty)
    }
}
