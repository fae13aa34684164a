import Domain
import Testing

@testable import Ingest

@Suite struct ReadingDecoderTests {
    private func whole(_ text: String) throws -> Decoded {
        try ReadingDecoder.decode(
            Array(text.utf8), site: SiteID(stored: "s"),
            point: PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H")),
            origin: Origin(topic: "t", payload: Array(text.utf8), size: 1))
    }

    private func decode(_ text: String) throws -> (readings: [Reading], rejections: [Rejection]) {
        let decoded = try whole(text)
        return (decoded.series.flatMap(\.readings), decoded.rejections)
    }

    @Test func theDocumentedExample() throws {
        let text = """
            {"ts": 1767225600123, "seq": 17, "velocity_rms_mm_s": 3.21, "acceleration_peak_g": 0.8,
             "temperature_c": 45.2, "running": true}
            """
        let reading = try #require(try decode(text).readings.first)
        #expect(reading.at == Instant(milliseconds: 1_767_225_600_123))
        #expect(reading.sequence == 17)
        #expect(reading.values[.velocityRMS] == 3.21)
        #expect(reading.values[.accelerationPeak] == 0.8)
        #expect(reading.values[.temperature] == 45.2)
        #expect(reading.values[.kurtosis] == nil, "missing is absent, never 0")
        #expect(reading.running == true)
    }

    @Test func unknownFieldsAreKeptAside() throws {
        let text = #"{"ts":1,"temperature_c":1,"fw":"1.2 \"x\"","nested": {"a" : [1]} ,"b\n":null,"c":2}"#
        #expect(try whole(text).series.first?.extras.map(\.json) == [#"{"fw":"1.2 \"x\"","nested":{"a" : [1]},"c":2}"#])
    }

    @Test func aHugeExtraIsNotKept() throws {
        let junk = String(repeating: "x", count: 10_000)
        let series = try #require(try whole(#"{"ts":1,"temperature_c":1,"junk":"\#(junk)"}"#).series.first)
        #expect(series.extras.isEmpty && series.readings.count == 1)
    }

    @Test(arguments: [
        (#"{"temperature_c":1}"#, RejectionReason.missingTime), (#"{"ts":null,"temperature_c":1}"#, .missingTime),
        (#"{"ts":"1767225600123","temperature_c":1}"#, .wrongType), (#"{"ts":1.5,"temperature_c":1}"#, .wrongType),
        (#"{"ts":1}"#, .noMeasure), (#"{"ts":1,"velocity_rms_mm_s":null}"#, .noMeasure),
        (#"{"ts":1,"velocity_rms_mm_s":"3.2"}"#, .wrongType), (#"{"ts":1,"velocity_rms_mm_s":[3]}"#, .wrongType),
        (#"{"ts":1,"velocity_rms_mm_s":true}"#, .wrongType), (#"{"ts":1,"velocity_rms_mm_s":1e999}"#, .notFinite),
        (#"{"ts":1,"velocity_rms_mm_s":-1}"#, .implausibleValue), (#"{"ts":1,"running":7}"#, .implausibleValue),
        (#"{"ts":1,"running":0.5}"#, .implausibleValue),
        (#"{"ts":1,"temperature_c":1,"site":"t"}"#, .wrongDevice),
        (#"{"ts":1,"temperature_c":1,"point":""}"#, .wrongDevice),
        (#"{"ts":1,"temperature_c":-300}"#, .implausibleValue),
        (#"{"ts":1,"velocity_rms_mm_s":1e30}"#, .implausibleValue),
        ("17", .wrongShape), ("\"x\"", .wrongShape), ("[[]]", .wrongShape),
    ]) func oneBadReading(text: String, reason: RejectionReason) throws {
        let (readings, rejections) = try decode(text)
        #expect(readings.isEmpty)
        #expect(rejections.map(\.reason) == [reason])
    }

    @Test(arguments: [
        ("{\"ts\":1,", RejectionReason.notJSON), ("hello", .notJSON),
        (#"{"ts":1,"velocity_rms_mm_s":NaN}"#, .notFinite),
        (#"{"ts":1,"velocity_rms_mm_s":-Infinity}"#, .notFinite), (#"[{"ts":1,"temperature_c":1},"#, .notJSON),
        (String(repeating: "[", count: 100), .notJSON),
    ]) func brokenMessages(text: String, reason: RejectionReason) {
        #expect { try decode(text) } throws: { ($0 as? Rejection)?.reason == reason }
    }

    @Test func oneBadObjectCostsOnlyItself() throws {
        let (readings, rejections) = try decode(
            #"[{"ts":1,"temperature_c":1},{"ts":"x"},7,{"ts":2,"temperature_c":2,"seq":null}]"#)
        #expect(readings.map(\.at.milliseconds) == [1, 2])
        #expect(rejections.map(\.reason) == [.wrongType, .wrongShape])
    }

    @Test func anArrayIsReadInOrderOfTime() throws {
        let (readings, _) = try decode(
            #"[{"ts":3,"temperature_c":1},{"ts":1,"temperature_c":2},{"ts":2,"temperature_c":3}]"#)
        #expect(readings.map(\.at.milliseconds) == [1, 2, 3])
    }

    @Test func tooMany() {
        let text = "[" + Array(repeating: #"{"ts":1,"temperature_c":1}"#, count: 1001).joined(separator: ",") + "]"
        #expect { try decode(text) } throws: { ($0 as? Rejection)?.reason == .tooMany }
    }

    @Test func anEmptyArrayHasAReasonToo() {
        #expect { try decode("[]") } throws: { ($0 as? Rejection)?.reason == .empty }
    }

    @Test func whoseItIsMayBeRepeated() throws {
        let series = try whole(#"{"ts":1,"temperature_c":1,"site":"s","asset":"P1","point":"DE-H"}"#).series
        #expect(series.first?.readings.count == 1 && series.first?.extras.isEmpty == true)
        #expect(
            try whole(#"{"ts":1,"temperature_c":1,"point":7}"#).series.first?.extras.map(\.json) == [#"{"point":7}"#])
    }

    @Test func anotherNameThanTheTopicsCostsItsReading() throws {
        let (readings, rejections) = try decode(
            #"[{"ts":1,"temperature_c":1,"asset":"P2"},{"ts":2,"temperature_c":1,"asset":"P1"}]"#)
        #expect(readings.map(\.at.milliseconds) == [2])
        #expect(rejections.map(\.detail) == ["“asset” is P2, and the topic says P1"])
    }
}
