import ArgumentParser
import Dispatch
import Domain
import Foundation
import Glibc
import Store
import Synchronization

struct BacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Runs today's or edited rules over stored readings: what would have opened, beside what did.",
        discussion: """
            The service's own code on the readings' own clock; nothing is written, and a service may run beside it.

              fieldloop backtest                                     today's rules over all that is stored
              fieldloop backtest --from 2026-03-01 --rules my.csv    edited ones since March

            Readings come in the order in which they were measured, however late they arrived, imported ones too. \
            What people did is taken over from the live tickets: a ticket of the backtest ends when the live one of \
            the same fault did, and stays open where there was none. What was learned is learned again from the days \
            before --from; what opens in them is not told. --rules stands for every rules.csv that the plant was \
            imported with, the one of fixtures/data too: give them all. Zones and points' own limits stay.
            """)

    @OptionGroup var options: SettingsOptions
    @Option(help: "Rules to try, like rules.csv; may be repeated. Without it: the plant's own.") var rules: [String] =
        []
    @Option(help: "The first moment: 2026-01-01, or 2026-01-01T08:00:00+08:00. Default: as far as there is any.")
    var from: String?
    @Option(help: "The moment after the last. Default: as far as there is any.") var to: String?
    @Option(help: "Days before --from to learn from.") var warmUp = 30
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "Shows how far it has come, where standard error is no terminal too.") var progress = false

    func validate() throws {
        guard (0...3650).contains(warmUp) else { throw ValidationError("--warm-up is 0–3650 days") }
    }

    func run() throws {
        let settings = try options.load()
        let past = try StoredPast(directory: settings["data.dir"])
        let plant = try past.plant(rules: rules)
        guard let stored = try past.readings.extent() else {
            throw ValidationError("no readings are stored in \(settings["data.dir"])")
        }
        let first = try from.map(Export.moment) ?? stored.lowerBound
        let last = try to.map { try Export.moment($0) - .milliseconds(1) } ?? stored.upperBound
        guard first <= last else { throw ValidationError("--from is after --to") }
        let begin = max(stored.lowerBound, first - .days(warmUp))

        let did = try past.tickets(in: begin...max(begin, last))
        var backtest = Backtest(plant, ends: did.ends, try settings.policy())
        let started = ContinuousClock.now
        let isWhole = try replay(past.readings, from: begin, to: min(last, stored.upperBound), into: &backtest)
        // One that was cut short says nothing of what comes after.
        backtest.finish(at: isWhole ? last : nil)
        let until = isWhole ? last : backtest.until ?? begin
        let span = first...max(first, until)
        let comparison = Comparison(
            would: (backtest.tickets, backtest.episodes), did: (did.tickets, try past.episodes(in: span)), in: span,
            heardUntil: backtest.until, plant)
        let report = BacktestReport(
            first: first, until: until, begin: begin, isWhole: isWhole, rules: rules, points: plant.points.count,
            backtest: backtest, comparison: comparison, seconds: (ContinuousClock.now - started) / .seconds(1))
        print(json ? try report.json : report.text)
        if !isWhole { throw ExitCode(130) }
    }

    /// False when it was interrupted.
    private func replay(
        _ readings: StoredReadings, from begin: Instant, to end: Instant, into backtest: inout Backtest
    ) throws -> Bool {
        let interrupt = Interrupt()
        defer { interrupt.end() }
        var line = BacktestProgress(from: begin, to: end, isShown: progress || isatty(STDERR_FILENO) == 1)
        defer { line.end() }
        do {
            try readings.visitInOrder(from: begin, to: end) { point, reading in
                if interrupt.hasCome { throw Interrupted() }
                backtest.take(point, reading)
                line.step(reading.at)
            }
            return true
        } catch is Interrupted {
            return false
        }
    }

    private struct Interrupted: Error {}
}

/// The first SIGINT is a wish, the second ends the program.
private final class Interrupt: Sendable {
    private let flag = Atomic(false)

    init() {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [self] in
            flag.store(true, ordering: .relaxed)
            // The handler holds the source, and it the handler, until here.
            source.cancel()
            signal(SIGINT, SIG_DFL)
        }
        source.resume()
    }

    var hasCome: Bool { flag.load(ordering: .relaxed) }

    func end() { signal(SIGINT, SIG_DFL) }
}

/// How far it has come, at most once a second: written over on a terminal, a line each elsewhere.
private struct BacktestProgress {
    private let from: Instant
    private let to: Instant
    private let isShown: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var readings = 0
    private var due = ContinuousClock.now

    init(from: Instant, to: Instant, isShown: Bool) {
        self.from = from
        self.to = to
        self.isShown = isShown
    }

    mutating func step(_ at: Instant) {
        readings += 1
        // The clock is not asked at each of millions.
        guard isShown, readings % 1_024 == 0, ContinuousClock.now >= due else { return }
        due = ContinuousClock.now + .seconds(1)
        let percent = Int(100 * ((at - from) / max(.milliseconds(1), to - from)))
        write(
            "\(isTerminal ? "\r" : "")\(at.iso8601.prefix(10)): \(readings) readings, \(percent) %",
            isTerminal ? "" : "\n")
    }

    func end() {
        if isShown, isTerminal, readings >= 1_024 { write("", "\n") }
    }

    private func write(_ text: String, _ end: String) { FileHandle.standardError.write(Data((text + end).utf8)) }
}
