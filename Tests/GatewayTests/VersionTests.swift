import Testing

@testable import Gateway

/// MQTT 3.1.1, which says the same things in fewer words.
extension Brokers {
    @Suite struct VersionTests {
        private func options(_ port: UInt16) throws -> Subscriber.Options {
            try .brisk(Broker(port: port, protocolVersion: .v311))
        }

        @Test func `the session lasts, and acknowledgements wait for the handler`() async throws {
            let broker = try ScriptedBroker { peer, number in
                try peer.welcome(sessionPresent: number > 1)
                peer.send((1...3).flatMap { peer.publish("\($0)", id: $0) })
                // Until all are acknowledged, then gone without a word.
                for _ in 1...3 { try peer.next(.puback) }
                if number > 1 { peer.readToEnd() }
            }
            defer { broker.stop() }
            let events = Events()
            let received = Received()
            try await Subscriber.running(options(broker.port), events: events, handler: received.handler) {
                subscriber in
                try await waitUntil("all twice") { received.texts.count == 6 && subscriber.status.connections == 2 }
            }
            let identifier = Array("gateway-tests".utf8)
            let connect = [0, 4] + Array("MQTT".utf8) + [4, 0, 0, 60, 0, UInt8(identifier.count)] + identifier
            for peer in broker.peers {
                #expect(peer.packets[0].body == connect, "not clean, no properties")
                #expect(peer.acknowledged == [1, 2, 3])
            }
            #expect(events.sessionsPresent == [false, true])
        }

        @Test(arguments: [
            (1, MosquittoError.protocolVersionNotSupported), (2, .clientIDNotValid), (3, .brokerUnavailable),
            (4, .badCredentials), (5, .notAuthorized),
        ])
        func `a refusal has the same name as in MQTT 5`(code: Int, error: MosquittoError) async throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.next(.connect)
                peer.send(peer.connack(reason: UInt8(code)))
                peer.readToEnd()
            }
            defer { broker.stop() }
            let events = Events()
            try await Subscriber.running(options(broker.port), events: events, handler: Received().handler) { _ in
                try await waitUntil("refused twice") { broker.peers.count > 2 }
            }
            #expect(events.disconnections == [error])
        }

        @Test func `a subscription that is refused is a failure`() async throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.next(.connect)
                peer.send(peer.connack())
                peer.send(peer.suback(for: try peer.next(.subscribe), granted: 0x80))
                peer.readToEnd()
            }
            defer { broker.stop() }
            let events = Events()
            try await Subscriber.running(options(broker.port), events: events, handler: Received().handler) { _ in
                try await waitUntil("tried again") { broker.peers.count > 1 }
            }
            #expect(events.disconnections.first?.rawValue == 0x80)
        }

        @Test func `a real broker keeps what comes while we are away`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let events = Events()
            let received = Received()
            let lines = (1...3_000).map(String.init)
            try await Subscriber.running(options(mosquitto.port), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(Array(lines.prefix(1_000)), to: "t/a")
                try await waitUntil("the first are here") { received.texts.count == 1_000 }
            }
            try await mosquitto.publish(Array(lines.dropFirst(1_000)), to: "t/a")
            try await Subscriber.running(options(mosquitto.port), events: events, handler: received.handler) { _ in
                try await waitUntil("all are here") { received.texts.count >= lines.count }
                try await waitUntil("said") { events.sessionsPresent == [true] }
            }
            #expect(received.texts == lines)
        }

        @Test func `a publisher is served too`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let received = Received()
            try await Subscriber.running(options(mosquitto.port), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                var options = Publisher.Options(
                    broker: Broker(port: mosquitto.port, protocolVersion: .v311), clientID: "gateway-tests-out")
                options.timing = .brisk
                let publisher = try Publisher(options, logger: quiet)
                for number in 1...10 { try await publisher.publish(Topic("t/a"), Array("\(number)".utf8)) }
                await publisher.close()
                try await waitUntil("all are here") { received.texts.count == 10 }
            }
        }
    }
}
