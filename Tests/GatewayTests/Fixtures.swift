import Foundation
import Logging
import Synchronization
import Testing

@testable import Gateway

/// The suites that start brokers: one after the other, since each wants the machine for itself.
@Suite(.serialized, .timeLimit(.minutes(1))) enum Brokers {}

/// What a handler was given, seen from the test.
final class Received: Sendable {
    private let bursts = Mutex<[[Message]]>([])

    /// Keeps everything.
    var handler: Subscriber.Handler { { self.append($0.messages) } }

    func append(_ messages: [Message]) { bursts.withLock { $0.append(messages) } }

    var all: [[Message]] { bursts.withLock { $0 } }
    var messages: [Message] { all.flatMap { $0 } }
    var texts: [String] { messages.map { String(decoding: $0.payload, as: UTF8.self) } }
}

/// What a link said about itself.
final class Events: Sendable {
    private let list = Mutex<[LinkEvent]>([])
    var record: @Sendable (LinkEvent) -> Void { { event in self.list.withLock { $0.append(event) } } }
    var all: [LinkEvent] { list.withLock { $0 } }

    var disconnections: [MosquittoError] {
        all.compactMap { if case .disconnected(let error) = $0 { error } else { nil } }
    }
    var sessionsPresent: [Bool] {
        all.compactMap { if case .connected(let isPresent) = $0 { isPresent } else { nil } }
    }
    var sessionsLost: Int { all.count { if case .sessionLost = $0 { true } else { false } } }
    var handlerFailures: Int { all.count { if case .handlerFailed = $0 { true } else { false } } }
}

/// What was logged, as text.
final class LogLines: Sendable {
    private let list = Mutex<[String]>([])
    var all: [String] { list.withLock { $0 } }

    var logger: Logger { Logger(label: "tests") { _ in Handler(lines: self) } }

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

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

extension LinkTiming {
    /// Waits short enough for a test.
    static var brisk: LinkTiming {
        var timing = LinkTiming()
        timing.firstRetry = .milliseconds(10)
        timing.longestRetry = .milliseconds(50)
        timing.connect = .seconds(5)
        return timing
    }
}

extension Subscriber.Options {
    /// A subscriber to everything below `t`.
    static func brisk(_ broker: Broker) throws -> Subscriber.Options {
        var options = Subscriber.Options(broker: broker, clientID: "gateway-tests", filters: [try TopicFilter("t/#")])
        options.timing = .brisk
        return options
    }
}

extension Subscriber {
    /// Stops when the closure is left, whatever happens in it.
    static func running(
        _ options: Options, logger: Logger = quiet, events: Events = Events(), handler: @escaping Handler,
        while body: (Subscriber) async throws -> Void
    ) async throws {
        let subscriber = try Subscriber(options, logger: logger, onEvent: events.record, handler: handler)
        try subscriber.start()
        defer { subscriber.stop() }
        try await body(subscriber)
    }
}

struct NeverHappened: Error { let what: String }

/// Looks every few milliseconds; throws when it has not come true in time.
func waitUntil(_ what: String, within limit: Duration = .seconds(60), _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// The same for scripts and handlers, which run on threads of their own and may block; gives up silently, so that a
/// failing test ends.
func block(until condition: () -> Bool) {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition(), ContinuousClock.now < deadline { usleep(1_000) }
}
