import Domain
import Foundation
import GRDB
import Testing

@testable import Ingest
@testable import Store

@Suite struct IngestTests {
    private final class House {
        let directory = NSTemporaryDirectory() + "fieldloop-ingest-\(UUID().uuidString)"
        let store: Store
        let ingest: Ingest
        static let now = Instant(milliseconds: 1_767_225_600_000)

        init() throws {
            let plant = directory + "/plant"
            try FileManager.default.createDirectory(atPath: plant, withIntermediateDirectories: true)
            store = try Store(directory: directory)
            let files = [
                "sites.csv": "id,name_zh,name_en,lat,lon,datum,timezone,entity\ns,厂,S,29.8,121.7,wgs84,Asia/Shanghai,x"
                    + "\nt,厂二,T,29.9,121.8,wgs84,Asia/Shanghai,x",
                "customers.csv": "id,name_zh,name_en,grade,contact,phone\nC1,远,Y,A,f,1",
                "zone_limits.csv":
                    "version,machine_class,measure,ab,bc,cd,source\n1,c,velocity_rms_mm_s,1.4,2.8,4.5,ISO",
                "assets.csv":
                    "id,site,name_zh,name_en,customer,machine_class,rated_rpm,power_kw,bearing,skill,skill_level\n"
                    + "P1,s,泵,Pump,C1,c,,,,pump,2",
                "points.csv": "asset,name,direction,place_zh,place_en\nP1,DE-H,H,x,x",
                "engineers.csv":
                    "id,name_zh,name_en,phone,skills,home_lat,home_lon,datum,timezone,shift_days,shift_start,shift_end,"
                    + "load_cap,wecom\nE1,王磊,Wang Lei,1,pump:2,29.9,121.8,wgs84,Asia/Shanghai,1-7,00:00,24:00,1,w",
            ]
            for (name, text) in files { try text.write(toFile: "\(plant)/\(name)", atomically: true, encoding: .utf8) }
            let report = try store.importPlant(from: [plant])
            #expect(report.errors.isEmpty, "\(report.errors)")
            ingest = try Ingest(store: store, now: { House.now }) { bytes in
                bytes.starts(with: [0xFF, 0xD8])
                    ? .kept(sha256: String(bytes.count), exif: nil)
                    : .refused(code: "not_jpeg", sentence: "send a JPEG")
            }
        }

        deinit {
            try? store.close()
            try? FileManager.default.removeItem(atPath: directory)
        }

        func take(_ messages: (String, [UInt8])...) throws {
            try ingest.take(
                messages.map { RawMessage(topic: $0.0, payload: $0.1, size: $0.1.count) })
        }

        func take(_ topic: String, _ text: String) throws { try take((topic, Array(text.utf8))) }

        func texts(_ sql: String) throws -> [String] { try store.pool.read { try String.fetchAll($0, sql: sql) } }
        func reasons() throws -> [String] { try texts("SELECT reason FROM rejected ORDER BY id") }
    }

    private let reading = "fieldloop/v1/s/P1/DE-H/reading"

    private func breach(_ house: House) throws {
        for second in 0..<3 {
            let ts = House.now.milliseconds - 10_000 + Int64(second) * 1000
            try house.take(reading, "{\"ts\":\(ts),\"velocity_rms_mm_s\":4}")
        }
    }

