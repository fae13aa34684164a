import Domain
import Foundation
import Testing

@testable import Ingest

@Suite struct WaveformTests {
    private static let site = SiteID(stored: "s")
    private static let header =
        #"{"ts":1767225600123,"sample_rate_hz":25600,"unit":"g","encoding":"int16le","scale":0.5"#

    private func decode(_ payload: [UInt8]) throws(Rejection) -> WaveformPart {
        try decodeWaveform(payload, site: Self.site, point: Foreign.point("P1/DE-H"), origin: Foreign.origin)
    }

    private func decode(_ text: String, _ samples: [UInt8] = []) throws(Rejection) -> WaveformPart {
        try decode(Array(text.utf8) + samples)
    }

    @Test func aLineAndBytes() throws {
        // Samples that look like blanks and line ends stay samples.
        let samples: [UInt8] = [0x0A, 0x20, 0x0D, 0x0A, 0x20, 0x20]
        let part = try decode(Self.header + #","rpm":1485,"n":3,"seq":7}"# + "\n", samples)
        #expect(part.point == Foreign.point("P1/DE-H") && part.site == Self.site)
        #expect(part.at.milliseconds == 1_767_225_600_123 && part.sampleRate == 25600)
        #expect(part.unit == .g && part.encoding == .int16le && part.scale == 0.5)
        #expect(part.rpm == 1485 && part.sequence == 7)
        #expect(part.samples == 3 && part.part == 1 && part.of == 1 && part.bytes == samples)
    }

    @Test func oneObject() throws {
        let samples = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let text = Data(samples).base64EncodedString()
        for json in [
            Self.header + #","samples_base64":"\#(text)"}"#, Self.header + #","samples_base64":"\#(text)"}"# + "\n",
            "{\n" + Self.header.dropFirst() + ",\n  \"samples_base64\": \"\(text)\"\n}\n",
        ] { #expect(try decode(json).bytes == samples) }
    }

    @Test func floatsAndParts() throws {
        let floats = [Float(1.5), -2, .greatestFiniteMagnitude].flatMap {
            withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init)
        }
        let header = #"{"ts":1,"sample_rate_hz":0.5,"unit":"mm/s","encoding":"float32le","n":7,"part":2,"of":3}"# + "\n"
        let part = try decode(header, floats)
        #expect(part.scale == 1 && part.samples == 7 && part.part == 2 && part.of == 3)
        for bits in [Float.nan.bitPattern, Float.infinity.bitPattern, (-Float.infinity).bitPattern, 0x7F80_0001] {
            let bad = floats + withUnsafeBytes(of: bits.littleEndian, Array.init)
            #expect(Foreign.reason { () throws(Rejection) in _ = try decode(header, bad) } == .notFinite)
        }
    }

    @Test(arguments: [
        (#"{"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1}"#, RejectionReason.missingTime),
        (#"{"ts":1,"unit":"g","encoding":"int16le","scale":1}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":0,"unit":"g","encoding":"int16le","scale":1}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1e9,"unit":"g","encoding":"int16le","scale":1}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"furlong","encoding":"int16le","scale":1}"#, .unknownUnit),
        (#"{"ts":1,"sample_rate_hz":1,"encoding":"int16le","scale":1}"#, .unknownUnit),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"mp3","scale":1}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le"}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":0}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":-1}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"n":3}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"of":2}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"of":2,"n":2}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"of":65,"n":900}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"of":2,"part":3,"n":9}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"of":2,"n":4194305}"#, .badWaveform),
        (#"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"rpm":-1}"#, .implausibleValue),
        (#"{"ts":"a","sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1}"#, .wrongType),
        (
            #"{"ts":1,"sample_rate_hz":1,"unit":"g","encoding":"int16le","scale":1,"samples_base64":"AAA="}"#,
            .badWaveform
        ),
    ])
    func aBadHeader(text: String, reason: RejectionReason) {
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode(text + "\n", [1, 2, 3, 4]) } == reason)
    }

    /// What follows the header's fields.
    @Test(arguments: [
        ("}", RejectionReason.badWaveform), ("}\n", .badWaveform), (#","samples_base64":"A"}"#, .badPayload),
        (#","samples_base64":"A\u00e9AA"}"#, .badPayload), (#","samples_base64":""}"#, .badWaveform),
        (#","samples_base64":"AA=A"}"#, .badPayload), (#","samples_base64":"AA=="}"#, .badWaveform),
        (#","samples_base64":7}"#, .wrongType), (#","n":1e999}"#, .notFinite),
    ])
    func badSamples(rest: String, reason: RejectionReason) {
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode(Self.header + rest) } == reason)
    }

    @Test(arguments: [("", RejectionReason.wrongShape), ("\n", .wrongShape), ("[]", .wrongType)])
    func noHeader(text: String, reason: RejectionReason) {
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode(text) } == reason)
    }

    @Test func sizesHaveALimit() throws {
        let header = Self.header + "}\n"
        #expect(
            try decode(header, [UInt8](repeating: 0, count: Limits.waveformPart)).samples == Limits.waveformPart / 2)
        let tooMany = [UInt8](repeating: 0, count: Limits.waveformPart + 2)
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode(header, tooMany) } == .badWaveform)
        #expect(Foreign.reason { () throws(Rejection) in _ = try decode(header, [1, 2, 3]) } == .badWaveform)
        #expect(Limits.waveformPayload < Limits.brokerPacket)
        #expect(Limits.waveformParts * Limits.waveformPart >= Limits.waveformSamples * SampleEncoding.float32le.bytes)
    }

    @Test func damageNeverTraps() {
        let payload = Array((Self.header + #","n":4,"x":{"a":[null,true]}}"# + "\n").utf8) + [1, 2, 3, 4, 5, 6, 7, 8]
        for damaged in Foreign.damaged(payload) { _ = try? decode(damaged) }
        for length in payload.indices { #expect(throws: Rejection.self) { try decode(Array(payload[..<length])) } }
    }

    private static let cases: [(String, [UInt8])] = [
        ("", []), ("QQ", [0x41]), ("QQ==", [0x41]), ("QUI", [0x41, 0x42]), ("QUI=", [0x41, 0x42]),
        ("QUJD\r\nREVG", Array("ABCDEF".utf8)), ("-_-_", [0xFB, 0xFF, 0xBF]), ("+/+/", [0xFB, 0xFF, 0xBF]),
    ]

    @Test(arguments: cases)
    func base64(text: String, bytes: [UInt8]) { #expect(ByteText.base64(text.utf8) == bytes) }

    @Test(arguments: ["Q", "QQ=", "Q=Q=", "====", "QUI==", "QQ==QQ==", "Q*==", "é"])
    func noBase64(text: String) { #expect(ByteText.base64(text.utf8) == nil) }

    @Test func hex() {
        #expect(ByteText.hex("0a:FF-00 7f\n".utf8) == [0x0A, 0xFF, 0x00, 0x7F])
        for text in ["0", "0x00", "zz", "00 0"] { #expect(ByteText.hex(text.utf8) == nil) }
    }
}
