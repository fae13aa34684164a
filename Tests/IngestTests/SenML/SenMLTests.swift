import Domain
import Testing

@testable import Ingest

@Suite struct SenMLTests {
    private static let mac = "urn:dev:mac:0024befffe804ff1"
    private static let sources = Foreign.sources([
        (.senml, mac, "velrms", "P1/DE-H", .velocityRMS), (.senml, mac, "accpk", "P1/DE-H", .accelerationPeak),
        (.senml, mac, "temp", "P1/DE-H", .temperature), (.senml, "", "whole:name", "P2/DE-H", .running),
    ])

    private func decode(_ payload: [UInt8], _ sources: SourceMap = sources) throws(Rejection) -> Decoded {
        try decodeSenML(payload, site: nil, sources: sources, now: Foreign.now, origin: Foreign.origin)
    }

    private func decode(_ text: String) throws(Rejection) -> Decoded { try decode(Array(text.utf8)) }

    @Test(.enabled(if: Foreign.hasVectors, Foreign.noVectors), arguments: ["senml_kpn.json", "senml_kpn.cbor"])
    func aRealSenders(file: String) throws {
        let decoded = try decode(Foreign.vector(file))
        #expect(decoded.rejections.isEmpty)
        let acceleration = 7.25 / 9.80665
        #expect(
            decoded.lines == [
                "P1/DE-H velocity_rms_mm_s = 2.31 @1276020076305",
                "P1/DE-H acceleration_peak_g = \((acceleration * 1e6).rounded() / 1e6) @1276020076305",
                "P1/DE-H temperature_c = 41.5 @1276020076305",
            ])
        #expect(decoded.series.count == 1 && decoded.series[0].readings.count == 1, "one point, one time, one reading")
    }

    @Test func theBaseHoldsForAllThatFollow() throws {
        let decoded = try decode(
            """
            [{"bn": "P1:DE-H:", "bt": 1767225000, "bu": "Cel", "bv": 20, "n": "temperature_c", "v": 1.5},
             {"n": "temperature_c", "t": 10, "v": 2}, {"bv": 0, "n": "crest_factor", "u": "1", "t": 10.25, "v": 4},
             {"bn": "P2/DE-V/", "bt": 1767225100, "n": "running", "vb": true, "u": ""}]
            """)
        #expect(decoded.rejections.isEmpty)
        #expect(
            decoded.lines == [
                "P1/DE-H temperature_c = 21.5 @1767225000000", "P1/DE-H temperature_c = 22.0 @1767225010000",
                "P1/DE-H crest_factor = 4.0 @1767225010250", "P2/DE-V running = 1.0 @1767225100000",
            ])
    }

    @Test func smallTimesAreRelativeToNow() throws {
        let decoded = try decode(
            #"[{"bn":"P1:DE-H:","n":"kurtosis","v":3},{"n":"kurtosis","t":-5,"v":4},{"n":"kurtosis","t":2.5,"v":5}]"#)
        #expect(
            decoded.series[0].readings.map(\.at.milliseconds).map { $0 - Foreign.now.milliseconds } == [-5000, 0, 2500])
        let edge = try decode(#"[{"n":"P1:DE-H:kurtosis","t":268435456,"v":3}]"#)
        #expect(edge.series[0].readings[0].at.milliseconds == 268_435_456_000)
    }

    @Test func fullNamesAndOneRecord() throws {
        let decoded = try decode(#"{"bn":"whole:","n":"name","t":1767225000,"vb":false}"#)
        #expect(decoded.lines == ["P2/DE-H running = 0.0 @1767225000000"])
    }

    @Test(arguments: [
        (#"[{"n":"P1:DE-H:acceleration_rms_g","u":"g","v":1}]"#, RejectionReason.unknownUnit),
        (#"[{"n":"P1:DE-H:temperature_c","u":"F","v":1}]"#, .unknownUnit),
        (#"[{"n":"P1:DE-H:velocity_rms_mm_s","u":"parsec","v":1}]"#, .unknownUnit),
        (#"[{"n":"P1:DE-H:kurtosis","vs":"3"}]"#, .wrongType), (#"[{"n":"P1:DE-H:kurtosis","vd":"AA"}]"#, .wrongType),
        (#"[{"n":"P1:DE-H:kurtosis","vb":true}]"#, .wrongType), (#"[{"n":"P1:DE-H:kurtosis","v":"3"}]"#, .wrongType),
        (#"[{"n":"P1:DE-H:kurtosis","v":null}]"#, .wrongType), (#"[{"n":"P1:DE-H:kurtosis","v":1e999}]"#, .notFinite),
        (#"[{"n":7,"v":1}]"#, .wrongType), (#"[{"n":"P1:DE-H:kurtosis"}]"#, .wrongShape),
        (#"[{"n":"P1:DE-H:kurtosis","v":1,"vs":"a"}]"#, .wrongShape), (#"[{"n":"a","n":"b","v":1}]"#, .wrongShape),
        (#"[{"n":"P1:DE-H:kurtosis","v":1,"new_":1}]"#, .wrongShape), ("[[]]", .wrongShape), ("[7]", .wrongShape),
        (#"[{"bn":"P1:DE-H:","e":[{"n":"kurtosis","v":1}]}]"#, .noMeasure),
        (#"[{"n":"P1:DE-H:kurtosis","v":-1}]"#, .implausibleValue),
        (#"[{"n":"P1:DE-H:kurtosis","t":1e300,"v":1}]"#, .missingTime),
    ])
    func aBadRecordCostsOnlyItself(bad: String, reason: RejectionReason) throws {
        let decoded = try decode("\(bad.dropLast()),{\"bn\":\"\",\"n\":\"P1:DE-H:temperature_c\",\"v\":20}]")
        #expect(decoded.rejections.map(\.reason) == [reason])
        #expect(decoded.lines.count == 1)
    }

    @Test(arguments: [
        ("[", RejectionReason.notJSON), ("[{]", .notJSON), (#"[{"n":"a\#u{0}"}]"#, .notJSON), ("[NaN]", .notFinite),
        (#"[{"bver":11,"n":"P1:DE-H:kurtosis","v":1}]"#, .wrongShape),
        (#"[{"bver":9,"bn":"a"},{"bver":10,"n":"b","v":1}]"#, .wrongShape),
        (#"[{"btime_":11,"n":"P1:DE-H:kurtosis","v":1}]"#, .wrongShape), (#"[{"bt":"noon"}]"#, .wrongType),
        (#"[{"bn":1}]"#, .wrongType), (#"[{"bv":1e999}]"#, .notFinite), ("hello", .badPayload), ("\u{1}", .badPayload),
    ])
    func aBadPackCostsTheMessage(text: String, reason: RejectionReason) {
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode(text) } == reason)
    }

    @Test func unmappedNamesAreToldOnce() throws {
        let records = (0..<40).map { "{\"n\":\"x\($0)\",\"v\":1}" }.joined(separator: ",")
        let decoded = try decode("[\(records)]")
        #expect(decoded.rejections.count == 1)
        #expect(decoded.rejections.first?.detail.contains("32 more") == true)
    }

    @Test func whatIsNoMeasureIsKeptAside() throws {
        let decoded = try decode(
            #"[{"n":"P1:DE-H:kurtosis","v":3},{"n":"door","vb":true},{"n":"note","vs":"a\"b"},{"n":"energy","s":7},{"n":"x","vd":"AA"}]"#
        )
        #expect(decoded.rejections.isEmpty)
        #expect(
            decoded.series[0].extras == [Extra(at: Foreign.now, json: #"{"door":true,"note":"a\"b","energy":7.0}"#)])
    }

    @Test func tooManyReadings() {
        let records = (0..<1001).map { "{\"n\":\"P1:DE-H:kurtosis\",\"t\":\($0),\"v\":1}" }.joined(separator: ",")
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode("[\(records)]") } == .tooMany)
    }

    @Test func aThousandMistakesAreNotAThousandRows() throws {
        let decoded = try decode("[" + [String](repeating: "7", count: 5000).joined(separator: ",") + "]")
        #expect(decoded.rejections.count == Limits.rejectionsPerMessage + 1)
        #expect(decoded.rejections.last?.detail.contains("\(5000 - Limits.rejectionsPerMessage) more") == true)
    }

    @Test func damageNeverTraps() throws {
        let json = Array(
            #"[{"bn":"P1:DE-H:","bt":1.5e9,"u":"Cel","n":"temperature_c","v":-2.5e1,"x":[{"é":"\u00e9"}]}]"#.utf8)
        // The same in CBOR, with a half float, an indefinite map and a chunked name.
        let cbor: [UInt8] =
            [0x9F, 0xBF, 0x21, 0x7F, 0x64] + Array("P1:D".utf8) + [0x64] + Array("E-H:".utf8) + [0xFF, 0x00, 0x6D]
            + Array("temperature_c".utf8) + [0x02, 0xF9, 0x4D, 0x00, 0x01, 0x63] + Array("Cel".utf8)
            + [0x61, 0x78, 0xC4, 0x82, 0x20, 0x18, 0x1B, 0xFF, 0xFF]
        #expect(try decode(json).lines == ["P1/DE-H temperature_c = -25.0 @1500000000000"])
        #expect(try decode(cbor).lines == ["P1/DE-H temperature_c = 20.0 @\(Foreign.now.milliseconds)"])
        for payload in [json, cbor] {
            for damaged in Foreign.damaged(payload) { _ = try? decode(damaged) }
            for length in payload.indices.dropFirst() {
                let reason = Foreign.reason { () throws(Rejection) in _ = try decode(Array(payload[..<length])) }
                #expect(reason == (payload == json ? .notJSON : .truncated), "cut at \(length)")
            }
        }
    }
}
