import Domain
import Testing

@testable import Ingest

/// Arrays that `sources.csv` calls waveforms.
@Suite struct SparkplugWaveformTests {
    private var scene = SparkplugScene()

    private init() { map() }

    private mutating func map(unit: String? = "g", scale: Double = 1, rate: Double? = 25_600) {
        var sources = SourceMap()
        sources[.sparkplug, "G/N/P1", "Accel"] = .init(
            point: Foreign.point("P1/DE-H"), measure: nil, isWaveform: true, unit: unit, scale: scale, sampleRate: rate)
        scene.sources = sources
    }

    private mutating func send(_ type: UInt64, _ bytes: [UInt8], _ properties: [UInt8] = []) throws -> Decoded {
        let metric = Wire.metric("Accel", type: type, properties + Wire.bytes(16, bytes))
        return try scene.take("DDATA", Wire.payload(seq: 2, metric), device: "P1").decoded
    }

    @Test(
        arguments: [
            // Whole numbers that fit 16 bits; what doesn't; floats.
            (22, [0xFF, 0x7F], .int16le, [0xFF, 0xFF, 0x7F, 0x00]),
            (26, [0xFF, 0x01], .int16le, [0xFF, 0x00, 0x01, 0x00]),
            (23, [0x00, 0x80, 0xFF, 0x7F], .int16le, [0x00, 0x80, 0xFF, 0x7F]),
            (24, [0xFF, 0xFF, 0xFF, 0xFF], .int16le, [0xFF, 0xFF]),
            (27, [0x00, 0x80], .float32le, [0x00, 0x00, 0x00, 0x47]),
            (25, [0, 0, 0, 1, 0, 0, 0, 0], .float32le, [0x00, 0x00, 0x80, 0x4B]),
            (28, [2, 0, 0, 0], .int16le, [2, 0]), (29, [3, 0, 0, 0, 0, 0, 0, 0], .int16le, [3, 0]),
            (30, [0x00, 0x00, 0xC0, 0x3F], .float32le, [0x00, 0x00, 0xC0, 0x3F]),
            (31, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], .float32le, [0x00, 0x00, 0xC0, 0x3F]),
        ] as [(UInt64, [UInt8], SampleEncoding, [UInt8])])
    mutating func everyTypeOfNumber(type: UInt64, sent: [UInt8], encoding: SampleEncoding, stored: [UInt8]) throws {
        let decoded = try send(type, sent)
        let part = try #require(decoded.waveforms.first)
        #expect(decoded.rejections.isEmpty && decoded.series.isEmpty && decoded.waveforms.count == 1)
        #expect(part.encoding == encoding && part.bytes == stored)
        #expect(part.samples == stored.count / encoding.bytes && part.part == 1 && part.of == 1)
        #expect(part.point == Foreign.point("P1/DE-H") && part.at == Foreign.now && part.sampleRate == 25_600)
        #expect(part.unit == .g && part.scale == 1 && part.origin?.topic == "spBv1.0/G/DDATA/N/P1")
    }

    @Test mutating func unitAndRateOfTheBirth() throws {
        map(unit: nil, scale: 0.5, rate: nil)
        let told = Wire.properties(("engUnit", Wire.text(8, "mg")), ("Sample_Rate (unused)", []))
        let rated = Wire.properties(("engUnit", Wire.text(8, "mg")), ("sampleRate", Wire.double(6, 5_000.5)))
        let samples = Wire.bytes(16, [1, 0])
        for properties in [told, rated] {
            _ = try scene.take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(1)))
            let birth = Wire.payload(seq: 1, Wire.metric("Accel", alias: 4, type: 23, properties + Wire.null))
            #expect(try scene.take("DBIRTH", birth, device: "P1").decoded == Decoded())
            scene.restart()
            let data = Wire.payload(seq: 2, Wire.metric(alias: 4, at: 1_767_225_600_007, samples))
            let decoded = try scene.take("DDATA", data, device: "P1").decoded
            if properties == told {
                #expect(decoded.waveforms.isEmpty && decoded.rejections.map(\.reason) == [.badWaveform])
                #expect(decoded.rejections.first?.detail.contains("sample rate is missing") == true)
            } else {
                let part = try #require(decoded.waveforms.first)
                #expect(part.unit == .g && part.scale == 0.0005 && part.sampleRate == 5_000.5)
                #expect(part.at == Instant(milliseconds: 1_767_225_600_007))
            }
        }
    }

    @Test(
        arguments: [
            ("sampleRate", Wire.number(3, 8000)), ("sample_rate_hz", Wire.number(4, 8000)),
            ("Sampling Rate", Wire.float(5, 8000)), ("samplingFrequency", Wire.double(6, 8000)),
            ("SampleFrequencyHz", Wire.text(8, "8000")),
        ] as [(String, [UInt8])])
    mutating func spellingsOfTheRate(key: String, value: [UInt8]) throws {
        map(rate: nil)
        #expect(try send(23, [1, 0], Wire.properties((key, value))).waveforms.map(\.sampleRate) == [8000])
    }

    @Test mutating func theRowWins() throws {
        map(unit: "m/s²", scale: 2)
        let told = Wire.properties(("unit", Wire.text(8, "in/s")), ("sampleRate", Wire.number(3, 8000)))
        let part = try #require(try send(23, [1, 0], told).waveforms.first)
        #expect(part.unit == .g && abs(part.scale - 2 / Units.gravity) < 1e-15 && part.sampleRate == 25_600)
        map(unit: "in/s")
        let velocity = try #require(try send(23, [1, 0]).waveforms.first)
        #expect(velocity.unit == .millimetresPerSecond && velocity.scale == 25.4)
        map(unit: "m/s2")
        #expect(try send(23, [1, 0]).waveforms.map(\.unit) == [.metresPerSecondSquared])
    }

    @Test mutating func whyNot() throws {
        func reason(_ decoded: Decoded) -> RejectionReason? {
            decoded.waveforms.isEmpty && decoded.rejections.count == 1 ? decoded.rejections[0].reason : nil
        }
        #expect(reason(try send(23, [1, 0, 2])) == .truncated)
        #expect(reason(try send(33, [65, 0])) == .wrongType, "texts")
        #expect(reason(try send(34, [1, 0, 0, 0, 0, 0, 0, 0])) == .wrongType, "times")
        #expect(reason(try send(17, [1, 0])) == .wrongType, "bytes of nobody knows what")
        #expect(reason(try send(30, [0, 0, 0x80, 0x7F])) == .notFinite)
        #expect(reason(try send(31, [0, 0, 0, 0, 0, 0, 0xF0, 0x7E])) == .notFinite, "too large for 32 bits")
        #expect(reason(try send(22, Array(repeating: 1, count: Limits.waveformPart / 2 + 1))) == .badWaveform)
        #expect(reason(try send(23, [1, 0], Wire.properties(("Quality", Wire.number(3, 0))))) == .noMeasure)
        for rate in [0, .nan, 1e9] as [Double] {
            map(rate: rate)
            #expect(reason(try send(23, [1, 0])) == .badWaveform)
        }
        map(unit: "kPa")
        #expect(reason(try send(23, [1, 0])) == .unknownUnit)
        map()
        let single = Wire.payload(seq: 3, Wire.metric("Accel", type: 9, Wire.float(12, 1)))
        #expect(reason(try scene.take("DDATA", single, device: "P1").decoded) == .wrongType)
        let timeless = Wire.payload(seq: 4, at: nil, Wire.metric("Accel", type: 23, Wire.bytes(16, [1, 0])))
        #expect(reason(try scene.take("DDATA", timeless, device: "P1").decoded) == .missingTime)
    }

    @Test mutating func emptyAndUnmappedArrays() throws {
        #expect(try send(23, []) == Decoded(), "nothing recorded yet")
        let other = Wire.metric("Other", type: 23, Wire.bytes(16, [1, 0]))
        let velocity = Wire.metric("DE-H/velocity_rms_mm_s", type: 9, Wire.float(12, 2))
        let decoded = try scene.take("DDATA", Wire.payload(seq: 3, other, velocity), device: "P1").decoded
        #expect(decoded.lines == ["P1/DE-H velocity_rms_mm_s = 2.0 @1767225600000"])
        #expect(decoded.waveforms.isEmpty && decoded.rejections.isEmpty && decoded.series[0].extras.isEmpty)
    }
}
