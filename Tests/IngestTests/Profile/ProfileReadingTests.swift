import Domain
import Testing

@testable import Ingest

/// What each key of a profile does.
@Suite struct ProfileReadingTests {
    private static let crest = "{ field: c, measure: crest_factor }"

    private func account(
        _ keys: String, _ payload: String, topic: String = "t/d1", _ sources: SourceMap? = nil
    ) throws -> Profile.Account {
        let pattern = keys.contains("topic:") ? "" : "topic: t/{device}\n"
        let profile = try Profile(yaml: pattern + keys, name: "x.yaml")
        let map =
            sources
            ?? Foreign.sources([
                (.profile, "d1", "", "P1/DE-H", nil), (.profile, "d1", "a", "P1/A", nil),
                (.profile, "d1", "b", "P1/B", nil),
            ])
        return try profile.account(
            Array(payload.utf8), topic: topic.split(separator: "/"), sources: map, now: Foreign.now,
            origin: Foreign.origin)
    }

    private func lines(_ keys: String, _ payload: String, topic: String = "t/d1") throws -> [String] {
        let account = try account(keys, payload, topic: topic)
        #expect(account.decoded.rejections.isEmpty)
        return account.decoded.lines.map { String($0.split(separator: " @")[0]) }
    }

    @Test func everyElementIsAMessage() throws {
        let keys = """
            each: data.readings
            time: { field: at, unit: s }
            fields: [{ field: c, measure: crest_factor }]
            """
        let account = try account(
            keys, #"{"data":{"readings":[{"at":1767225602,"c":4},{"at":1767225601.5,"c":3}],"x":1}}"#)
        #expect(
            account.decoded.lines == [
                "P1/DE-H crest_factor = 3.0 @1767225601500", "P1/DE-H crest_factor = 4.0 @1767225602000",
            ])
        #expect(account.unread == ["data.x = 1"])
    }

