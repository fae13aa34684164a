import Domain
import Foundation
import Testing

@testable import Gateway

/// Against a real mosquitto.
extension Brokers {
    @Suite struct SubscriberTests {
        struct Refused: Error {}

        @Test func `messages arrive in order, and some together`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let received = Received()
            let lines = (1...1_000).map(String.init)
            try await Subscriber.running(.brisk(mosquitto.broker), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(lines, to: "t/a")
                try await waitUntil("all are here") { received.texts.count >= lines.count }
                #expect(subscriber.status.messages == lines.count)
                let status = subscriber.status
                #expect(status.bursts == received.all.count)
                #expect(status.bytes == lines.reduce(0) { $0 + $1.utf8.count })
                #expect(status.largestBurst == received.all.map(\.count).max())
                #expect(status.lastBurst == received.all.last?.count)
                #expect(status.longestHandling > .zero && status.longestHandling <= status.handling)
                #expect(try #require(status.lastMessage) >= status.since)
            }
            #expect(received.texts == lines)
            #expect(received.all.count < lines.count)
        }

        @Test func `the caps hold with a backlog, and nothing of it is lost or doubled`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            try await mosquitto.openSession()
            let lines = (1...5_000).map { "\($0) " + String(repeating: "x", count: 100) }
            try await mosquitto.publish(lines, to: "t/a")
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            options.burst = BurstLimits(messages: 300, bytes: 20_000)
            let received = Received()
            try await Subscriber.running(options, handler: received.handler) { _ in
                try await waitUntil("all are here") { received.texts.count >= lines.count }
            }
            #expect(received.texts == lines)
            let largest = try #require(received.all.map(\.count).max())
            #expect(largest <= 300)
            #expect(received.all.allSatisfy { $0.dropLast().reduce(0) { $0 + $1.size } < 20_000 }, "one over at most")
            #expect(received.all.contains { $0.reduce(0) { $0 + $1.size } >= 20_000 }, "the byte cap was reached")
        }

        @Test func `the time cap ends a burst`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            try await mosquitto.openSession()
            try await mosquitto.publish((1...500).map(String.init), to: "t/a")
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            options.burst = BurstLimits(time: .zero)
            let received = Received()
            try await Subscriber.running(options, handler: received.handler) { _ in
                try await waitUntil("all are here") { received.texts.count >= 500 }
            }
            #expect(received.all.allSatisfy { $0.count == 1 })
            #expect(received.texts.count == 500)
        }

        @Test func `two programs with one client id are told so`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let options = try Subscriber.Options.brisk(mosquitto.broker)
            let log = LogLines()
            try await Subscriber.running(options, logger: log.logger, handler: { _ in }) { one in
                try await Subscriber.running(options, handler: { _ in }) { other in
                    try await waitUntil("one of them notices") { one.status.isContested || other.status.isContested }
                    try await waitUntil("it is said") { log.all.contains { $0.contains("another program") } }
                }
                #expect(one.status.quickLosses >= 3)
            }
        }

        @Test func `what comes in a rush is let gather`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            (options.burst.rush, options.burst.gather) = (.seconds(60), .seconds(3))
            let received = Received()
            try await Subscriber.running(options, handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(["first"], to: "t/a")
                try await waitUntil("the first is here") { received.all.count == 1 }
                for number in 1...3 { try await mosquitto.publish(["\(number)"], to: "t/a") }
                try await waitUntil("all are here") { received.texts.count == 4 }
            }
            #expect(received.all.map(\.count) == [1, 3])
        }

        @Test func `a handler that throws now and then loses nothing`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let received = Received()
            let attempts = Received()
            let handler: Subscriber.Handler = { burst in
                attempts.append(burst.messages)
                if attempts.all.count % 3 == 1 { throw Refused() }
                received.append(burst.messages)
            }
            let lines = (1...800).map(String.init)
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            options.burst = BurstLimits(messages: 100)
            try await Subscriber.running(options, handler: handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(lines, to: "t/a")
                try await waitUntil("all are here") { Set(received.texts).count == lines.count }
                #expect(subscriber.status.handlerFailures > 1)
            }
            #expect(Set(received.texts) == Set(lines))
        }

        @Test func `a clean stop in mid-stream leaves nothing to be sent again`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            try await mosquitto.openSession()
            let lines = (1...5_000).map(String.init)
            try await mosquitto.publish(lines, to: "t/a")
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            options.burst = BurstLimits(messages: 100)
            let received = Received()
            var stops = 0
            while received.texts.count < lines.count {
                let before = received.texts.count
                try await Subscriber.running(options, handler: received.handler) { _ in
                    try await waitUntil("some are here") { received.texts.count >= min(before + 700, lines.count) }
                }
                stops += 1
            }
            #expect(received.texts == lines)
            #expect(stops > 2)
        }

        @Test func `a retained message says that it is one`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            try await mosquitto.publish(["kept"], to: "t/kept", options: ["-r"])
            let received = Received()
            try await Subscriber.running(.brisk(mosquitto.broker), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(["new"], to: "t/new", options: ["-q", "0"])
                try await waitUntil("both are here") { received.messages.count == 2 }
            }
            #expect(received.texts == ["kept", "new"])
            #expect(received.messages.map(\.isRetained) == [true, false])
            #expect(received.messages.map(\.qos) == [.atLeastOnce, .atMostOnce])
        }

        @Test func `of an oversized payload the head and the true size remain`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            options.payloadLimits = [
                PayloadLimit(try TopicFilter("t/small/#"), bytes: 1_000),
                PayloadLimit(try TopicFilter("t/#"), bytes: 5_000),
            ]
            let received = Received()
            try await Subscriber.running(options, handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                let text = String(repeating: "y", count: 1_001)
                try await mosquitto.publish([text], to: "t/small/a")
                try await mosquitto.publish([text], to: "t/large/a")
                try await waitUntil("both are here") { received.messages.count == 2 }
            }
            #expect(received.messages.map(\.isTruncated) == [true, false])
            #expect(received.messages.map(\.size) == [1_001, 1_001])
            #expect(received.messages.map(\.payload.count) == [Limits.rejectedHead, 1_001])
        }

        @Test func `a topic that is none of ours is passed on for a reason to be stored`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let long = "t/" + String(repeating: "a", count: Limits.topicLength)
            let received = Received()
            try await Subscriber.running(.brisk(mosquitto.broker), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(["x"], to: long)
                try await waitUntil("it is here") { received.messages.count == 1 }
            }
            #expect(received.messages[0].topic == nil)
            #expect(received.messages[0].topicText == String(long.prefix(Limits.topicLength)))
        }
    }
}
