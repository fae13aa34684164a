import Domain
import Testing

@testable import Ingest

@Suite struct ThingsBoardTests {
    private static let sources = Foreign.sources([
        (.thingsboard, "Device A", "vel", "P1/DE-H", .velocityRMS),
        (.thingsboard, "Device A", "temp", "P1/DE-H", .temperature),
        (.thingsboard, "Device A", "on", "P2/DE-H", .running),
    ])

    private func decode(
        _ text: String, _ topic: ThingsBoardTopic = .telemetry(device: "Device A"), _ sources: SourceMap = sources
    ) throws(Rejection) -> Decoded {
        try decodeThingsBoard(Array(text.utf8), topic, sources: sources, now: Foreign.now, origin: Foreign.origin)
    }

    private static let cases: [(String, ThingsBoardTopic?)] = [
        ("v1/gateway/telemetry", .gatewayTelemetry), ("v1/gateway/connect", .other),
        ("v1/gateway/attributes", .other),
        ("v1/devices/me/telemetry", .anonymous), ("v1/devices/Device A/telemetry", .telemetry(device: "Device A")),
        ("v1/devices/me/attributes", .other), ("v2/t/x", nil), ("v1/gateway", nil), ("v1/x/telemetry", nil),
    ]

    @Test(arguments: cases)
    func topics(text: String, expected: ThingsBoardTopic?) {
        #expect(ThingsBoardTopic(text.split(separator: "/", omittingEmptySubsequences: false)) == expected)
    }

    @Test func aGatewaySpeaksForMany() throws {
        let decoded = try decode(
            """
            {"Device A": [{"ts": 1767225600200, "values": {"vel": 2.5, "temp": "41.5", "fw": "1.2"}},
                          {"ts": 1767225600100, "values": {"vel": 2.4, "on": true}}],
             "BL-P9": [{"ts": 1767225600100, "values": {"DE-V/kurtosis": 3.1}}], "Nobody": [{"a": 1}, {"b": 2}]}
            """, .gatewayTelemetry)
        #expect(
            decoded.lines.sorted() == [
                "BL-P9/DE-V kurtosis = 3.1 @1767225600100", "P1/DE-H temperature_c = 41.5 @1767225600200",
                "P1/DE-H velocity_rms_mm_s = 2.4 @1767225600100", "P1/DE-H velocity_rms_mm_s = 2.5 @1767225600200",
                "P2/DE-H running = 1.0 @1767225600100",
            ])
        #expect(decoded.series[0].readings.map(\.at) == decoded.series[0].readings.map(\.at).sorted())
        #expect(
            decoded.series[0].extras == [Extra(at: Instant(milliseconds: 1_767_225_600_200), json: #"{"fw":"1.2"}"#)])
        #expect(decoded.rejections.map(\.reason) == [.unknownMetric])
        #expect(decoded.rejections[0].detail.contains("“Nobody”: nothing of it is mapped (a, b)"))
    }

    @Test(arguments: [
        #"{"vel": 2.5}"#, #"[{"vel": 2.5}]"#, #"{"ts": 1767225600000, "values": {"vel": 2.5}}"#,
        #"{"values": {"vel": 2.5}}"#,
        #"[{"ts": 1767225600000, "values": {"vel": "2.5", "temp": null}}]"#,
        #"{"ts": 1767225600000.0, "values": {"vel": 2.5}}"#,
    ])
    func aDevicesShapes(text: String) throws {
        let decoded = try decode(text)
        #expect(decoded.lines == ["P1/DE-H velocity_rms_mm_s = 2.5 @1767225600000"])
        #expect(decoded.rejections.isEmpty)
    }

    @Test func textIsReadAsAPersonWritesIt() throws {
        #expect(
            try decode(#"{"on": "true", "vel": "1e1"}"#).lines.sorted()
                == ["P1/DE-H velocity_rms_mm_s = 10.0 @1767225600000", "P2/DE-H running = 1.0 @1767225600000"])
        #expect(try decode(#"{"on": "false"}"#).lines == ["P2/DE-H running = 0.0 @1767225600000"])
        for text in ["0x10", "0X1p4", " 1", "", "true"] {
            #expect(try decode(#"{"vel": "\#(text)"}"#).rejections.map(\.reason) == [.wrongType], "\(text)")
        }
    }

    @Test func theUnitAndScaleOfTheRow() throws {
        let rows = [(SourceMap.Format.thingsboard, "Device A", "vel", "P1/DE-H", Measure?.some(.velocityRMS))]
        let decoded = try decode(
            #"{"vel": 0.1}"#, .telemetry(device: "Device A"), Foreign.sources(rows, unit: "in/s", scale: 0.5))
        #expect(decoded.lines == ["P1/DE-H velocity_rms_mm_s = 1.27 @1767225600000"])
    }

    @Test(arguments: [
        (#"{"vel": "fast"}"#, RejectionReason.wrongType), (#"{"vel": true}"#, .wrongType),
        (#"{"vel": [1]}"#, .wrongType),
        (#"{"vel": {"a": 1}}"#, .wrongType), (#"{"vel": -1}"#, .implausibleValue), (#"{"vel": 1e999}"#, .notFinite),
        (#"{"vel": "nan"}"#, .notFinite), (#"{"ts": "noon", "values": {"vel": 1}}"#, .missingTime),
        (#"{"ts": "0x10", "values": {"vel": 1}}"#, .missingTime),
        (#"[7]"#, .wrongShape), (#"7"#, .wrongShape), (#"{"other": 1}"#, .unknownMetric),
    ])
    func aBadValue(text: String, reason: RejectionReason) throws {
        let decoded = try decode(text)
        #expect(decoded.series.isEmpty)
        #expect(decoded.rejections.map(\.reason) == [reason])
    }

    @Test func badMessages() {
        for (text, topic, reason) in [
            ("{", ThingsBoardTopic.gatewayTelemetry, RejectionReason.notJSON), ("[]", .gatewayTelemetry, .wrongType),
            (#"{"vel": 1}"#, .anonymous, .wrongDevice), (#"{"vel": 01}"#, .telemetry(device: "a"), .notJSON),
            (String(repeating: "[", count: 5000), .telemetry(device: "a"), .notJSON),
            (#"{"vel": NaN}"#, .telemetry(device: "a"), .notFinite),
        ] {
            #expect(
                Foreign.reason { () throws(Rejection) in _ = try decode(text, topic) } == reason, "\(text.prefix(20))")
        }
    }

    @Test func attributesComeToNothing() throws { #expect(try decode(#"{"device": "A"}"#, .other) == Decoded()) }

    @Test func damageNeverTraps() {
        let payload = Array(#"{"Device A":[{"ts":1767225600200,"values":{"vel":2.5,"é\u00e9":[1,{"a":null}]}}]}"#.utf8)
        for damaged in Foreign.damaged(payload) {
            _ = try? decodeThingsBoard(
                damaged, .gatewayTelemetry, sources: Self.sources, now: Foreign.now, origin: Foreign.origin)
        }
        for length in payload.indices {
            #expect(throws: Rejection.self) {
                try decode(String(decoding: payload[..<length], as: UTF8.self), .gatewayTelemetry)
            }
        }
    }
}
