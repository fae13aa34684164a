import Domain
import Foundation
import FoundationNetworking
import GRDB
import Gateway
import Logging
import Testing

@testable import Store

/// Suites that start brokers and services: one after the other, since each wants the machine for itself.
@Suite(.serialized, .timeLimit(.minutes(3))) enum Houses {}

/// A real mosquitto and the real program, on free ports and in a directory of their own; all of it ends with the value.
final class House {
    let directory: String
    let mqttPort: UInt16
    private let httpPort: UInt16
    private let arguments: [String]
    private var broker: Child?
    private var service: Child?
    private var openStore: Store?

    /// - Parameters:
    ///   - arguments: of `fieldloop serve`.
    ///   - plant: folders that `fieldloop import` reads; nil: those of the repository.
    init(_ arguments: [String] = [], plant: [String]? = nil) async throws {
        directory = NSTemporaryDirectory() + "fieldloop-house-\(UUID().uuidString)"
        (mqttPort, httpPort) = (try freePort(), try freePort())
        self.arguments = arguments
        try FileManager.default.createDirectory(atPath: directory + "/mqtt", withIntermediateDirectories: true)
        let lines = [
            "listener \(mqttPort) 127.0.0.1", "allow_anonymous true", "user \(NSUserName())",
            "log_dest file \(directory)/mosquitto.log", "persistence true", "persistence_location \(directory)/mqtt/",
            "autosave_interval 10", "max_inflight_messages 10000", "max_queued_messages 0",
            "max_packet_size 16777216", "upgrade_outgoing_qos true", "set_tcp_nodelay true",
        ]
        try lines.joined(separator: "\n").write(toFile: directory + "/conf", atomically: true, encoding: .utf8)
        let fixtures = Root.url.appending(path: "fixtures").path
        let folders = plant ?? ["\(fixtures)/data", "\(fixtures)/plant"]
        let importing = try Child(Self.binary, ["import"] + folders + ["--data", data], output: log)
        try #require(try await importing.exitCode() == 0, "import: \(logText)")
    }

    deinit {
        service?.end(SIGKILL)
        broker?.end(SIGKILL)
        try? openStore?.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Beside the tests, where the package's build puts it.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["FIELDLOOP_BINARY"] { return path }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let besideTests = URL(filePath: tests).deletingLastPathComponent().appending(path: "fieldloop").path
        if FileManager.default.isExecutableFile(atPath: besideTests) { return besideTests }
        return Root.url.appending(path: ".build/debug/fieldloop").path
    }()

    var data: String { directory + "/var" }
    private var log: String { directory + "/service.log" }
    var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    // MARK: The broker

    func startBroker() async throws {
        broker = try Child("/usr/sbin/mosquitto", ["-c", directory + "/conf"])
        let probe = try publisher("probe")
        try await probe.ready(timeout: .seconds(20))
        await probe.close()
    }

    /// SIGTERM lets it save its sessions and queues.
    func stopBroker() { broker?.end(SIGTERM) }

    func publisher(_ id: String, inFlight: Int = 64) throws -> Publisher {
        var options = Publisher.Options(broker: Broker(port: mqttPort), clientID: "flow-\(id)")
        options.inFlight = inFlight
        options.timing.firstRetry = .milliseconds(20)
        options.timing.longestRetry = .milliseconds(200)
        return try Publisher(options, logger: Logger(label: "flow") { _ in SwiftLogNoOpLogHandler() })
    }

    /// One publisher for the length of `body`.
    func publishing(_ body: (Publisher) async throws -> Void) async throws {
        let publisher = try publisher("sender")
        do { try await body(publisher) } catch {
            await publisher.close()
            throw error
        }
        await publisher.close()
    }

    // MARK: The service

    var serveArguments: [String] {
        [
            "serve", "--data", data, "--set", "mqtt.port=\(mqttPort)", "--set", "http.listen=127.0.0.1:\(httpPort)",
            "--set", "log.level=notice",
        ] + arguments
    }

    /// Returns when it answers on HTTP; whether it has a broker is another question.
    func startService() async throws {
        let child = try Child(Self.binary, serveArguments, output: log)
        service = child
        try await waitUntil("the service answers") {
            if child.hasEnded { throw NeverHappened(description: "the service ended: \(logText)") }
            return await health() != nil
        }
    }

    func killService() { service?.end(SIGKILL) }

    /// As an operator stops it; returns its exit code.
    func stopService() async throws -> Int32? {
        service?.end(SIGTERM)
        return try await service?.exitCode()
    }

    var isServing: Bool { service?.hasEnded == false }

    /// `/healthz`; nil when nobody answers.
    func health() async -> [String: String]? {
        guard let url = URL(string: "http://127.0.0.1:\(httpPort)/healthz"),
            let (body, _) = try? await URLSession.shared.data(from: url),
            let json = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
        else { return nil }
        return json.mapValues { "\($0)" }
    }

    func connected() async throws {
        try await waitUntil("the service has its broker") { await health()?["broker"] == "connected" }
    }

    /// The service's own clock.
    func now() async throws -> Instant {
        let text = try #require(await health()?["now"])
        return Instant(milliseconds: try #require(Int64(text)))
    }

    // MARK: What it has stored

    /// The service's database, seen from here.
    func store() throws -> Store {
        if let openStore { return openStore }
        let store = try Store(directory: data)
        openStore = store
        return store
    }

    func texts(_ sql: String) throws -> [String] { try store().pool.read { try String.fetchAll($0, sql: sql) } }

    func count(_ sql: String) throws -> Int { try store().pool.read { try Int.fetchOne($0, sql: sql) ?? 0 } }

    /// All that was measured and is stored, journal and day files together.
    func stored() throws -> [Reading] {
        var stored: [Reading] = []
        let all = Instant(milliseconds: 0)...Instant(milliseconds: 4_102_444_800_000)
        try StoredReadings(try store().telemetry).visit(from: all.lowerBound, to: all.upperBound) { stored += $1 }
        return stored
    }

    /// State, engineer and epoch of every ticket.
    func tickets() throws -> [String] {
        try texts("SELECT state || ' ' || coalesce(engineer, '-') || ' ' || epoch FROM ticket ORDER BY id")
    }
}

/// The package's own files.
enum Root {
    static let url = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    /// Test data that stands beside the project and is never part of it.
    static let shared = url.deletingLastPathComponent().appending(path: "shared/data")
}
