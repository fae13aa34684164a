import Domain
import Testing

@testable import Ingest

/// Templates and data sets.
@Suite struct SparkplugPartsTests {
    private var scene = SparkplugScene()

    private static let velocity = Wire.metric(
        "velocity_rms_mm_s", alias: 11, type: 10, unit: "in/s", Wire.double(13, 0.1))
    private static let time: UInt64 = 1_767_225_600_000

    private mutating func send(_ metrics: [UInt8]..., kind: String = "DDATA", seq: UInt64 = 2) throws -> Decoded {
        let payload = Wire.payload(seq: seq) + metrics.flatMap { Wire.bytes(2, $0) }
        return try scene.take(kind, payload, device: "P1").decoded
    }

    // MARK: - Templates

    @Test mutating func membersByNameAndByAlias() throws {
        _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(1)))
        let temperature = Wire.metric("temperature_c", type: 2, Wire.number(10, 45))
        let birth = try send(
            Wire.metric("_types_/Bearing", type: 19, Wire.template(isDefinition: true, Self.velocity)),
            Wire.metric("DE-H", alias: 10, type: 19, Wire.template(Self.velocity, temperature)), kind: "DBIRTH", seq: 1)
        #expect(
            birth.lines == [
                "P1/DE-H velocity_rms_mm_s = 2.54 @1767225600000", "P1/DE-H temperature_c = 45.0 @1767225600000",
            ])
        #expect(birth.rejections.isEmpty && birth.series[0].extras.isEmpty, "a definition measures nothing")
        scene.restart()
        // By the instance's alias and the member's name; by both aliases; the member alone.
        let cold = Wire.metric("temperature_c", Wire.number(10, 0xFFFF_FFF4))
        let fast = Wire.metric(alias: 11, at: Self.time + 5, Wire.double(13, 0.2))
        let data = try send(Wire.metric(alias: 10, at: Self.time + 4, Wire.template(cold, fast)))
        #expect(
            data.lines == [
                "P1/DE-H temperature_c = -12.0 @1767225600004", "P1/DE-H velocity_rms_mm_s = 5.08 @1767225600005",
            ])
        #expect(
            try send(Wire.metric(alias: 11, Wire.double(13, 0.3)), seq: 3).lines == [
                "P1/DE-H velocity_rms_mm_s = 7.62 @1767225600000"
            ])
        let unknown = try send(Wire.metric(alias: 77, Wire.template(cold)), seq: 4)
        #expect(unknown.series.isEmpty && unknown.rejections.map(\.reason) == [.unknownAlias])
        let nameless = try send(Wire.metric(alias: 10, Wire.template(Wire.double(13, 1))), seq: 5)
        #expect(nameless.rejections.map(\.reason) == [.wrongShape])
        #expect(try send(Wire.metric(alias: 10, Wire.null + Wire.template(cold)), seq: 6) == Decoded())
    }

    @Test mutating func templatesInTemplatesAndRows() throws {
        scene.sources[.sparkplug, "G/N/P1", "Pump/Bearings/2/v"] = .init(
            point: Foreign.point("P1/DE-V"), measure: .velocityRMS, unit: "mm/s")
        func nested(_ value: Double, _ depth: Int) -> [UInt8] {
            var metric = Wire.metric("v", type: 10, Wire.double(13, value))
            for name in (["2", "Bearings", "Pump"] + (0..<depth).map { "L\($0)" }) {
                metric = Wire.metric(name, type: 19, Wire.template(metric))
            }
            return metric
        }
        #expect(try send(nested(3, 0)).lines == ["P1/DE-V velocity_rms_mm_s = 3.0 @1767225600000"])
        let deepest = try send(nested(3, Limits.sparkplugDepth - 3), kind: "DBIRTH", seq: 3)
        #expect(deepest.rejections.map(\.reason) == [.unknownMetric], "read, but nobody's")
        let deeper = try send(nested(3, Limits.sparkplugDepth - 2), seq: 4)
        #expect(deeper.rejections.map(\.reason) == [.tooMany])
    }

    @Test mutating func aBadMemberCostsItself() throws {
        try scene.born()
        let template = Wire.template([0xFF], Self.velocity)
        let data = try send(
            Wire.metric("DE-H", type: 19, template), Wire.metric("NDE-H", type: 19, Wire.bytes(18, [0x12, 0x7F])))
        #expect(data.lines == ["P1/DE-H velocity_rms_mm_s = 2.54 @1767225600000"])
        #expect(data.rejections.map(\.reason) == [.badPayload, .truncated])
        let bad = Wire.properties(("Quality", Wire.number(3, 0)))
        let flawed = try send(Wire.metric("DE-H", type: 19, bad + Wire.template(Self.velocity)), seq: 3)
        #expect(flawed.series.isEmpty && flawed.rejections.map(\.reason) == [.noMeasure])
    }

    // MARK: - Data sets

    private static let columns: [(String, UInt64)] = [("t", 13), ("velocity_rms_mm_s", 10), ("temperature_c", 2)]

    @Test mutating func rowsWithTheirTimes() throws {
        _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(1)))
        let empty = Wire.metric("DE-H", alias: 5, type: 16, Wire.dataSet(Self.columns))
        #expect(try send(empty, kind: "DBIRTH", seq: 1) == Decoded())
        func row(_ at: UInt64, _ velocity: Double?, _ temperature: UInt64) -> [[UInt8]] {
            [Wire.number(2, Self.time + at), velocity.map { Wire.double(4, $0) } ?? [], Wire.number(1, temperature)]
        }
        let table = Wire.dataSet(Self.columns, row(2, 1.5, 20), row(1, nil, 0xFFFF_FFFF))
        let data = try send(Wire.metric(alias: 5, table))
        #expect(
            data.lines == [
                "P1/DE-H temperature_c = -1.0 @1767225600001", "P1/DE-H velocity_rms_mm_s = 1.5 @1767225600002",
                "P1/DE-H temperature_c = 20.0 @1767225600002",
            ])
        #expect(data.rejections.isEmpty)
    }

    @Test mutating func withoutTimesTheLastRowCounts() throws {
        let columns: [(String, UInt64)] = [("kurtosis", 9), ("note", 12), ("running", 11)]
        let rows = [
            [Wire.float(3, 1), Wire.text(6, "a"), Wire.number(5, 0)],
            [Wire.float(3, 4), Wire.text(6, "b"), Wire.number(5, 1)],
        ]
        let table = Wire.dataSet(columns, rows[0], rows[1])
        let data = try send(Wire.metric("DE-H", at: Self.time + 9, type: 16, table), kind: "DBIRTH")
        #expect(
            data.lines == [
                "P1/DE-H kurtosis = 4.0 @1767225600009", "P1/DE-H running = 1.0 @1767225600009",
            ])
        #expect(data.series.first?.extras.map(\.json) == [#"{"DE-H/note":"b"}"#] && data.rejections.isEmpty)
    }

    @Test mutating func aBadRowCostsItself() throws {
        let good = [Wire.number(2, Self.time), Wire.double(4, 2), Wire.number(1, 20)]
        let table = Wire.dataSet(
            Self.columns, [[], Wire.double(4, 1), []], [Wire.number(2, Self.time)], good, [[0xFF], [], []],
            [Wire.number(2, 0), Wire.double(4, 1), []])
        let data = try send(Wire.metric("DE-H", type: 16, table))
        #expect(data.lines.count == 2)
        #expect(data.rejections.map(\.reason) == [.missingTime, .wrongShape, .badPayload, .missingTime])
        let narrow = Wire.bytes(17, Wire.text(2, "kurtosis") + Wire.text(2, "more") + Wire.number(3, 9))
        #expect(try send(Wire.metric("DE-H", type: 16, narrow), seq: 3).rejections.map(\.reason) == [.wrongShape])
    }

    // MARK: - Too much

    @Test mutating func whatIsTooMuchCostsItself() throws {
        let sound = Wire.metric("DE-H/kurtosis", type: 9, Wire.float(12, 3))
        let members = Wire.bytes(18, (0..<Limits.sparkplugMetrics).flatMap { _ in Wire.bytes(2, []) })
        let wide = Wire.dataSet((0...Limits.sparkplugColumns).map { ("c\($0)", 9) })
        let long = Wire.dataSet([("t", 13)], Array(repeating: [Wire.number(2, 1)], count: Limits.sparkplugMetrics))
        let named = String(repeating: "n", count: Limits.sparkplugName + 1)
        for (index, metric) in [
            Wire.metric("DE-H", type: 19, members), Wire.metric("DE-H", type: 16, wide),
            Wire.metric("DE-H", type: 16, long), Wire.metric(named, type: 19, Wire.template(sound)),
        ].enumerated() {
            let data = try send(metric, sound, seq: 2 + UInt64(index))
            #expect(data.lines == ["P1/DE-H kurtosis = 3.0 @1767225600000"])
            #expect(data.rejections.map(\.reason) == [.tooMany], "\(index)")
        }
        // Rows that nobody reads cost nothing.
        let last = Array(repeating: [Wire.float(3, 5)], count: 3 * Limits.sparkplugMetrics)
        let data = try send(Wire.metric("DE-H", type: 16, Wire.dataSet([("kurtosis", 9)], last)), seq: 20)
        #expect(data.lines == ["P1/DE-H kurtosis = 5.0 @1767225600000"])
    }

    @Test mutating func nothingTraps() throws {
        try scene.born()
        let row = [Wire.number(2, Self.time), Wire.double(4, 2), Wire.number(1, 20)]
        let table = Wire.metric("t", type: 16, Wire.dataSet(Self.columns, row, row))
        let payload = Wire.payload(seq: 1, Wire.metric("DE-H", alias: 3, type: 19, Wire.template(Self.velocity, table)))
        var taken = 0
        for bytes in Foreign.damaged(payload) {
            for kind in ["DBIRTH", "DDATA"] where (try? scene.take(kind, bytes, device: "P1")) != nil { taken += 1 }
        }
        #expect(taken > 100, "most damage costs a metric, not the message")
    }
}
