import Glibc
import Testing

@testable import Gateway

/// Networks that break in the middle, through a proxy before a real mosquitto.
extension Brokers {
    @Suite struct NetworkTests {
        @Test func `torn again and again in mid-stream, nothing is missing`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            try await mosquitto.openSession()
            let proxy = try Proxy(to: mosquitto.port)
            defer { proxy.stop() }
            let lines = (1...10_000).map(String.init)
            try await mosquitto.publish(lines, to: "t/a")
            var options = try Subscriber.Options.brisk(Broker(port: proxy.port))
            options.burst = BurstLimits(messages: 100)
            let received = Received()
            let handler: Subscriber.Handler = { burst in
                received.append(burst.messages)
                // A reset also takes acknowledgements with it that are under way: were it for ever, so would we.
                if received.all.count % 20 == 0, proxy.resets < 5 { proxy.reset() }
            }
            let events = Events()
            try await Subscriber.running(options, events: events, handler: handler) { subscriber in
                try await waitUntil("all are here") { Set(received.texts).count == lines.count }
                #expect(subscriber.status.lastError != nil)
            }
            #expect(Set(received.texts) == Set(lines))
            #expect(proxy.resets == 5)
            #expect(events.sessionsLost == 0)
        }

        @Test func `a black hole is noticed by the keep-alive, and left as soon as it opens`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let proxy = try Proxy(to: mosquitto.port)
            defer { proxy.stop() }
            var options = try Subscriber.Options.brisk(Broker(port: proxy.port))
            // The least that the library takes.
            options.timing.keepAlive = .seconds(5)
            options.timing.connect = .milliseconds(200)
            var downlink = Publisher.Options(broker: options.broker, clientID: "gateway-tests-out")
            downlink.timing = options.timing
            let publisher = try Publisher(downlink, logger: quiet)
            let received = Received()
            let events = Events()
            try await Subscriber.running(options, events: events, handler: received.handler) { subscriber in
                try await publisher.ready()
                try await waitUntil("connected") { subscriber.status.isConnected }
                proxy.swallow(true)
                try await mosquitto.publish(["kept"], to: "t/a")
                try await waitUntil("noticed", within: .seconds(15)) {
                    !subscriber.status.isConnected && !publisher.status.isConnected
                }
                #expect(events.disconnections.first == .keepAlive)
                proxy.swallow(false)
                try await waitUntil("it is here") { received.texts == ["kept"] }
                try await publisher.publish(Topic("t/b"), Array("sent".utf8))
                try await waitUntil("it is here too") { received.texts == ["kept", "sent"] }
            }
            await publisher.close()
        }

        @Test(.enabled(if: BlackHole(port: 0) != nil, "needs IPv6 on the loopback"), arguments: [false, true])
        func `an IPv6 address that refuses, or swallows, does not keep us from the next`(swallows: Bool) throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                peer.readToEnd()
            }
            defer { broker.stop() }
            let hole = swallows ? BlackHole(port: broker.port) : nil
            defer { hole?.close() }
            var timing = LinkTiming.brisk
            timing.connect = .milliseconds(500)
            let settings = LinkSettings(
                broker: Broker(host: "both", port: broker.port), clientID: "gateway-tests", cleanStart: true,
                sessionExpiry: .zero, receiveWindow: 10, sendWindow: 10, filters: [], will: nil, timing: timing)
            let start = ContinuousClock.now
            let connection = try Connection.open(settings, Inbox(), LoopControl()) { _ throws(MosquittoError) in
                try Address.lookUp("::1") + Address.lookUp("127.0.0.1")
            }
            #expect(connection.inbox.greeting != nil)
            #expect(swallows == (start.duration(to: .now) > .milliseconds(500)), "the first was tried")
        }
    }
}

/// ::1 on a port, where nobody answers: the queue of connections is full, and the kernel drops who comes.
private struct BlackHole {
    private var descriptors: [Int32] = []

    /// nil where the machine has no IPv6.
    init?(port: UInt16) {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        func call(_ function: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    function($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        let listener = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        descriptors.append(listener)
        guard call({ bind(listener, $0, $1) }) == 0, listen(listener, 0) == 0 else { return nil }
        for _ in 0..<4 {
            let client = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            _ = call { connect(client, $0, $1) }
            descriptors.append(client)
        }
    }

    func close() { for descriptor in descriptors { Glibc.close(descriptor) } }
}
