import Synchronization
import Testing

@testable import Gateway

/// Several subscribers in one process: brokers, or topic sets of one.
extension Brokers {
    @Suite struct SeveralLoopsTests {
        struct Refused: Error {}

        @Test func `two topic sets of one broker, each with a session of its own`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let received = [Received(), Received()]
            let lines = (1...2_000).map(String.init)
            let options = try ["left", "right"].map { name in
                var options = Subscriber.Options(
                    broker: mosquitto.broker, clientID: "gateway-tests-\(name)",
                    filters: [try TopicFilter("t/\(name)/#")])
                options.timing = .brisk
                return options
            }
            try await Subscriber.running(options[0], handler: received[0].handler) { left in
                try await Subscriber.running(options[1], handler: received[1].handler) { right in
                    try await waitUntil("connected") { left.status.isConnected && right.status.isConnected }
                    try await mosquitto.publish(lines, to: "t/left/a")
                    try await mosquitto.publish(lines, to: "t/right/a")
                    try await waitUntil("all are here") { received.allSatisfy { $0.texts.count >= lines.count } }
                }
                // The other's end is nothing to this one.
                #expect(left.status.isConnected)
                try await mosquitto.publish(["more"], to: "t/left/a")
                try await waitUntil("it is here") { received[0].texts.last == "more" }
            }
            #expect(received[0].texts == lines + ["more"])
            #expect(received[1].texts == lines)
        }

        @Test func `two brokers, and trouble with one does not hold the other up`() async throws {
            let brokers = [try Mosquitto(), try Mosquitto()]
            for broker in brokers { try await broker.start() }
            let received = Received()
            let lines = (1...2_000).map(String.init)
            try await Subscriber.running(.brisk(brokers[0].broker), handler: { _ in throw Refused() }) { failing in
                try await Subscriber.running(.brisk(brokers[1].broker), handler: received.handler) { healthy in
                    try await waitUntil("connected") { failing.status.isConnected && healthy.status.isConnected }
                    for broker in brokers { try await broker.publish(lines, to: "t/a") }
                    try await waitUntil("all are here") { received.texts.count >= lines.count }
                    try await waitUntil("it failed") { failing.status.handlerFailures > 1 }
                    #expect(healthy.status.connections == 1)
                    #expect(healthy.status.handlerFailures == 0)
                }
            }
            #expect(received.texts == lines)
        }
    }
}
