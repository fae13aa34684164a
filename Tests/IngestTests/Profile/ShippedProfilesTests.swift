import Domain
import Foundation
import Testing

@testable import Ingest

/// The profiles of `fixtures/profiles`, on what real sensors sent and on what their makers' pages print.
@Suite struct ShippedProfilesTests {
    private static let folder = Foreign.root.appending(path: "fixtures/profiles").path
    private static let sources = Foreign.sources([
        (.profile, "d1", "X", "P1/X", nil), (.profile, "d1", "Y", "P1/Y", nil), (.profile, "d1", "Z", "P1/Z", nil),
        (.profile, "v1", "", "P2/DE-H", nil), (.profile, "945ade0a75dd", "Y", "P3/OUT-H", nil),
    ])

    private func decode(_ profile: String, _ topic: String, _ payload: [UInt8]) throws -> Decoded {
        let profile = try Profile(file: "\(Self.folder)/\(profile).yaml")
        return try profile.decode(
            payload, topic: topic.split(separator: "/"), sources: Self.sources, now: Foreign.now, origin: Foreign.origin
        )
    }

    private func value(_ decoded: Decoded, _ point: String, _ measure: Measure) -> Double? {
        decoded.series.first { $0.point == Foreign.point(point) }?.readings.first?.values[measure]
    }

