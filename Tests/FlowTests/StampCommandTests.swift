import Domain
import Foundation
import Testing

@testable import fieldloop

@Suite struct StampTimeTests {
    @Test(arguments: [
        ("2026-01-01T08:00:00+08:00", 1_767_225_600_000, 28_800), ("2026-01-01T00:00:00Z", 1_767_225_600_000, 0),
        ("2025-12-31T19:00:00-05:00", 1_767_225_600_000, -18_000), ("1970-01-01T00:00:00Z", 0, 0),
        ("2026-01-01T00:00:00.123Z", 1_767_225_600_123, 0), ("2026-01-01T00:00:00.5Z", 1_767_225_600_500, 0),
        ("2026-01-01T00:00:00.123999Z", 1_767_225_600_123, 0), ("2024-02-29T12:00:00+05:45", 1_709_187_300_000, 20_700),
        ("2000-02-29T23:59:59Z", 951_868_799_000, 0), ("1970-01-01T00:00:00+14:00", -50_400_000, 50_400),
    ])
    func isRead(text: String, milliseconds: Int64, offset: Int) throws {
        let time = try StampTime(text)
        #expect(time.instant.milliseconds == milliseconds)
        #expect(time.offsetSeconds == offset)
    }

    @Test func everyDayOfFourCenturiesIsTheOneThatWasWritten() throws {
        for day in stride(from: 0, to: 146_097, by: 13) {
            let noon = Instant(milliseconds: Int64(day) * 86_400_000 + 43_200_000)
            #expect(try StampTime(CivilTime(noon).text.replacing(" ", with: "T") + "Z").instant == noon)
        }
    }

    @Test(arguments: [
        "", "now", "2026-01-01", "2026-01-01T08:00:00", "2026-01-01 08:00:00Z", "2026-1-1T08:00:00Z",
        "2026-02-29T08:00:00Z", "2100-02-29T08:00:00Z", "2026-04-31T08:00:00Z", "2026-13-01T08:00:00Z",
        "2026-00-01T08:00:00Z", "2026-01-00T08:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T08:60:00Z",
        "2026-01-01T08:00:60Z", "2026-01-01T08:00:00.Z", "2026-01-01T08:00:00+0800", "2026-01-01T08:00:00+15:00",
        "2026-01-01T08:00:00+14:01", "2026-01-01T08:00:00+08:00 ", " 2026-01-01T08:00:00Z", "2026-01-01T08:00:00Zz",
        "2026-01-01t08:00:00z", "２０２６-01-01T08:00:00Z", "2026-01-01T08:00:00+8:00", "1969-12-31T23:59:59Z",
        "2026-01-01T08:00:+1Z", "2026-01-01T08:00:00.1234567890Z",
    ])
    func isRefusedAndTheFormIsTold(text: String) {
        let error = #expect(throws: StampTime.Malformed.self) { try StampTime(text) }
        #expect(error?.description.contains("2026-01-01T08:00:00+08:00") == true)
    }
}

/// The program itself, as a person runs it.
@Suite struct StampCommandTests {
    private static let photo = repository("fixtures/photos/before.jpg")
    private static let facts = ["--worker", "王磊", "--id", "E03", "--at", "2026-01-01T08:00:00+08:00"]

    private struct Outcome {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Built beside the tests.
    private static let program =
        ProcessInfo.processInfo.environment["FIELDLOOP_BINARY"]
        ?? repository(".build/debug/fieldloop")

    private func run(_ arguments: [String]) throws -> Outcome {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: Self.program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both are short: neither fills its pipe while the other is read.
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationStatus, output: String(decoding: said, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self))
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "stamp-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func sha256(_ path: String) throws -> String {
        String(try output(of: "/usr/bin/sha256sum", [path]).prefix(64))
    }

    private struct Report: Decodable {
        struct Rectangle: Decodable {
            var left: Int
            var top: Int
            var width: Int
            var height: Int
        }
        var width: Int
        var height: Int
        var rectangle: Rectangle
        var method: String
        var milliseconds: Double
        var lines: [String]
        var missing_glyphs: [String]
        var original_sha256: String
        var stamped_sha256: String
    }

