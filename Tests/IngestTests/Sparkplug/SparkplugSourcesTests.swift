import Domain
import Foundation
import GRDB
import Testing

@testable import Ingest
@testable import Store

/// What metrics are to us: from `sources.csv` to the store, and when it changes.
@Suite struct SparkplugSourcesTests {
    private static let fixtures = ["data", "plant"].map { Foreign.root.appending(path: "fixtures/\($0)").path }
    private static let header = "format,sender,metric,asset,point,measure,unit,scale,sample_rate_hz\n"

    /// A store with the fixtures' plant.
    private final class House {
        let directory = NSTemporaryDirectory() + "fieldloop-sparkplug-\(UUID().uuidString)"
        let store: Store
        let ingest: Ingest

        init() throws {
            store = try Store(directory: directory)
            #expect(try store.importPlant(from: SparkplugSourcesTests.fixtures).errors == [])
            ingest = try Ingest(store: store, now: { Foreign.now }) { _ in .refused(code: "none", sentence: "") }
        }

        deinit {
            try? store.close()
            try? FileManager.default.removeItem(atPath: directory)
        }

        func importing(_ row: String) throws -> [String] {
            let folder = directory + "/more"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try (SparkplugSourcesTests.header + row).write(
                toFile: folder + "/sources.csv", atomically: true, encoding: .utf8)
            return try store.importPlant(from: [folder]).errors
        }

        func take(_ kind: String, _ payload: [UInt8], device: String? = "BL-P102") throws {
            let topic = "spBv1.0/beilun/\(kind)/edge-7" + (device.map { "/\($0)" } ?? "")
            try ingest.take([RawMessage(topic: topic, payload: payload, size: payload.count)])
        }

        func rows(_ sql: String) throws -> [String] { try store.pool.read { try String.fetchAll($0, sql: sql) } }
    }

    private static let samples = Wire.bytes(16, [1, 0, 0xFF, 0xFF])
    private static let array = Wire.metric("Accelerometer", alias: 9, type: 23, samples)

    @Test func aRowMakesAWaveform() throws {
        let house = try House()
        try house.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(1)), device: nil)
        try house.take("DBIRTH", Wire.payload(seq: 1, Self.array))
        // Redelivered, it is the same record.
        try house.take("DBIRTH", Wire.payload(seq: 1, Self.array))
        let stored = "SELECT sample_rate || ' ' || unit || ' ' || scale || ' ' || hex(bytes) FROM waveform ORDER BY at"
        #expect(try house.rows(stored) == ["25600.0 g 0.000244 0100FFFF"])
        #expect(try house.rows("SELECT reason FROM rejected") == [])
        // Another rate, while the session goes on.
        let row = "sparkplug,beilun/edge-7/BL-P102,Accelerometer,BL-P102,DE-V,waveform,mm/s,2,8000"
        #expect(try house.importing(row) == [])
        try house.take("DDATA", Wire.payload(seq: 2, at: 1_767_225_600_009, Wire.metric(alias: 9, Self.samples)))
        #expect(try house.rows(stored).last == "8000.0 mm/s 2.0 0100FFFF")
    }

    @Test(arguments: [
        ("waveform,g,0,", "scale is 0"), ("waveform,g,-1,", "the scale of a waveform is above 0"),
        ("waveform,kPa,,", "“kPa” is no unit of a waveform"), ("waveform,,,0", "sample_rate_hz is within"),
        ("waveform,,,fast", "“fast” is no number"), ("kurtosis,,,25600", "sample_rate_hz is a waveform's"),
    ])
    func aBadRow(fields: String, reason: String) throws {
        let errors = try House().importing("sparkplug,g/n,m,BL-P102,DE-V," + fields)
        #expect(errors.count == 1 && errors[0].contains(reason), "\(errors)")
    }

    @Test func onlySparkplugHasArrays() throws {
        for format in ["senml", "thingsboard"] {
            let errors = try House().importing("\(format),n,m,BL-P102,DE-V,waveform,g,,25600")
            #expect(errors.count == 1 && errors[0].contains("only Sparkplug's arrays are waveforms"), "\(errors)")
        }
    }

    /// What was looked up at a birth is looked up again when the plant says something else.
    @Test func aNewMapCountsAtOnce() throws {
        var scene = SparkplugScene()
        try scene.born()
        #expect(try scene.velocity(0.2, seq: 2).decoded.lines == ["P1/DE-H velocity_rms_mm_s = 5.08 @1767225600100"])
        let target = SourceMap.Target(point: Foreign.point("P9/X"), measure: .kurtosis, unit: "1", scale: 10)
        scene.sources[.sparkplug, "G/N/P1", "DE-H/velocity_rms_mm_s"] = target
        #expect(try scene.velocity(0.3, seq: 3).decoded.lines == ["P9/X kurtosis = 3.0 @1767225600100"])
        scene.restart()
        #expect(try scene.velocity(0.4, seq: 4).decoded.lines == ["P9/X kurtosis = 4.0 @1767225600100"])
        scene.sources = SourceMap()
        #expect(try scene.velocity(0.5, seq: 5).decoded.lines == ["P1/DE-H velocity_rms_mm_s = 12.7 @1767225600100"])
    }
}
