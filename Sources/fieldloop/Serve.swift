import ArgumentParser
import Domain
import Foundation
import Glibc
import Logging
import NIOCore
import ServiceLifecycle
import Store

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the service until it is told to stop (Ctrl-C, SIGTERM).",
        discussion: """
            Takes telemetry, photos, positions and answers from the broker, decides, tells people, and shows the board. \
            A message is acknowledged only when its effects are on the disk: kill it at any time, nothing is lost.
            """)
    @OptionGroup var options: SettingsOptions

    @Option(help: "For demonstrations: how many seconds of the service pass in one of the wall.")
    var clockRate: Double?

    @Option(
        help:
            "Minutes that the service's clock starts behind the wall, with --clock-rate; it runs until it has caught up."
    )
    var clockBehind = 180

    func validate() throws {
        if let clockRate, !(1...10_000).contains(clockRate) { throw ValidationError("--clock-rate is 1–10000") }
        if !(0...100_000).contains(clockBehind) { throw ValidationError("--clock-behind is 0–100000 minutes") }
    }

    func run() async throws {
        Heap.limit()
        let settings = try options.load()
        let log = try logger(settings)
        let directory = try DataDirectory(settings["data.dir"])
        // Named, so that it is held until the end.
        let lock = try directory.lock()
        let store = try Store(
            directory: directory.path, policy: try settings.policy(), retention: try settings.telemetryRetention())
        let clock = try clock(store)
        try store.setSetting("public_url", try settings.publicURL())
        let group = try build(settings, clock: clock, store: store, directory: directory, log: log) { port in
            log.notice(
                "board is open", metadata: ["port": "\(port)", "url": "\((try? settings.publicURL()) ?? "")"])
        }
        log.notice("administrator token", metadata: ["path": "\(directory.adminTokenPath)"])
        do {
            try await group.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw settings.invalid("http.listen", "an address that no other program listens on")
        }
        try store.close()
        withExtendedLifetime(lock) {}
    }

    /// A scaled clock goes on over a restart; without `--clock-rate` it is the wall's.
    private func clock(_ store: Store) throws -> ServiceClock {
        guard let clockRate else { return ServiceClock() }
        if let stored = try store.setting("clock").flatMap(ServiceClock.init(stored:)), stored.rate() != 1 {
            return stored
        }
        let clock = ServiceClock(rate: clockRate, behind: .minutes(clockBehind))
        try store.setSetting("clock", clock.stored)
        return clock
    }

    private func logger(_ settings: Settings) throws -> Logger {
        let level = try settings.choice("log.level", of: Logger.Level.self)
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "fieldloop")
    }
}