    @Test func stampsACopyAndSaysSo() throws {
        try inFolder { folder in
            let copy = folder + "/stamped.jpg"
            let before = try sha256(Self.photo)
            let outcome = try run(
                ["stamp", Self.photo, "-o", copy, "--json", "--place", "北仑", "--ticket", "T12", "--accuracy", "8"]
                    + ["--position", "29.868,121.544", "--datum", "wgs84"] + Self.facts)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
            #expect(report.lines.first == "王磊（E03） · 工单 T12")
            #expect(report.lines[1] == "2026-01-01 08:00:00 +08:00")
            #expect(report.lines[2] == "29.86800°N 121.54400°E WGS-84 ±8 m")
            #expect(report.lines.last == "北仑")
            #expect(report.missing_glyphs == [])
            #expect(report.milliseconds > 0)
            #expect(report.original_sha256 == before)
            #expect(try sha256(Self.photo) == before)
            #expect(try sha256(copy) == report.stamped_sha256)
            let band = report.rectangle
            #expect(band.width > 0 && band.height > 0)
            #expect(band.left >= 0 && band.left + band.width <= report.width)
            #expect(band.top >= 0 && band.top + band.height <= report.height)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["stamped.jpg"])
        }
    }

    @Test func speaksTheLanguageAndShowsWhatTheFontLacks() throws {
        try inFolder { folder in
            let outcome = try run(
                ["stamp", Self.photo, "-o", folder + "/a.jpg", "--language", "en", "--ticket", "7", "--worker", "𠮷田"]
                    + Self.facts.dropFirst(2))
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("𠮷田 (E03) · Ticket T7"))
            #expect(outcome.output.contains("No position"))
            #expect(outcome.output.contains("the font has no 𠮷"))
        }
    }

    @Test func aRefusalHasACodeAndASentenceAndLeavesNothing() throws {
        try inFolder { folder in
            let whole = try Data(contentsOf: URL(filePath: Self.photo))
            for (name, bytes, code) in [
                ("empty", Data(), "empty"), ("text", Data("hello\n".utf8), "not_jpeg"),
                ("cut", whole.prefix(whole.count / 2), "truncated"),
                ("long", whole + Data(count: Limits.photoBytes), "too_many_bytes"),
            ] {
                let path = "\(folder)/\(name).jpg"
                try bytes.write(to: URL(filePath: path))
                let outcome = try run(["stamp", path, "-o", folder + "/out.jpg"] + Self.facts)
                #expect(outcome.code == 1)
                #expect(outcome.output.hasPrefix("refused (\(code)): "), "\(outcome.output)")
                let json = try run(["stamp", path, "-o", folder + "/out.jpg", "--json"] + Self.facts)
                #expect(json.code == 1)
                let said = try JSONDecoder().decode([String: String].self, from: Data(json.output.utf8))
                #expect(said["refused"] == code && said["sentence"]?.isEmpty == false)
                #expect(!FileManager.default.fileExists(atPath: folder + "/out.jpg"))
            }
        }
    }

    @Test func theOriginalIsNeverWrittenOver() throws {
        try inFolder { folder in
            let path = folder + "/a.jpg"
            try FileManager.default.copyItem(atPath: Self.photo, toPath: path)
            try FileManager.default.createSymbolicLink(atPath: folder + "/b.jpg", withDestinationPath: path)
            for output in [path, folder + "/./a.jpg", folder + "/b.jpg"] {
                #expect(try run(["stamp", path, "-o", output] + Self.facts).code == 64)
            }
            #expect(try sha256(path) == sha256(Self.photo))
        }
    }

    @Test(arguments: [
        ["--position", "29.868,121.544"], ["--position", "0,0", "--datum", "wgs84"],
        ["--position", "29.868", "--datum", "wgs84"], ["--position", "95,10", "--datum", "wgs84"],
        ["--datum", "wgs", "--position", "29.868,121.544"], ["--ticket", "0"], ["--ticket", "twelve"],
        ["--accuracy", "0"], ["--language", "de"], ["--at", "2026-01-01"], ["--id", "E 03"],
    ])
    func whatCanNotBeMeantIsAnError(arguments: [String]) throws {
        try inFolder { folder in
            let outcome = try run(["stamp", Self.photo, "-o", folder + "/a.jpg"] + Self.facts + arguments)
            #expect(outcome.code == 64)
            #expect(outcome.errors.contains(arguments[0]))
            #expect(!FileManager.default.fileExists(atPath: folder + "/a.jpg"))
        }
    }
}
