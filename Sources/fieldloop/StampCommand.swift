import ArgumentParser
import Domain
import Foundation
import Geo
import Photos

/// Not called `Stamp`: that is what the photos call theirs.
struct StampCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stamp",
        abstract: "Draws who, when and where along the bottom of a photo.",
        discussion: """
            Makes the copy that the service makes of a photo that arrives: as people see it upright, with its metadata. \
            The original is never touched. A photo that can't be stamped is refused with a code and what to do about \
            it, and the exit code is 1.

              fieldloop stamp before.jpg -o stamped.jpg --worker 王磊 --id E03 --at 2026-01-01T08:00:00+08:00 \\
                  --position 29.868,121.544 --datum wgs84 --accuracy 8 --place 北仑 --ticket T12
            """)

    @Argument(help: "The photo, a JPEG.") var input: String
    @Option(name: .shortAndLong, help: "Where the stamped copy goes.") var output: String
    @OptionGroup var facts: StampFacts
    @Option(help: "zh or en: the words between the facts.", transform: choice) var language = Language.zh
    @Option(help: "Another font file.") var font = StampFont.defaultPath
    @Flag(help: "Says what was done as JSON.") var json = false

    func run() throws {
        let caption = try facts.caption()
        let font = try StampFont(path: font)
        try checkOutput()
        do {
            let original = try read()
            let clock = ContinuousClock()
            let start = clock.now
            let copy = try stamp(jpeg: original, caption: caption.lines(language), font: font)
            let milliseconds = ((clock.now - start) / .microseconds(100)).rounded() / 10
            try Data(copy.bytes).write(to: URL(filePath: output), options: .atomic)
            let report = StampReport(original, copy, caption.lines(language), milliseconds)
            print(json ? try report.json : report.text(output))
        } catch let refusal as PhotoRefusal {
            print(json ? try StampReport.json(refusal) : "refused (\(refusal.code)): \(refusal.sentence(.en))")
            throw ExitCode.failure
        }
    }

    /// Read no further than a photo may be long, whatever the file turns out to be.
    private func read() throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: input) else {
            throw ValidationError("\(input) can't be read; check the path and its permissions.")
        }
        let bytes = [UInt8](try handle.read(upToCount: Limits.photoBytes + 1) ?? Data())
        guard bytes.count <= Limits.photoBytes else {
            let size = try? FileManager.default.attributesOfItem(atPath: input)[.size] as? Int
            throw PhotoRefusal.tooManyBytes(max(bytes.count, size ?? 0))
        }
        return bytes
    }

    private func checkOutput() throws {
        let files = FileManager.default
        let number = { (path: String) in
            try? files.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)[.systemFileNumber]
                as? Int
        }
        if let input = number(input), input == number(output) {
            throw ValidationError("\(output) is the original, which stays as it is; name another file after -o.")
        }
        let folder = URL(filePath: output).deletingLastPathComponent().path
        guard files.isWritableFile(atPath: folder) else {
            throw ValidationError("nothing can be written to \(folder); name another file after -o.")
        }
    }
}

/// What the stamp states.
struct StampFacts: ParsableArguments {
    @Option(help: "Who took it, by name.") var worker: String
    @Option(help: "… and by id.", transform: named) var id: EngineerID
    @Option(help: "When it was taken: 2026-01-01T08:00:00+08:00.", transform: { try StampTime($0) }) var at: StampTime
    @Option(help: "Where: latitude,longitude in degrees. Left out, the stamp says that there is no position.")
    var position: String?
    @Option(help: "wgs84, gcj02 or bd09: what the position refers to.", transform: choice) var datum: Datum?
    @Option(help: "The receiver's own estimate, in metres.") var accuracy: Double?
    @Option(help: "The nearest known place.") var place: String?
    @Option(help: "T12 or 12.", transform: ticket) var ticket: TicketID?
    @Option(help: "The machine.") var asset: String?

    func validate() throws {
        if position != nil, datum == nil {
            throw ValidationError(
                "--position needs --datum (wgs84, gcj02 or bd09): in China the same pair means places 500 m apart.")
        }
        if let accuracy, !(accuracy > 0 && accuracy < 1_000_000) {
            throw ValidationError("--accuracy is in metres, more than 0.")
        }
        _ = try place(of: position)
    }

    func caption() throws -> Caption {
        Caption(
            workerName: worker, worker: id, at: at.instant, offsetSeconds: at.offsetSeconds,
            position: try place(of: position).map { Caption.Position($0, accuracy: accuracy) }, placeName: place,
            ticket: ticket, assetName: asset)
    }

    private func place(of position: String?) throws -> Coordinate? {
        guard let position, let datum else { return nil }
        let parts = position.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.trimmingCharacters(in: .whitespaces))
        }
        guard parts.count == 2, let latitude = parts[0], let longitude = parts[1] else {
            throw ValidationError("--position is latitude,longitude in degrees, like 29.868,121.544.")
        }
        guard let place = Coordinate(latitude: latitude, longitude: longitude, datum: datum) else {
            throw ValidationError(
                "--position \(position) is no place: −90…90,−180…180, and 0,0 is a receiver without a fix.")
        }
        return place
    }

    @Sendable private static func named(_ text: String) throws -> EngineerID {
        guard let id = EngineerID(text) else { throw ValidationError("an id has 1–64 of A–Z a–z 0–9 . _ -") }
        return id
    }

    @Sendable private static func ticket(_ text: String) throws -> TicketID {
        let digits = text.first == "T" ? text.dropFirst() : Substring(text)
        guard let number = Int64(digits), number > 0 else { throw ValidationError("write the ticket as T12 or 12") }
        return TicketID(number)
    }
}

/// One of the names that a type has for its cases.
@Sendable private func choice<Choice: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Choice {
    guard let choice = Choice(rawValue: text) else {
        throw ValidationError("one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
}
