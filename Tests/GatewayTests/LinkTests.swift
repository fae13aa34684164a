import Glibc
import Logging
import Synchronization
import Testing

@testable import Gateway

/// How a link comes up, fails and comes up again.
extension Brokers {
    @Suite struct LinkTests {
        @Test(arguments: [
            (0x87, MosquittoError.notAuthorized), (0x86, .badCredentials), (0x84, .protocolVersionNotSupported),
            (0x88, .brokerUnavailable), (0x97, .quotaExceeded),
        ])
        func `a refusal is told in the broker's own terms, and tried again`(reason: Int, error: MosquittoError)
            async throws
        {
            let broker = try ScriptedBroker { peer, number in
                if number > 2 {
                    try peer.welcome()
                } else {
                    try peer.next(.connect)
                    peer.send(peer.connack(reason: UInt8(reason)))
                }
                peer.readToEnd()
            }
            defer { broker.stop() }
            let events = Events()
            try await Subscriber.running(.brisk(Broker(port: broker.port)), events: events, handler: Received().handler)
            {
                try await waitUntil("connected in the end") { [subscriber = $0] in subscriber.status.connections > 0 }
                #expect($0.status.lastError == error || $0.status.lastError == .connectionLost)
            }
            #expect(events.disconnections.first == error)
        }

        @Test(arguments: [(0x87, MosquittoError.notAuthorized), (0, .qosNotGranted)])
        func `a subscription that is not granted at QoS 1 is a failure`(granted: Int, error: MosquittoError)
            async throws
        {
            let broker = try ScriptedBroker { peer, _ in
                try peer.next(.connect)
                peer.send(peer.connack())
                peer.send(peer.suback(for: try peer.next(.subscribe), granted: UInt8(granted)))
                peer.readToEnd()
            }
            defer { broker.stop() }
            let events = Events()
            try await Subscriber.running(.brisk(Broker(port: broker.port)), events: events, handler: Received().handler)
            {
                try await waitUntil("refused twice") { broker.peers.count > 2 }
                #expect($0.status.connections == 0)
            }
            #expect(events.disconnections == [error], "said once")
        }

        @Test func `a broker that accepts and says nothing is given up`() async throws {
            let broker = try ScriptedBroker { peer, _ in peer.readToEnd() }
            defer { broker.stop() }
            var options = try Subscriber.Options.brisk(Broker(port: broker.port))
            options.timing.connect = .milliseconds(50)
            let events = Events()
            try await Subscriber.running(options, events: events, handler: Received().handler) { _ in
                try await waitUntil("tried again") { broker.peers.count > 1 }
            }
            #expect(events.disconnections == [.timeout])
        }

        @Test func `stopping does not wait for a broker that says nothing`() async throws {
            let broker = try ScriptedBroker { peer, _ in peer.readToEnd() }
            defer { broker.stop() }
            let subscriber = try Subscriber(
                .brisk(Broker(port: broker.port)), logger: quiet, handler: Received().handler)
            try subscriber.start()
            try await waitUntil("connecting") { !broker.peers.isEmpty }
            #expect(ContinuousClock().measure { subscriber.stop() } < .seconds(3))
            #expect(subscriber.status.state == .stopped)
        }

        @Test func `stopping waits for a broker that does not say goodbye, but not for ever`() async throws {
            let mayGo = Atomic(false)
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                block { mayGo.load(ordering: .acquiring) }
            }
            defer {
                mayGo.store(true, ordering: .releasing)
                broker.stop()
            }
            var options = try Subscriber.Options.brisk(Broker(port: broker.port))
            options.timing.farewell = .milliseconds(200)
            let subscriber = try Subscriber(options, logger: quiet, handler: Received().handler)
            try subscriber.start()
            try await waitUntil("connected") { subscriber.status.isConnected }
            let time = ContinuousClock().measure { subscriber.stop() }
            #expect(time > .milliseconds(150) && time < .seconds(3))
        }

        @Test func `it starts once`() throws {
            let subscriber = try Subscriber(.brisk(Broker(port: 1)), logger: quiet, handler: Received().handler)
            try subscriber.start()
            #expect(throws: MosquittoError.system(EALREADY)) { try subscriber.start() }
            subscriber.stop()
        }

        @Test func `a name with several addresses is tried at each`() async throws {
            // The scripted broker listens on 127.0.0.1 alone; where `localhost` is ::1 first, that refuses.
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                peer.readToEnd()
            }
            defer { broker.stop() }
            let options = try Subscriber.Options.brisk(Broker(host: "localhost", port: broker.port))
            let events = Events()
            try await Subscriber.running(options, events: events, handler: Received().handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
            }
            #expect(events.disconnections.isEmpty)
        }

        @Test func `a name that does not exist is an error of its own`() async throws {
            let events = Events()
            let options = try Subscriber.Options.brisk(Broker(host: "no-such-host.invalid"))
            try await Subscriber.running(options, events: events, handler: Received().handler) { _ in
                try await waitUntil("tried") { !events.disconnections.isEmpty }
            }
            #expect(events.disconnections == [.nameNotFound])
        }

        @Test func `a broker that is away is reported once, however often it is tried`() async throws {
            let lines = LogLines()
            let port = try freePort()
            let options = try Subscriber.Options.brisk(Broker(port: port))
            try await Subscriber.running(options, logger: lines.logger, handler: Received().handler) { subscriber in
                try await Task.sleep(for: .milliseconds(400))
                #expect(subscriber.status.lastError == .system(ECONNREFUSED))
                #expect(subscriber.status.state == .connecting)
            }
            #expect(lines.all.count { $0.contains("no connection to the broker") } == 1)
            #expect(lines.all.first?.contains("Connection refused") == true)
        }

        @Test func `the session that the broker lost is an event`() async throws {
            let broker = try ScriptedBroker { peer, number in
                try peer.welcome(sessionPresent: number == 2)
                // Long enough to be connected.
                if number < 3 { _ = peer.unread(after: 30) } else { peer.readToEnd() }
            }
            defer { broker.stop() }
            let events = Events()
            try await Subscriber.running(.brisk(Broker(port: broker.port)), events: events, handler: Received().handler)
            {
                try await waitUntil("connected three times") { [subscriber = $0] in subscriber.status.connections == 3 }
                #expect($0.status.sessionsLost == 1)
            }
            #expect(events.sessionsPresent == [false, true, false])
            #expect(events.sessionsLost == 1, "not at the first connection")
        }

        @Test func `cancelling the task that runs it stops it cleanly`() async throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                peer.readToEnd()
            }
            defer { broker.stop() }
            let subscriber = try Subscriber(
                .brisk(Broker(port: broker.port)), logger: quiet, handler: Received().handler)
            let task = Task { try await subscriber.run() }
            try await waitUntil("connected") { subscriber.status.isConnected }
            task.cancel()
            try await task.value
            #expect(subscriber.status.state == .stopped)
            try await waitUntil("goodbye") { broker.peers[0].packets.last?.type == .disconnect }
        }
    }
}
