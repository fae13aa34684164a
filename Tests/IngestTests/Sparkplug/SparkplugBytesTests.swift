import Domain
import Foundation
import Testing

@testable import Ingest

/// Values and hostile bytes.
@Suite struct SparkplugBytesTests {
    @Test(
        arguments: [
            (1, 0xFFFF_FFF4, .integer(-12)), (1, 0xF4, .integer(-12)), (2, 0xFFFF_FB2E, .integer(-1234)),
            (3, 0xFFFE_1DC0, .integer(-123_456)), (5, 0x1FF, .unsigned(255)),
            (7, 0xFFFF_FFFF, .unsigned(4_294_967_295)),
            (11, 1, .boolean(true)), (9, 3, .real(3)),
        ] as [(UInt32, UInt32, SparkplugValue)])
    func wholeNumbersHaveTheirWidth(type: UInt32, sent: UInt32, value: SparkplugValue) throws {
        #expect(try SparkplugValue(.intValue(sent), as: SparkplugType(rawValue: type)) == value)
        #expect(try SparkplugValue(.longValue(UInt64(sent)), as: SparkplugType(rawValue: type)) == value)
    }

    @Test func longNumbers() throws {
        #expect(try SparkplugValue(.longValue(.max - 11), as: .int64) == .integer(-12))
        #expect(try SparkplugValue(.longValue(1 << 63), as: .uint64) == .unsigned(1 << 63))
        #expect(
            Foreign.reason { () throws(Rejection) in _ = try SparkplugValue(.intValue(7), as: .boolean) } == .wrongType)
    }

    private struct ArrayVectors: Decodable {
        struct Vector: Decodable {
            var datatype: UInt32
            var hex: String
            var endian: String?
        }
        var vectors: [Vector]
    }

    private static func bytes(_ hex: String) -> Data {
        let digits = Array(hex)
        return Data(stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! })
    }

    private static func read(_ hex: String, _ type: SparkplugType) throws(Rejection) -> SparkplugValue {
        try SparkplugValue(.bytesValue(bytes(hex)), as: type)
    }

    @Test func arrays() throws {
        #expect(try Self.read("E97B", .int8Array) == .integers([-23, 123]))
        #expect(try Self.read("D08A3075", .int16Array) == .integers([-30000, 30000]))
        #expect(try Self.read("FFFFFFFFFAAFCB12", .int32Array) == .integers([-1, 315_338_746]))
        #expect(try Self.read("CE0672AC189CBAC4", .int64Array) == .integers([-4_270_929_666_821_191_986]))
        #expect(try Self.read("17FA", .uint8Array) == .unsigneds([23, 250]))
        #expect(try Self.read("1E0088CC", .uint16Array) == .unsigneds([30, 52360]))
        #expect(try Self.read("3400000049FB55C4", .uint32Array) == .unsigneds([52, 3_293_969_225]))
        #expect(try Self.read("D99E02D1B27637E4", .uint64Array) == .unsigneds([16_444_743_074_749_521_625]))
        #expect(try Self.read("0000C03F000010C0", .floatArray) == .reals([1.5, -2.25]))
        #expect(try Self.read("000000000000F83F", .doubleArray) == .reals([1.5]))
        let bits = [false, false, true, true, false, true, false, false, true, true, false, true]
        #expect(try Self.read("0C00000034D0", .booleanArray) == .booleans(bits))
        #expect(try Self.read("4142430068656C6C6F00", .stringArray) == .texts(["ABC", "hello"]))
        #expect(try Self.read("414243006865", .stringArray) == .texts(["ABC", "he"]))
        #expect(try Self.read("C7D0907524010000", .dateTimeArray) == .unsigneds([1_256_102_875_335]))
    }

    @Test func arraysThatEndTooEarly() {
        for (hex, type) in [
            ("010203", .int16Array), ("C7D09075240", .dateTimeArray), ("FFFFFFFF34", .booleanArray),
            ("0C", .booleanArray),
        ] as [(String, SparkplugType)] {
            let even = String(hex.prefix(hex.count / 2 * 2))
            #expect(Foreign.reason { () throws(Rejection) in _ = try Self.read(even, type) } == .truncated)
        }
        #expect(Foreign.reason { () throws(Rejection) in _ = try Self.read("FF00", .stringArray) } == .badPayload)
    }

    @Test func nothingTraps() throws {
        var scene = SparkplugScene()
        let velocity = Wire.metric("DE-H/velocity_rms_mm_s", alias: 1, type: 10, unit: "in/s", Wire.double(13, 0.1))
        let list = Wire.metric("DE-H/kurtosis", alias: 3, type: 31, Wire.bytes(16, Array(repeating: 1, count: 16)))
        let birth = Wire.payload(seq: 1, velocity, list)
        var taken = 0
        for bytes in Foreign.damaged(birth) {
            for kind in ["DBIRTH", "DDATA"] where (try? scene.take(kind, bytes, device: "P1")) != nil { taken += 1 }
        }
        #expect(taken > 100, "most damage costs a metric, not the message")
    }

    @Test func hugeAndDeep() throws {
        var scene = SparkplugScene()
        let empty = (0...Limits.sparkplugMetrics).flatMap { _ in Wire.bytes(2, []) }
        #expect(throws: Rejection.self) { try scene.take("NDATA", empty) }
        // A length of 2⁶³ and a group that never ends.
        #expect(throws: Rejection.self) { try scene.take("NDATA", [0x12] + Wire.varint(1 << 63)) }
        #expect(throws: Rejection.self) { try scene.take("NDATA", Array(repeating: 0x0B, count: 100_000)) }
        // A template in a template in a template …: skipped, not entered.
        var deep: [UInt8] = []
        for _ in 0..<2000 { deep = Wire.bytes(2, Wire.bytes(18, deep)) }
        #expect(try scene.take("NDATA", Wire.payload(deep)).decoded.series.isEmpty)
    }

    @Test func statesOfTheHost() {
        #expect(SparkplugState.topic(host: "fieldloop") == "spBv1.0/STATE/fieldloop")
        let said = [true, false].map {
            String(decoding: SparkplugState.payload(online: $0, at: Foreign.now), as: UTF8.self)
        }
        #expect(
            said == [#"{"online":true,"timestamp":1767225600000}"#, #"{"online":false,"timestamp":1767225600000}"#])
    }

    // MARK: - Real senders

    private struct Captured: Decodable {
        var topic: String
        var payload_b64: Data
    }

    @Test(.enabled(if: Foreign.hasVectors, Foreign.noVectors)) func pysparkplug() throws {
        var host = SparkplugHost()
        var sources = SourceMap()
        sources[.sparkplug, "PlantA/GW1/PUMP01", "Vib/X/VelocityRMS"] = .init(
            point: Foreign.point("P1/DE-H"), measure: .velocityRMS)
        sources[.sparkplug, "PlantA/GW1/PUMP01", "Temp"] = .init(
            point: Foreign.point("P1/DE-H"), measure: .temperature, unit: "°C", scale: 0.1)
        var lines: [String] = []
        for line in try Foreign.vector("cap_pyspb.jsonl").split(separator: 0x0A) {
            let message = try JSONDecoder().decode(Captured.self, from: Data(line))
            let outcome = try host.take(
                message.topic.split(separator: "/"), [UInt8](message.payload_b64), origin: Foreign.origin,
                sources: sources, at: Foreign.now)
            #expect(
                outcome.gaps.isEmpty && outcome.requests.isEmpty
                    && outcome.decoded.rejections.allSatisfy { $0.reason == .unknownMetric })
            lines += outcome.decoded.lines
        }
        #expect(
            lines.map { $0.split(separator: "@")[0] } == [
                "P1/DE-H velocity_rms_mm_s = 2.31 ", "P1/DE-H temperature_c = -1.2 ",
                "P1/DE-H velocity_rms_mm_s = 7.3 ",
            ])
    }

    @Test(.enabled(if: Foreign.hasVectors, Foreign.noVectors)) func tahu() throws {
        var host = SparkplugHost()
        var sources = SourceMap()
        for (name, measure) in [("Vib/X/VelRMS", .velocityRMS), ("Temp8", .temperature), ("Run", .running)]
            as [(String, Measure)]
        {
            sources[.sparkplug, "Tahu/EON1/PUMP1", name] = .init(point: Foreign.point("P1/DE-H"), measure: measure)
        }
        var outcomes: [SparkplugHost.Outcome] = []
        for (file, topic) in [
            ("tahu_nbirth", "NBIRTH/EON1"), ("tahu_dbirth", "DBIRTH/EON1/PUMP1"),
            ("tahu_ddata_aliasonly", "DDATA/EON1/PUMP1"), ("tahu_ndeath", "NDEATH/EON1"),
        ] {
            outcomes.append(
                try host.take(
                    "spBv1.0/Tahu/\(topic)".split(separator: "/"), Foreign.vector(file + ".bin"),
                    origin: Foreign.origin, sources: sources, at: Foreign.now))
        }
        #expect(outcomes.allSatisfy { $0.gaps.isEmpty && $0.requests.isEmpty })
        let birth = try #require(outcomes[1].decoded.series.first?.readings)
        #expect(birth.compactMap { $0.values[.velocityRMS] } == [Double(Float(2.31))])
        #expect(birth.compactMap { $0.values[.temperature] } == [-12])
        #expect(birth.compactMap { $0.values[.running] } == [1])
        #expect(!outcomes[2].decoded.lines.isEmpty && outcomes[2].decoded.rejections.isEmpty)
    }
}
