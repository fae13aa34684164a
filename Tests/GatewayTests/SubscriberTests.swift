import Domain
import Foundation
import Logging
import Synchronization
import Testing

@testable import Gateway

/// What a handler was given, seen from the test.
final class Received: Sendable {
    private let bursts = Mutex<[[Message]]>([])

    var handler: Subscriber.Handler {
        { [self] burst in
            let messages = burst.messages
            bursts.withLock { $0.append(messages) }
        }
    }

    var all: [[Message]] { bursts.withLock { $0 } }
    var messages: [Message] { all.flatMap { $0 } }
    var texts: [String] { messages.map { String(decoding: $0.payload, as: UTF8.self) } }
}

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

func options(_ broker: Broker, _ filter: String = "t/#") throws -> Subscriber.Options {
    var options = Subscriber.Options(broker: broker, clientID: "gateway-tests", filters: [try TopicFilter(filter)])
    options.timing = .brisk
    return options
}

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

@Suite(.serialized, .timeLimit(.minutes(1)))
struct SubscriberTests {
    @Test func `messages arrive in order, and all of them`() throws {
        let mosquitto = try Mosquitto()
        try mosquitto.start()
        let received = Received()
        let subscriber = try Subscriber(options(mosquitto.broker), logger: quiet, handler: received.handler)
        try subscriber.start()
        defer { subscriber.stop() }
        try waitUntil("connected") { subscriber.status.isConnected }
        let lines = (1...1_000).map(String.init)
        try mosquitto.publishLines(lines.joined(separator: "\n"), to: "t/a")
        try waitUntil("all are here") { received.texts.count >= lines.count }
        #expect(received.texts == lines)
        #expect(received.all.count < lines.count, "some came together")
    }
}