    @Test func fromBytesToATicketAndAnAnswer() throws {
        let house = try House()
        try breach(house)
        #expect(try house.texts("SELECT state FROM ticket") == ["offered"])
        try house.take("fieldloop/v1/engineers/E1/answer", #"{"ticket":1,"epoch":1,"answer":"accept"}"#)
        #expect(try house.texts("SELECT state FROM ticket") == ["accepted"])
        try house.take("fieldloop/v1/engineers/E1/answer", #"{"ticket":"T1","epoch":1,"answer":"accept"}"#)
        #expect(try house.reasons() == [], "delivered twice, it is one answer")
        try house.take("fieldloop/v1/engineers/E1/answer", #"{"ticket":"T1","epoch":7,"answer":"accept"}"#)
        #expect(try house.reasons() == ["old_offer"], "a refusal of a message is a stored reason")
    }

    @Test(arguments: [
        ("fieldloop/v1/s/P1/DE-H", "{}", "bad_topic"), ("other/v1/s/P1/DE-H/reading", "{}", "bad_topic"),
        ("fieldloop/v1/s/P1/DE-H/nothing", "{}", "bad_topic"), ("fieldloop/v1/s/P 1/DE-H/reading", "{}", "bad_topic"),
        ("fieldloop/v1/s/P1/DE-H/reading", "", "empty"), ("fieldloop/v1/s/P1/DE-H/reading", "{\"ts\":", "not_json"),
        ("fieldloop/v1/s/P9/DE-H/reading", #"{"ts":1767225600000,"temperature_c":1}"#, "unknown_point"),
        ("fieldloop/v1/x/P1/DE-H/reading", #"{"ts":1767225600000,"temperature_c":1}"#, "wrong_site"),
        ("fieldloop/v1/s/P1/DE-H/reading", #"{"ts":1767225700000,"temperature_c":1}"#, "in_the_future"),
        ("fieldloop/v1/s/P1/DE-H/reading", #"{"ts":1767225600,"temperature_c":1}"#, "too_old"),
        ("fieldloop/v1/s/P1/DE-H/waveform", "{}\nxx", "missing_time"),
        ("v1/devices/me/telemetry", "{}", "wrong_device"),
        ("fieldloop/v1/engineers/E1/position", #"{"lat":29,"lon":121,"fix_at":1767225600000}"#, "missing_datum"),
        ("fieldloop/v1/engineers/E1/position", #"{"lat":29,"lon":121,"datum":"x","fix_at":1}"#, "unknown_datum"),
        ("fieldloop/v1/engineers/E1/position", #"{"lat":0,"lon":0,"datum":"wgs84","fix_at":1}"#, "no_position"),
        ("fieldloop/v1/engineers/E1/position", #"{"lat":null,"lon":121,"datum":"wgs84","fix_at":1}"#, "no_position"),
        ("fieldloop/v1/engineers/E1/position", #"{"lat":29,"lon":121,"datum":"wgs84"}"#, "missing_time"),
        ("fieldloop/v1/engineers/E1/position", #"{"lat":"29","lon":121,"datum":"wgs84"}"#, "wrong_type"),
        (
            "fieldloop/v1/engineers/E9/position", #"{"lat":29,"lon":121,"datum":"wgs84","fix_at":1767225600000}"#,
            "unknown_engineer"
        ),
        ("fieldloop/v1/engineers/E1/answer", #"{"ticket":9,"epoch":1,"answer":"accept"}"#, "unknown_ticket"),
        ("fieldloop/v1/engineers/E1/answer", #"{"ticket":1,"epoch":1,"answer":"explode"}"#, "unknown_answer"),
        ("fieldloop/v1/engineers/E9/answer", #"{"ticket":1,"epoch":1,"answer":"accept"}"#, "not_allowed"),
        ("fieldloop/v1/engineers/E1/answer", #"{"ticket":1,"answer":"override","reason":"x"}"#, "not_allowed"),
        ("fieldloop/v1/photos/E1/u1", "{\"ticket\":1}", "wrong_shape"),
        ("fieldloop/v1/photos/E1/u1", "{\"ticket\":1}\n", "empty"),
        ("fieldloop/v1/photos/E1/u1", "{}\nxx", "unknown_ticket"),
        ("fieldloop/v1/photos/E1/u1", "{\"ticket\":1}\nGIF", "photo_not_jpeg"),
        ("fieldloop/v1/photos/E1/u1", "{\"ticket\":7}\nGIF", "unknown_ticket"),
        ("fieldloop/v1/photos/E9/u1", "{\"ticket\":1}\nGIF", "unknown_engineer"),
    ]) func eachHasAReasonAndTheServiceGoesOn(topic: String, payload: String, reason: String) throws {
        let house = try House()
        try breach(house)
        try house.take(topic, payload)
        #expect(try house.reasons() == [reason])
        #expect(try house.texts("SELECT topic FROM rejected") == [topic])
        try house.take(reading, "{\"ts\":\(House.now.milliseconds),\"velocity_rms_mm_s\":4}")
        #expect(try house.reasons().count == 1)
    }

    /// The broker's access list lets each gateway into its own group only.
    @Test func aSparkplugGroupSpeaksForItsSite() throws {
        let house = try House()
        func send(_ group: String, _ seq: UInt64) throws {
            let metric = Wire.metric("DE-H/velocity_rms_mm_s", type: 10, Wire.double(13, 1))
            try house.take(("spBv1.0/\(group)/DDATA/N/P1", Wire.payload(seq: seq, at: 1_767_225_600_000 - seq, metric)))
        }
        try send("t", 1)
        #expect(try house.reasons() == ["wrong_site"])
        #expect(try house.texts("SELECT point FROM progress").isEmpty)
        try send("s", 2)
        try send("a-group-of-no-site", 3)
        #expect(try house.reasons() == ["wrong_site"])
        #expect(try house.texts("SELECT sum(readings) FROM journal") == ["2"])
    }

    /// The order of the metrics must not decide who answers for what.
    @Test func aMappedMetricOpensNoDoorForOthers() throws {
        var sources = Foreign.sources([(.sparkplug, "t/N/P1", "vib", "P1/DE-H", .velocityRMS)])
        sources.sites = [SiteID(stored: "s"), SiteID(stored: "t")]
        var host = SparkplugHost()
        let metrics = [
            Wire.metric("vib", type: 10, Wire.double(13, 1)),
            Wire.metric("DE-H/temperature_c", type: 10, Wire.double(13, 40)),
        ]
        for (number, order) in [metrics, metrics.reversed()].enumerated() {
            let payload = Wire.payload(seq: UInt64(number), order[0], order[1])
            let series = try host.take(
                ["spBv1.0", "t", "DDATA", "N", "P1"], payload, origin: Foreign.origin, sources: sources,
                at: Foreign.now
            ).decoded.series
            #expect(series.first { $0.readings[0].values[.velocityRMS] != nil }?.site == nil)
            #expect(series.first { $0.readings[0].values[.temperature] != nil }?.site == SiteID(stored: "t"))
        }
    }

    @Test func aSparkplugDeathMayBeEmpty() throws {
        let house = try House()
        let metric = Wire.metric("DE-H/velocity_rms_mm_s", alias: 4, type: 10, Wire.double(13, 1))
        try house.take(
            ("spBv1.0/s/NBIRTH/N", Wire.payload(seq: 0, Wire.bdSeq(1))),
            ("spBv1.0/s/DBIRTH/N/P1", Wire.payload(seq: 1, metric)), ("spBv1.0/s/NDEATH/N", []),
            ("spBv1.0/s/DDATA/N/P1", Wire.payload(seq: 2, Wire.metric(alias: 4, Wire.double(13, 2)))),
            ("spBv1.0/s/NDATA/N", []))
        #expect(try house.reasons() == ["never_born", "empty"])
    }

    @Test(arguments: [
        ("fieldloop/v1/s/senml", Array("[]".utf8)), ("fieldloop/v1/s/senml", [0x80]),
        ("fieldloop/v1/s/senml", Array(#"{"bn":"P1:DE-H:","bt":1767225600,"e":[{"n":"temperature_c","v":1.5}]}"#.utf8)),
        ("v1/gateway/telemetry", Array("{}".utf8)), ("v1/gateway/telemetry", Array(#"{"P1":[]}"#.utf8)),
    ]) func nothingIsPassedOverInSilence(topic: String, payload: [UInt8]) throws {
        let house = try House()
        try house.take((topic, payload))
        #expect(try house.reasons() == ["no_measure"])
    }

    @Test func whatIsNoTelemetryNeedsNoReason() throws {
        let house = try House()
        try house.take("v1/gateway/connect", #"{"device":"P1"}"#)
        #expect(try house.reasons().isEmpty)
    }

    @Test func tooLargeIsRejectedWithItsTrueSize() throws {
        let house = try House()
        try house.take((reading, Array(repeating: 0x20, count: Limits.readingPayload + 1)))
        try house.ingest.take([RawMessage(topic: "?", isTopic: false, payload: [1], size: 1)])
        let head = RawMessage(topic: "fieldloop/v1/photos/E1/u", payload: [1, 2], size: 16_000_000)
        try house.ingest.take([head])
        #expect(try house.reasons() == ["too_large", "bad_topic", "too_large"])
        #expect(try house.texts("SELECT size FROM rejected ORDER BY id") == ["65537", "1", "16000000"])
    }

    @Test func photosComeWithTheirPosition() throws {
        let house = try House()
        try breach(house)
        let header =
            #"{"ticket":1,"captured_at":1767225600000,"position":{"lat":29.8657,"lon":121.5481,"datum":"gcj02"}}"#
        try house.take(("fieldloop/v1/photos/E1/u1", Array((header + "\n").utf8) + [0xFF, 0xD8, 1, 2]))
        #expect(
            try house.texts("SELECT datum || round(raw_latitude, 4) || round(latitude, 3) FROM photo") == [
                "gcj0229.865729.868"
            ])
        let nowhere = #"{"ticket":1,"position":{"lat":0,"lon":0,"datum":"wgs84"}}"#
        try house.take(("fieldloop/v1/photos/E1/u2", Array((nowhere + "\n").utf8) + [0xFF, 0xD8, 1]))
        #expect(try house.texts("SELECT count(*) FROM photo") == ["2"], "a bad position does not cost the photo")
        #expect(try house.reasons() == ["no_position"])
    }

    @Test func oneUndecidableReadingDoesNotStopTheRest() throws {
        let house = try House()
        try house.store.pool.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER mistake BEFORE INSERT ON reading_aside WHEN NEW.extra = '{"x":7}'
                    BEGIN SELECT raise(ABORT, 'contradiction'); END
                    """)
        }
        let now = House.now.milliseconds
        let payload = { (value: Int) in
            Array("{\"ts\":\(now - Int64(value)),\"x\":\(value),\"temperature_c\":\(value)}".utf8)
        }
        try house.take((reading, payload(1)), (reading, payload(7)), (reading, payload(2)))
        var stored: [Double?] = []
        try StoredReadings(house.store.telemetry).visit(from: House.now - .days(1), to: House.now) {
            stored += $1.map { $0.values[.temperature] }
        }
        #expect(Set(stored) == [1, 2])
        #expect(try house.reasons() == ["undecidable"])
        #expect(try house.texts("SELECT topic FROM rejected") == [reading])
    }

    @Test func aStoreThatFailsAcknowledgesNothing() throws {
        let house = try House()
        try house.store.close()
        #expect(throws: (any Error).self) { try house.take(reading, "{}") }
    }
}