    private func isClose(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) < 1e-9
    }

    @Test func allAreRead() throws {
        let profiles = try Profiles(directory: Self.folder)
        #expect(profiles.all.count == 7)
        #expect(profiles.filters.contains("wise/+/+/up"))
        #expect(profiles["ifm/v1/processdata".split(separator: "/")]?.name == "ifm-vvb")
        #expect(profiles["ifm/v1/other".split(separator: "/")] == nil)
    }

    /// What `vendor_vectors.json` says a frame holds.
    struct Frame: Decodable {
        struct Axis: Decodable {
            var vel_rms_mm_s: Double?
            var acc_peak_g: Double?
            var acc_rms_g: Double?
            var kurtosis_excess: Double?
            var crest: Double?
            var note: String?
        }
        struct Expected: Decodable {
            var temperatureC: Double
            var X: Axis
            var Y: Axis
            var Z: Axis
        }
        var hex: String
        var expect: Expected
    }
    private struct Vectors: Decodable { var advantech_wise2410: [Frame] }

    @Test(.enabled(if: Foreign.hasVectors, Foreign.noVectors)) func wiseFramesFromTheAir() throws {
        let data = Data(try Foreign.vector("vendor_vectors.json"))
        let frames = try JSONDecoder().decode(Vectors.self, from: data).advantech_wise2410
        #expect(frames.count == 2)
        for frame in frames {
            let decoded = try decode("advantech-wise-2410-lora", "wise/g/d1/up", Array(frame.hex.utf8))
            #expect(decoded.rejections.isEmpty)
            #expect(isClose(value(decoded, "P1/X", .temperature), frame.expect.temperatureC))
            for (name, axis) in [("X", frame.expect.X), ("Y", frame.expect.Y), ("Z", frame.expect.Z)] {
                let point = "P1/\(name)"
                #expect(isClose(value(decoded, point, .velocityRMS), axis.vel_rms_mm_s))
                #expect(isClose(value(decoded, point, .accelerationPeak), axis.acc_peak_g))
                #expect(isClose(value(decoded, point, .accelerationRMS), axis.acc_rms_g))
                #expect(isClose(value(decoded, point, .kurtosis), axis.kurtosis_excess.map { $0 + 3 }))
                #expect(isClose(value(decoded, point, .crestFactor), axis.crest))
            }
        }
    }

    @Test func wiseJSON() throws {
        let axis = #"{"OAVelocity":0.2,"Peakmg":30,"RMSmg":21,"Kurtosis":-0.12,"CrestFactor":3.59,"Skewness":0.1}"#
        let rest =
            #"{"OAVelocity":0.27,"Peakmg":38,"RMSmg":27,"Kurtosis":0,"CrestFactor":0,"Skewness":0,"Deviation":0,"#
            + #""Peak-to-Peak Displacement":0}"#
        let decoded = try decode(
            "advantech-wise-2410", "wise/g/d1/json",
            Array(#"{"Accelerometer":{"X-Axis":\#(axis),"Z-Axis":\#(rest)},"TempHumi":{"SenVal":24.5}}"#.utf8))
        #expect(decoded.rejections.isEmpty)
        #expect(isClose(value(decoded, "P1/X", .kurtosis), 2.88))
        #expect(isClose(value(decoded, "P1/X", .accelerationPeak), 0.03))
        #expect(isClose(value(decoded, "P1/Z", .velocityRMS), 0.27))
        #expect(value(decoded, "P1/Z", .kurtosis) == nil && value(decoded, "P1/Z", .crestFactor) == nil, "not reported")
    }

    private struct IFM: Decodable { var ifm_vvb001_umh_sensorconnect: Payload }
    private struct Payload: Decodable {
        var payload: [String: Double]
        init(from decoder: any Decoder) throws {
            enum Key: String, CodingKey { case payload }
            let inner = try decoder.container(keyedBy: Key.self).nestedContainer(keyedBy: Name.self, forKey: .payload)
            payload = [:]
            for name in inner.allKeys { payload[name.stringValue] = try? inner.decode(Double.self, forKey: name) }
        }
    }
    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    @Test(.enabled(if: Foreign.hasVectors, Foreign.noVectors)) func ifmIntegersFromTheMaster() throws {
        let sent = try JSONDecoder().decode(IFM.self, from: Data(try Foreign.vector("vendor_vectors.json")))
        let json = try JSONEncoder().encode(sent.ifm_vvb001_umh_sensorconnect.payload)
        let decoded = try decode("ifm-vvb", "ifm/v1/processdata", [UInt8](json))
        #expect(decoded.rejections.isEmpty)
        #expect(isClose(value(decoded, "P2/DE-H", .crestFactor), 4.1))
        #expect(isClose(value(decoded, "P2/DE-H", .temperature), 39.4))
        #expect(isClose(value(decoded, "P2/DE-H", .velocityRMS), 0))
        #expect(isClose(value(decoded, "P2/DE-H", .accelerationPeak), 0.2 / 9.80665))
    }

    @Test func ifmSaysThatThereIsNone() throws {
        let decoded = try decode(
            "ifm-vvb", "ifm/v1/processdata", Array(#"{"v-Rms":21,"a-Rms":32764,"a-Peak":32760,"Crest":-32760}"#.utf8))
        #expect(decoded.lines == ["P2/DE-H velocity_rms_mm_s = 2.1 @\(Foreign.now.milliseconds)"])
        #expect(decoded.rejections.isEmpty)
    }

    @Test func ncdPacketAndJSON() throws {
        // Header, mode 0, 25600 Hz; −2.50 °C; X 0.142 g, 0.387 g, 1.24 mm/s …; Y and Z 1, 2, 3 …
        let axes = "008e0183007c000100780000000000" + "01000200030004000500060007" + "0001000200030004000500060007"
        let packet = "7f000a030e050050" + "000f" + "ff06" + axes
        let decoded = try decode("ncd-vibration-raw", "ncd/g/d1/raw", Array(packet.utf8))
        #expect(decoded.rejections.isEmpty)
        #expect(isClose(value(decoded, "P1/X", .temperature), -2.5))
        #expect(isClose(value(decoded, "P1/X", .accelerationRMS), 0.142))
        #expect(isClose(value(decoded, "P1/X", .accelerationPeak), 0.387))
        #expect(isClose(value(decoded, "P1/X", .velocityRMS), 1.24))
        #expect(isClose(value(decoded, "P1/Z", .velocityRMS), 0.03))
        let waveform = packet.replacing("50000f", with: "50010f")
        #expect(
            try decode("ncd-vibration-raw", "ncd/g/d1/raw", Array(waveform.utf8)) == Decoded(), "mode 1: no measures")
        let json = try decode(
            "ncd-vibration", "ncd/g/d1/sensor_data",
            Array(#"{"temperature":34.2,"x_rms_ACC_G":0.142,"x_max_ACC_G":0.387,"x_velocity_mm_sec":1.24}"#.utf8))
        #expect(value(json, "P1/X", .velocityRMS) == 1.24 && value(json, "P1/X", .temperature) == 34.2)
    }

    @Test func bannerInInchesAndFahrenheit() throws {
        let json = #"{"X-Axis RMS Velocity (in/sec)":0.1,"Z-Axis RMS Velocity (in/sec)":6.5535,"Temperature (°F)":212}"#
        let decoded = try decode("banner-qm30", "banner/dxm/d1/registers", Array(json.utf8))
        #expect(decoded.rejections.isEmpty)
        #expect(
            isClose(value(decoded, "P1/X", .velocityRMS), 2.54) && isClose(value(decoded, "P1/X", .temperature), 100))
        #expect(value(decoded, "P1/Z", .velocityRMS) == nil, "65535 is none")
    }

    @Test func monitronRecords() throws {
        let features =
            #"{"acceleration":{"band0To6000Hz":{"yAxis":{"rms":9.80665}}},"velocity":{"band10To1000Hz":"#
            + #"{"totalVibration":{"rms":0.03},"xAxis":{"rms":0.0192},"yAxis":{"rms":0.0144}}},"temperature":31.4}"#
        let payload = #"{"sensor":{"physicalId":"945ade0a75dd"},"features":\#(features)}"#
        let record = #"{"timestamp":"2025-12-31 17:06:10.695","eventType":"measurement","eventPayload":\#(payload)}"#
        let decoded = try decode("aws-monitron", "monitron/p/export", Array(record.utf8))
        #expect(decoded.rejections.isEmpty)
        #expect(
            decoded.lines == [
                "P3/OUT-H velocity_rms_mm_s = 0.0144 @1767200770695",
                "P3/OUT-H acceleration_rms_g = 1.0 @1767200770695",
                "P3/OUT-H temperature_c = 31.4 @1767200770695",
            ])
        let other = record.replacing("measurement", with: "gatewayConnected")
        #expect(try decode("aws-monitron", "monitron/p/export", Array(other.utf8)) == Decoded())
    }

    @Test(arguments: [
        ("advantech-wise-2410-lora", "wise/g/d1/up", "81000f5007060000b45f00005502ffff00"),
        ("ncd-vibration-raw", "ncd/g/d1/raw", "7f000a030e050050000fff06008e"),
        ("ifm-vvb", "ifm/v1/processdata", #"{"v-Rms":21,"Temperature":"39","x":[{"y":null}]}"#),
        ("aws-monitron", "monitron/p/export", #"{"timestamp":"2025-12-31 17:06:10.695","eventType":"measurement"}"#),
    ])
    func damageNeverTraps(profile: String, topic: String, payload: String) throws {
        let profile = try Profile(file: "\(Self.folder)/\(profile).yaml")
        let levels = topic.split(separator: "/")
        for damaged in Foreign.damaged(Array(payload.utf8)) {
            _ = try? profile.decode(
                damaged, topic: levels, sources: Self.sources, now: Foreign.now, origin: Foreign.origin)
        }
    }
}
