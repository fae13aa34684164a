import AsyncHTTPClient
import Domain
import Logging
import Store
import Synchronization

@testable import Notify

/// What was logged, as text.
final class LogLines: Sendable {
    private let list = Mutex<[String]>([])
    var text: String { list.withLock { $0.joined(separator: "\n") } }

    var logger: Logger {
        var logger = Logger(label: "tests") { _ in Handler(lines: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.list.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}

/// What was published, and how it is answered: nil is a PUBACK.
final class TestBroker: Sendable {
    struct Published: Sendable {
        let topic: String
        let payload: [UInt8]
    }
    struct Away: Error {}
    private let state = Mutex<(published: [Published], failures: Int)>(([], 0))

    var published: [Published] { state.withLock { $0.published } }
    /// The next `count` publishes fail.
    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    var publish: Courier.Publish {
        { topic, payload in
            try self.state.withLock { state in
                state.published.append(Published(topic: topic, payload: payload))
                guard state.failures == 0 else {
                    state.failures -= 1
                    throw Away()
                }
            }
        }
    }
}

/// A courier's surroundings in a test.
struct Surroundings {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let robotKey = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

    var options: Courier.Options
    var broker = TestBroker()
    var log = LogLines()
    var personalLink: Courier.PersonalLink? = { engineer, ticket in "https://f.example/s/\(engineer)-\(ticket)" }

    init(webhook: String? = nil, wecom: String? = nil) throws {
        options = Courier.Options(publicURL: "https://f.example")
        options.webhook = try webhook.map { try WebhookEndpoint(url: $0, secret: Self.secret) }
        options.wecom = try wecom.map { try WeComRobot(url: "\($0)?key=\(Self.robotKey)") }
        options.pollEvery = .milliseconds(20)
        options.seed = 7
    }

    /// A courier works on `plant` while `body` runs.
    func running(on plant: TestPlant, _ body: () async throws -> Void) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Courier.httpConfiguration)
        let clock = plant.clock
        let courier = Courier(
            store: plant.store, options: options, http: http, logger: log.logger, now: { clock.now },
            publish: broker.publish, personalLink: personalLink)
        let task = Task { await courier.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        try await http.shutdown()
        try result.get()
    }
}

struct NeverHappened: Error { let what: String }

/// Looks every few milliseconds; throws when it has not come true in time.
func waitUntil(_ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws
{
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
