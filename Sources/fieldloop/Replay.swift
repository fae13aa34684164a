import ArgumentParser
import Domain
import Foundation
import Glibc

struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publishes a recording to the broker, shifted so that its last reading is measured now.",
        discussion: """
            The recording is a CSV file like fixtures/telemetry/pump-story.csv. At --rate 60 an hour takes a minute. \
            Beside `serve --clock-rate 60`, whose offers, proof and SLA clocks keep that pace, the recording follows the \
            service's clock (asked of /healthz) instead.
            """)
    @OptionGroup var options: SettingsOptions
    @Argument(help: "The recording, a CSV file.") var file: String
    @Option(help: "How many times as fast as it was recorded.") var rate = 1.0
    @Option(help: "A folder of <user>.password files (ops/make-passwords); readings go out as gw-<site>.")
    var credentials: String?

    func validate() throws {
        guard rate > 0, rate <= 100_000 else { throw ValidationError("--rate is above 0, at most 100000") }
    }

    func run() async throws {
        let settings = try options.load()
        let recording = try Recording(file: file)
        let publishers = try Publishers(
            users: recording.sites.map { "gw-\($0)" }, credentials: credentials, settings: settings)
        try await publishers.ready()
        let clock = try await clock(settings, recording)
        let start = clock.now()
        var progress = ProgressLine(total: recording.samples.count, unit: "readings")
        for sample in recording.samples {
            let due = start + .milliseconds(sample.offset)
            await clock.sleep(until: due)
            try await publishers.publish(sample.topic, sample.payload(at: due), as: "gw-\(sample.site)")
            progress.step()
        }
        progress.end()
        await publishers.close()
    }

    /// The running service's, if that is scaled; else one that meets the wall's at the recording's end.
    private func clock(_ settings: Settings, _ recording: Recording) async throws -> ServiceClock {
        let view = try StoryView(settings: settings, directory: nil)
        let service = try? await view.clock()
        if let service, service.rate() != 1 { return service }
        return ServiceClock(rate: rate, behind: recording.length, endingAfter: recording.length)
    }
}

extension ServiceClock {
    /// A clock for a recording of `length` that meets the wall's when the recording ends.
    init(rate: Double, behind: Duration, endingAfter length: Duration, wall: Instant = .wall) {
        let playing = Duration.milliseconds(Int64(Double(length.milliseconds) / rate))
        self.init(rate: rate, behind: behind - playing, wall: wall)
    }

    /// Returns when this clock shows `instant`.
    func sleep(until instant: Instant) async {
        while !Task.isCancelled, case let left = instant - now(), left > .zero {
            let wall = Double(left.milliseconds) / rate()
            try? await Task.sleep(for: .milliseconds(min(500, max(1, Int64(wall)))))
        }
    }
}

/// How far long work has come: one line that is written over on a terminal, a line every tenth elsewhere.
struct ProgressLine {
    private let total: Int
    private let unit: String
    private var done = 0
    private var shown = -1

    init(total: Int, unit: String) {
        self.total = max(total, 1)
        self.unit = unit
    }

    mutating func step() {
        done += 1
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let part = done * (isTerminal ? 100 : 10) / total
        guard part != shown else { return }
        shown = part
        let line = "\(done) of \(total) \(unit)"
        print(isTerminal ? "\r\(line)" : line, terminator: isTerminal ? "" : "\n")
        flushOutput()
    }

    func end() {
        if isatty(STDOUT_FILENO) == 1 { print() }
    }
}

/// Shows at once what was printed, though a pipe may take it; all streams, since `stdout` itself is C's mutable state.
func flushOutput() { fflush(nil) }