    @Test func elementsHaveALimit() {
        let many = "[" + [String](repeating: "0", count: 1001).joined(separator: ",") + "]"
        #expect { try account("each: e\nfields: [\(Self.crest)]", "{\"e\":\(many)}") } throws: {
            ($0 as? Rejection)?.reason == .tooMany
        }
    }

    @Test func axesFromThePayloadAndFromArrays() throws {
        let keys = #"fields: [{ field: "m.{axis}.c", measure: crest_factor }]"#
        #expect(
            try lines(keys, #"{"m":{"a":{"c":1},"b":{"c":2}}}"#) == [
                "P1/A crest_factor = 1.0", "P1/B crest_factor = 2.0",
            ])
        let indexed = "axes: { a: 0, b: 1 }\n" + keys
        #expect(
            try lines(indexed, #"{"m":[{"c":1},{"c":2}]}"#) == ["P1/A crest_factor = 1.0", "P1/B crest_factor = 2.0"])
        let listed = #"fields: [{ field: [m.n, "0"], measure: crest_factor }]"#
        #expect(try lines(listed, #"{"m.n":[5]}"#) == ["P1/DE-H crest_factor = 5.0"])
    }

    @Test func theTopicNamesThePoint() throws {
        #expect(
            try lines("topic: t/{asset}/{point}\nfields: [\(Self.crest)]", #"{"c":3}"#, topic: "t/P7/NDE")
                == ["P7/NDE crest_factor = 3.0"])
        let account = try account(
            "topic: t/{site}/{asset}\naxes: [a, b]\nfields: [{ field: \"{axis}\", measure: crest_factor }]",
            #"{"a":3,"b":4}"#,
            topic: "t/s1/P7")
        #expect(account.decoded.series.map(\.point) == [Foreign.point("P7/a"), Foreign.point("P7/b")])
        #expect(account.decoded.series.allSatisfy { $0.site == SiteID(stored: "s1") })
    }

    @Test func theSenderFromSeveralLevelsOrAField() throws {
        let sources = Foreign.sources([(.profile, "g1/d1", "", "P1/DE-H", nil), (.profile, "77", "", "P2/DE-H", nil)])
        let levels = "topic: t/{gateway}/{device}\nsender: \"{gateway}/{device}\"\nfields: [\(Self.crest)]"
        #expect(try account(levels, #"{"c":3}"#, topic: "t/g1/d1", sources).decoded.lines.count == 1)
        let field = try account(
            "sender: { field: id.no }\nfields: [\(Self.crest)]", #"{"c":3,"id":{"no":77}}"#, sources)
        #expect(field.decoded.series.map(\.point) == [Foreign.point("P2/DE-H")])
        #expect(field.unread == [])
        #expect {
            try account("sender: { field: id }\nfields: [\(Self.crest)]", #"{"c":3}"#, sources)
        } throws: { ($0 as? Rejection)?.reason == .wrongDevice }
    }

    @Test func statisticsAndConventions() throws {
        let velocity = "fields: [{ field: v, measure: velocity_rms_mm_s, unit: mm/s, statistic: derived_peak }]"
        #expect(try lines(velocity, #"{"v":1.4142135623730951}"#) == ["P1/DE-H velocity_rms_mm_s = 1.0"])
        #expect(
            try lines("fields: [{ field: k, measure: kurtosis, kurtosis: excess }]", #"{"k":-0.5}"#) == [
                "P1/DE-H kurtosis = 2.5"
            ])
        #expect(
            try lines("fields: [{ field: k, measure: kurtosis, kurtosis: pearson }]", #"{"k":2.5}"#) == [
                "P1/DE-H kurtosis = 2.5"
            ])
    }

    @Test func theScaleInThePayload() throws {
        let factor = "fields: [{ field: c, measure: crest_factor, scale: { field: s } }]"
        #expect(try lines(factor, #"{"c":30,"s":0.1}"#) == ["P1/DE-H crest_factor = 3.0"])
        let codes = "fields: [{ field: c, measure: crest_factor, scale: { field: s, codes: { 0: 1, 1: 0.01 } } }]"
        #expect(try lines(codes, #"{"c":300,"s":1}"#) == ["P1/DE-H crest_factor = 3.0"])
        #expect(try account(codes, #"{"c":300,"s":2}"#).decoded.rejections.map(\.reason) == [.badPayload])
        #expect(try account(codes, #"{"c":300}"#).decoded.rejections.map(\.reason) == [.badPayload])
    }

    @Test func bytesInAField() throws {
        let keys = """
            frame: { field: up.data, form: base64 }
            byte_order: big
            fields:
              - { at: 0, type: uint16, scale: 0.01, measure: crest_factor }
              - { at: -2, type: int16, scale: 0.1, measure: temperature_c, unit: Cel }
            """
        // 012c … ff9c
        #expect(
            try lines(keys, #"{"up":{"data":"ASwAAP+c"}}"#) == [
                "P1/DE-H crest_factor = 3.0", "P1/DE-H temperature_c = -10.0",
            ])
        #expect { try account(keys, #"{"up":{}}"#) } throws: { ($0 as? Rejection)?.reason == .wrongShape }
        #expect { try account(keys, #"{"up":{"data":"?"}}"#) } throws: { ($0 as? Rejection)?.reason == .badPayload }
        #expect(
            try account(keys, #"{"up":{"data":"AQ=="}}"#).decoded.rejections.map(\.reason) == [.truncated, .truncated])
    }

    @Test func whatEachFieldCameTo() throws {
        let keys = """
            axes: [a, c]
            fields:
              - { field: "{axis}", measure: crest_factor, invalid: [99] }
              - { field: note }
              - { field: t, measure: temperature_c, unit: Cel }
            """
        let account = try account(keys, #"{"a":99,"c":4,"note":"x","t":"hot","more":{"b":true}}"#)
        #expect(
            account.findings.map(\.outcome) == [
                .none("99 means that there is none"), .unmapped(sender: "d1", metric: "c"), .notOurs,
                .refused(Rejection(.wrongType, "“t” is no number, and temperature_c is one")),
            ])
        #expect(account.unread == ["more.b = true"])
        #expect(account.decoded.rejections.map(\.reason) == [.wrongType, .unknownMetric])
    }

    @Test(arguments: [
        ("{", RejectionReason.notJSON), (#"{"c":NaN}"#, .notFinite), ("[]", .noMeasure), (#"{"d":1}"#, .noMeasure),
        (#"{"c":1e999}"#, .notFinite), (#"{"c":[]}"#, .wrongType), (#"{"c":-1}"#, .implausibleValue),
        (#"{"c":null}"#, .noMeasure), (String(repeating: "[", count: 99), .notJSON),
    ])
    func badPayloads(payload: String, reason: RejectionReason) throws {
        var found: RejectionReason?
        do { found = try account("fields: [\(Self.crest)]", payload).decoded.rejections.first?.reason } catch let error
            as Rejection
        {
            found = error.reason
        }
        #expect(found == reason)
    }

    @Test(arguments: [("s", "1e300"), ("ms", "\"noon\""), ("iso8601", "1767225600"), ("us", "[]"), ("s", "null")])
    func aTimeThatIsNone(unit: String, sent: String) {
        let keys = "time: { field: at, unit: \(unit) }\nfields: [\(Self.crest)]"
        #expect { try account(keys, "{\"c\":3,\"at\":\(sent)}") } throws: { ($0 as? Rejection)?.reason == .missingTime }
    }

    @Test(arguments: [
        ("a/{b}/c", "a/x/c", true), ("a/{b}/c", "a/x/d", false), ("a/{b}", "a/x/y", false), ("a/+/#", "a/x", true),
        ("a/#", "a/x/y/z", true), ("{b}", "", true), ("a/#", "b/x", false),
    ])
    func topics(pattern: String, topic: String, matches: Bool) throws {
        let pattern = try #require(TopicPattern(pattern))
        #expect((pattern.match(topic.split(separator: "/", omittingEmptySubsequences: false)) != nil) == matches)
    }
}
