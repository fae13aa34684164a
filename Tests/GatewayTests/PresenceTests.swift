import Synchronization
import Testing

@testable import Gateway

/// What others see of a publisher: its birth, and its will when it breaks.
extension Brokers {
    @Suite struct PresenceTests {
        /// "birth n" and "will n", n = the connection's number.
        private func options(_ port: UInt16, version: Broker.ProtocolVersion = .v5) throws -> Publisher.Options {
            var options = Publisher.Options(
                broker: Broker(port: port, protocolVersion: version), clientID: "gateway-tests-host")
            options.timing = .brisk
            let topic = try Topic("host/state")
            let connections = Counter()
            options.presence = {
                let number = connections.next()
                return Publisher.Presence(
                    birth: Publication(topic, Array("birth \(number)".utf8), retain: true),
                    will: Publication(topic, Array("will \(number)".utf8), retain: true))
            }
            return options
        }

        @Test(arguments: [Broker.ProtocolVersion.v5, .v311])
        func `birth and will are made together, anew for each connection`(version: Broker.ProtocolVersion)
            async throws
        {
            let broker = try ScriptedBroker { peer, number in
                try peer.welcome()
                while true {
                    let packet = try peer.next()
                    if packet.type == .publish { peer.send(peer.puback(for: packet)) }
                    if number == 1 { return }
                }
            }
            defer { broker.stop() }
            var options = try options(broker.port, version: version)
            options.filters = [try TopicFilter("host/#")]
            let publisher = try Publisher(options, logger: quiet)
            try await waitUntil("born again") { broker.peers.count == 2 && publisher.status.connections == 2 }
            try await publisher.publish(Topic("out/a"), Array("work".utf8))
            await publisher.close()
            try await waitUntil("goodbye") { broker.peers[1].packets.last?.type == .disconnect }
            for (number, peer) in zip(1..., broker.peers) {
                let connect = peer.packets[0].body
                // Clean session, will, QoS 1, retained.
                #expect(connect[7] == 0b10_1110)
                #expect(connect.contains(Array("host/state".utf8) + [0, 6] + Array("will \(number)".utf8)))
            }
            #expect(texts(of: broker.peers[0]) == ["birth 1"])
            #expect(texts(of: broker.peers[1]) == ["birth 2", "work", "will 2"])
            #expect(broker.peers[1].packets.first { $0.type == .publish }?.header == 0x33, "QoS 1, retained")
        }

        @Test func `a birth that is refused is said, and nothing else goes out`() async throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome(subscribing: false)
                peer.send(peer.puback(for: try peer.next(.publish), reason: 0x87))
                peer.readToEnd()
            }
            defer { broker.stop() }
            let publisher = try Publisher(options(broker.port), logger: quiet)
            try await waitUntil("refused") { publisher.status.lastError == .notAuthorized }
            await publisher.close()
        }

        @Test func `a real broker tells others when the connection breaks`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let proxy = try Proxy(to: mosquitto.port)
            defer { proxy.stop() }
            let received = Received()
            var options = try Subscriber.Options.brisk(mosquitto.broker)
            options.filters = [try TopicFilter("host/state")]
            try await Subscriber.running(options, handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                let publisher = try Publisher(self.options(proxy.port), logger: quiet)
                try await publisher.ready()
                proxy.reset()
                try await waitUntil("came back") { received.texts.count == 3 }
                await publisher.close()
                try await waitUntil("went") { received.texts.count == 4 }
            }
            #expect(received.texts == ["birth 1", "will 1", "birth 2", "will 2"])
        }

        private func texts(of peer: Peer) -> [String] {
            peer.packets.filter { $0.type == .publish }.map { packet in
                let topicLength = Int(packet.body[1])
                // Identifier, and in MQTT 5 the length of no properties, which is no letter.
                return String(decoding: packet.body.dropFirst(4 + topicLength).drop { $0 == 0 }, as: UTF8.self)
            }
        }
    }
}

private final class Counter: Sendable {
    private let value = Atomic(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}
