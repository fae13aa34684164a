import Domain
import Foundation
import Testing

@testable import Board

/// The catalogues: complete, alike, and enough for everything the domain can say.
@Suite struct WordsTests {
    private let zh: [String: String]
    private let en: [String: String]

    init() throws {
        let words = try Pages.catalogues()
        zh = try #require(words[.zh])
        en = try #require(words[.en])
    }

    @Test func haveTheSameKeysAndPlaceholders() {
        #expect(Set(zh.keys).symmetricDifference(en.keys).sorted() == [])
        for (key, text) in en {
            #expect(placeholders(text) == placeholders(zh[key] ?? ""), "\(key)")
            #expect(!text.isEmpty || key.hasPrefix("unit."), "\(key)")
        }
    }

    private func placeholders(_ text: String) -> Set<String> {
        Set(text.matches(of: /\{\w+\}/).map { String($0.output) })
    }

    @Test func wordEveryCaseOfTheDomain() {
        var needed: [String] = []
        needed += TicketState.allCases.map { "state.\($0.rawValue)" }
        needed += TicketState.Column.allCases.flatMap { ["column.\($0.rawValue)", "empty.\($0.rawValue)"] }
        needed += Outcome.allCases.map { "outcome.\($0.rawValue)" }
        needed += Outcome.allCases.filter { $0 != .cancelled }.map { "entry.closed.\($0.rawValue)" }
        needed += Entry.Kind.allCases.filter { $0 != .closed }.map { "entry.\($0.rawValue)" }
        needed += Severity.allCases.map { "severity.\($0.rawValue)" }
        needed += Measure.allCases.flatMap { ["measure.\($0.name)", "unit.\($0.name)"] }
        needed += Notice.Kind.allCases.map { "notice.\($0.rawValue)" }
        needed += Channel.allCases.map { "channel.\($0.rawValue)" }
        let reasons: [Ineligible] = [
            .offShift, .lacksSkill("", needed: 1, has: 0), .atCap(load: 1, cap: 1), .declinedRecently, .noPosition,
        ]
        needed += reasons.flatMap { ["reason.\($0.code)", "reason.\($0.code).long"] }
        let point = PointID(asset: AssetID(stored: "a"), name: Name(stored: "p"))
        let refusals: [Refusal] = [
            .unknownTicket, .unknownAction(""), .missing(""), .oldOffer(yours: 1, now: 2), .notYours, .notAllowed,
            .wrongState(.closed), .stillRaised(point: point, measure: .velocityRMS, value: 1, clear: 1),
        ]
        needed += refusals.map { "error.\($0.code)" }
        #expect(needed.filter { zh[$0] == nil } == [])
    }

    /// What a sender can be told; the rest is "not taken".
    @Test func wordWhyMessagesAreRejected() {
        let reasons: [RejectionReason] = [
            .badTopic, .tooLarge, .empty, .notJSON, .wrongShape, .wrongType, .tooMany, .badPayload, .truncated,
            .noProfile, .missingTime, .notFinite, .implausibleValue, .noMeasure, .unknownPoint, .wrongSite,
            .inTheFuture, .tooOld, .conflict, .unknownUnit, .unknownMetric, .unknownAlias, .neverBorn, .badSequence,
            .wrongDevice, .badWaveform, .partMismatch, .partsExpired, .missingDatum, .unknownDatum, .noPosition,
            .positionInTheFuture, .olderPosition, .unknownEngineer, .unknownTicket, .unknownAnswer,
        ]
        #expect(reasons.map { "rejected.\($0.code)" }.filter { zh[$0] == nil } == [])
    }

    /// Whatever a script of ours asks for by name is there.
    @Test func haveWhatThePagesAskFor() throws {
        let folder = Pages.folder + "/static"
        var asked = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".js") {
            let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            for match in text.matches(of: /\bt\("([a-z_.]+)"/) {
                asked += 1
                #expect(zh[String(match.1)] != nil, "\(file): \(match.1)")
            }
        }
        #expect(asked > 80)
    }

    @Test(
        arguments: [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language.zh), ("en-GB,en;q=0.9", .en), ("de-DE,de;q=0.9,en;q=0.5", .en),
            ("en;q=0.2, zh-Hans;q=0.8", .zh), ("zh;q=0", nil), ("de", nil), ("", nil), (";;;,,q=", nil),
        ] as [(String, Language?)]) func chooseTheReadersLanguage(header: String, language: Language?)
    {
        #expect(Language(accepting: header) == language)
    }
}
