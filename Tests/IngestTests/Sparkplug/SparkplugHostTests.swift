import Domain
import Testing

@testable import Ingest

@Suite struct SparkplugHostTests {
    private var scene = SparkplugScene()

    @Test mutating func birthsAndDataByAlias() throws {
        let births = try scene.born()
        #expect(births.allSatisfy { $0.requests.isEmpty && $0.gaps.isEmpty && $0.decoded.rejections.isEmpty })
        #expect(
            births[1].decoded.lines == [
                "P1/DE-H velocity_rms_mm_s = 2.54 @1767225600000", "P1/DE-H temperature_c = 45.0 @1767225600000",
            ])
        #expect(births[1].decoded.series[0].readings.count == 1, "one point, one time, one reading")
        let cold = Wire.payload(
            seq: 2, Wire.metric(alias: 2, at: 1_767_225_600_050, Wire.number(10, 0xFFFF_FFF4)),
            Wire.metric(alias: 1, Wire.null))
        let data = try scene.take("DDATA", cold, device: "P1")
        #expect(data.decoded.lines == ["P1/DE-H temperature_c = -12.0 @1767225600050"])
        #expect(data.requests.isEmpty && data.decoded.rejections.isEmpty)
    }

    @Test mutating func aFloatIsExactlyItsFloat() throws {
        try scene.born()
        let payload = Wire.payload(seq: 2, Wire.metric("DE-V/crest_factor", type: 9, Wire.float(12, 3.3)))
        let data = try scene.take("DDATA", payload, device: "P1")
        #expect(data.decoded.series.first?.readings.first?.values[.crestFactor] == Double(Float(3.3)))
    }

    @Test mutating func aGapIsTakenAndAsked() throws {
        try scene.born()
        let gap = try scene.velocity(0.2, seq: 5)
        #expect(gap.gaps == [Gap(sender: "G/N", first: 2, last: 4, noticedAt: Foreign.now)])
        #expect(gap.decoded.lines.count == 1)
        #expect(gap.requests.map(\.topic) == ["spBv1.0/G/NCMD/N"])
        let rebirth = Wire.metric("Node Control/Rebirth", at: 1_767_225_600_000, type: 11, Wire.number(14, 1))
        #expect(gap.requests.map(\.payload) == [Wire.payload(rebirth)])
        // Soon again: known, not asked. Later: asked.
        #expect(try scene.velocity(0.2, seq: 7).requests.isEmpty)
        scene.now = scene.now + Limits.askAgainAfter
        #expect(try scene.velocity(0.2, seq: 9).requests.count == 1)
    }

    @Test mutating func numbersWrap() throws {
        try scene.born()
        for number in 2..<600 as Range<UInt64> {
            let data = try scene.velocity(0.2, seq: number % 256, at: 1_767_225_600_000 + number)
            #expect(data.gaps.isEmpty && data.requests.isEmpty)
        }
        let gap = try scene.velocity(0.2, seq: 90)
        #expect(gap.gaps.first.map { $0.last - $0.first + 1 } == 2)
    }

    @Test mutating func aRedeliveredBurstIsNoGap() throws {
        try scene.born()
        for number in 2..<20 as Range<UInt64> {
            _ = try scene.velocity(0.2, seq: number, at: 1_767_225_600_000 + number)
        }
        let births = try scene.born()
        #expect(births.allSatisfy { $0.gaps.isEmpty && $0.requests.isEmpty && $0.decoded.rejections.isEmpty })
        for number in 2..<21 as Range<UInt64> {
            let again = try scene.velocity(0.2, seq: number, at: 1_767_225_600_000 + number)
            #expect(again.gaps.isEmpty && again.requests.isEmpty && again.decoded.lines.count == 1, "\(number)")
        }
    }

    @Test mutating func deathsByTheirNumber() throws {
        try scene.born(bdSeq: 7)
        _ = try scene.take("NDEATH", Wire.payload(Wire.bdSeq(6)))
        #expect(try scene.velocity(0.2, seq: 2).decoded.lines.count == 1, "a will of a session before")
        _ = try scene.take("NDEATH", Wire.payload(Wire.bdSeq(7)))
        let late = try scene.velocity(0.2, seq: 3)
        #expect(late.decoded.rejections.map(\.reason) == [.neverBorn] && late.requests.count == 1)
        try scene.born(bdSeq: 8)
        _ = try scene.take("NDEATH", Wire.payload(Wire.bdSeq(9)))
        #expect(
            try scene.velocity(0.2, seq: 4).decoded.rejections.map(\.reason) == [.neverBorn], "as pysparkplug counts")
    }

    @Test mutating func aDeadDevice() throws {
        try scene.born()
        _ = try scene.take("DDEATH", Wire.payload(seq: 2), device: "P1")
        let data = try scene.velocity(0.2, seq: 3)
        #expect(data.decoded.rejections.map(\.reason) == [.unknownAlias] && data.requests.count == 1)
    }

    @Test mutating func neverBorn() throws {
        let named = try scene.take(
            "DDATA", Wire.payload(seq: 40, Wire.metric("DE-H/temperature_c", type: 9, Wire.float(12, 20.5))),
            device: "P1")
        #expect(named.decoded.lines == ["P1/DE-H temperature_c = 20.5 @1767225600000"])
        #expect(named.requests.count == 1 && named.gaps.isEmpty)
    }

    @Test mutating func aRestartKeepsAliasesAndNumbers() throws {
        try scene.born()
        let stored = scene.host.changes()
        #expect(Set(stored.keys) == ["spBv1.0/G/N", "spBv1.0/G/N/seq"])
        #expect(scene.host.changes().isEmpty)
        scene.host = SparkplugHost(stored: stored.compactMapValues { $0 }.merging(["other": [1]]) { $1 })
        let data = try scene.velocity(0.2, seq: 2)
        #expect(data.decoded.lines == ["P1/DE-H velocity_rms_mm_s = 5.08 @1767225600100"])
        #expect(data.gaps.isEmpty && data.requests.isEmpty)
        #expect(Set(scene.host.changes().keys) == ["spBv1.0/G/N/seq"], "data do not write the births again")
        for (key, state) in stored {
            for damaged in Foreign.damaged(state ?? []).prefix(300) { _ = SparkplugHost(stored: [key: damaged]) }
        }
    }

    @Test mutating func aRetainedBirthDoesNotBeginASession() throws {
        let birth = Wire.payload(seq: 0, Wire.bdSeq(3))
        #expect(try scene.take("NBIRTH", birth, isRetained: true).requests.isEmpty)
        try scene.born()
        _ = try scene.take("NBIRTH", birth, isRetained: true)
        let data = try scene.velocity(0.2, seq: 2)
        #expect(data.decoded.lines.count == 1 && data.gaps.isEmpty)
    }

    @Test mutating func dataThatNameNoDevice() throws {
        try scene.born()
        let payload = Wire.payload(seq: 2, Wire.metric("DE-H/temperature_c", type: 2, Wire.number(10, 50)))
        #expect(try scene.take("DDATA", payload).decoded.lines == ["P1/DE-H temperature_c = 50.0 @1767225600000"])
        let unknown = Wire.payload(seq: 3, Wire.metric("elsewhere", type: 2, Wire.number(10, 50)))
        #expect(try scene.take("DDATA", unknown).decoded.rejections.map(\.reason) == [.wrongDevice])
    }

    @Test mutating func whatIsNotMappedIsSaidOnce() throws {
        let foreign = Wire.metric("Motor/Volt", alias: 4, type: 9, Wire.float(12, 230))
        _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(0)))
        let birth = try scene.take("DBIRTH", Wire.payload(seq: 1, foreign), device: "X")
        #expect(birth.decoded.rejections.map(\.reason) == [.unknownMetric])
        let data = Wire.payload(seq: 2, Wire.metric(alias: 4, Wire.float(12, 231)))
        #expect(try scene.take("DDATA", data, device: "X").decoded == Decoded())
    }

    @Test mutating func aBadMetricCostsItself() throws {
        try scene.born()
        let payload = Wire.payload(
            seq: 2, at: nil, Wire.metric(alias: 1, at: 1_767_225_600_000, Wire.double(13, 0.1)),
            Wire.metric(alias: 2, Wire.number(10, 5)), [0xFF], Wire.metric(alias: 2, at: 5, Wire.text(15, "x")),
            Wire.metric(alias: 1, at: 5, Wire.double(13, .infinity)), Wire.metric(alias: 99, Wire.number(10, 1)))
        let data = try scene.take("DDATA", payload, device: "P1")
        #expect(data.decoded.lines == ["P1/DE-H velocity_rms_mm_s = 2.54 @1767225600000"])
        #expect(
            Set(data.decoded.rejections.map(\.reason)) == [
                .badPayload, .missingTime, .wrongType, .notFinite, .unknownAlias,
            ])
    }

    @Test mutating func othersTopics() throws {
        #expect(try scene.take("NCMD", [0xFF]) == .init() && scene.take("DCMD", [0xFF], device: "P1") == .init())
        #expect(SparkplugTopic(["spBv1.0", "STATE", "other"])?.kind.isForHosts == false)
        #expect(
            Foreign.reason { () throws(Rejection) in
                var host = SparkplugHost()
                _ = try host.take(
                    ["spBv1.0", "G", "XDATA", "N"], [], origin: Foreign.origin, sources: SourceMap(), at: Foreign.now)
            } == .badTopic)
    }
}
