import Domain
import Testing

@testable import Ingest

/// A profile says what is wrong with it, and where; nothing is guessed.
@Suite struct ProfileFileTests {
    private static let good = """
        topic: a/{device}
        fields:
          - { field: v, measure: velocity_rms_mm_s, unit: mm/s, statistic: rms }
        """

    @Test func theShortest() throws {
        let profile = try Profile(yaml: Self.good, name: "folder/short.yaml")
        #expect(profile.name == "short" && profile.topic.filter == "a/+")
        #expect(profile.remarks.count == 1)
    }

    @Test(arguments: [
        ("", "a profile is a list of keys"), ("- 1", "a profile is a list of keys"), ("a: [", "x.yaml:"),
        ("fields: []", "“topic” is missing"), ("topic: a/{b\nfields: []", "“topic” is missing or no topic"),
        ("topic: 'fieldloop/v1/{site}/x'\nfields: []", "belongs to a format"), ("topic: '#'", "takes everything"),
        ("topic: spBv1.0/{group}/#", "belongs to a format"), ("topic: 'v1/devices/{device}/telemetry'", "belongs to"),
        ("topic: a/#/b\nfields: []", "no topic"), ("topic: a", "1–256 fields"),
        ("topic: a\nfields: 7", "“fields” is no list"),
        ("topic: a\nfields: [{field: x}]", "no field has a measure"),
        (good + "\npayload: xml", "“payload” is one of json, hex, base64, binary, not “xml”"),
        (good + "\npaylaod: json", "nobody knows the key “paylaod”"), (good + "\nstride: -1", "counts of bytes"),
        (good + "\npayload: hex", "“at” and “type”"), (good + "\ntime: {field: t}", "time: unit is missing"),
        (good + "\ntime: {field: t, unit: hours}", "“unit” is one of s, ms, us, iso8601"),
        (good + "\ntime: {field: t, unit: s, zone: CET}", "“zone” is like +08:00"),
        (good + "\naxes: {X: [1]}", "“axes” is no list of names"),
        (good + "\nframe: {field: d, form: json}", "hex or base64"),
    ])
    func aBadFile(yaml: String, reason: String) {
        #expect { try Profile(yaml: yaml, name: "x.yaml") } throws: {
            "\($0)".contains(reason) && "\($0)".hasPrefix("x.yaml")
        }
    }

    /// What a field may say of itself.
    @Test(arguments: [
        ("measure: loudness", "“loudness” is no measure"),
        ("measure: velocity_rms_mm_s, unit: mm/s", "needs statistic"),
        ("measure: velocity_rms_mm_s, unit: mm/s, statistic: peak", "a measured peak is no RMS"),
        ("measure: acceleration_peak_g, unit: g, statistic: rms", "needs statistic: peak"),
        ("measure: velocity_rms_mm_s, statistic: rms", "“unit” of velocity_rms_mm_s is missing"),
        ("measure: velocity_rms_mm_s, unit: g, statistic: rms", "“g” is no unit"), ("measure: kurtosis", "convention"),
        ("measure: kurtosis, kurtosis: normal", "pearson, excess"),
        ("measure: temperature_c, unit: C, scale: 0", "“scale” is 0"),
        ("measure: temperature_c, unit: C, scale: x", "“scale” is no number"),
        ("measure: crest_factor, band: [9]", "“band”"),
        ("measure: temperature_c, unit: C, statistic: rms", "has no statistic"), ("mesure: kurtosis", "“mesure”"),
        ("measure: crest_factor, invalid: [a]", "“invalid” is no number"),
    ])
    func aBadField(keys: String, reason: String) {
        let yaml = "topic: a\nfields:\n  - {field: v, \(keys)}\n"
        #expect { try Profile(yaml: yaml, name: "x.yaml") } throws: {
            "\($0)".contains(reason) && "\($0)".hasPrefix("x.yaml:3:")
        }
    }

    @Test(arguments: [
        ("{at: 1, type: int16, measure: crest_factor}", "", "“byte_order” is little or big"),
        ("{at: 1, measure: crest_factor}", "", "“at” with “type”"), ("{measure: crest_factor}", "", "“field”, or “at”"),
        ("{at: 1, type: int16, record: 300, measure: crest_factor}", "byte_order: big", "tags of one byte"),
        ("{at: 99999999, type: int16, measure: crest_factor}", "byte_order: big", "beyond any payload"),
        ("{at: 1, type: int16, measure: crest_factor}", "byte_order: big\npayload: json", "need “frame”"),
    ])
    func badBytes(field: String, keys: String, reason: String) {
        let yaml = "topic: a\npayload: binary\n\(keys)\nfields:\n  - \(field)\n".replacing(
            keys.contains("payload") ? "payload: binary\n" : "\n\n", with: keys.contains("payload") ? "" : "\n")
        #expect { try Profile(yaml: yaml, name: "x.yaml") } throws: { "\($0)".contains(reason) }
    }

    @Test func aFileHasALimit() {
        let yaml = Self.good + "\n#" + String(repeating: "x", count: Limits.profileFile)
        #expect(throws: BadProfile.self) { try Profile(yaml: yaml, name: "x.yaml") }
    }
}
