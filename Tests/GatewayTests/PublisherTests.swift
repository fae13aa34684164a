import Domain
import Glibc
import Synchronization
import Testing

@testable import Gateway

extension Brokers {
    @Suite struct PublisherTests {
        private func publisher(
            _ port: UInt16, _ change: (inout Publisher.Options) -> Void = { _ in }
        ) throws -> Publisher {
            var options = Publisher.Options(broker: Broker(port: port), clientID: "gateway-tests-out")
            options.timing = .brisk
            change(&options)
            return try Publisher(options, logger: quiet)
        }

        /// Welcomes whoever comes and acknowledges as `answer` says; nil = not at all.
        private func broker(
            _ answer: @escaping @Sendable (Peer, Int, Peer.Packet) throws -> [UInt8]?
        ) throws -> ScriptedBroker {
            try ScriptedBroker { peer, number in
                try peer.welcome(subscribing: false)
                while let packet = try? peer.next() {
                    guard packet.type == .publish else { continue }
                    if let bytes = try answer(peer, number, packet) { peer.send(bytes) }
                }
            }
        }

        @Test func `publish returns on the acknowledgement and not before`() async throws {
            let mayAnswer = Atomic(false)
            let broker = try broker { peer, _, packet in
                block { mayAnswer.load(ordering: .acquiring) }
                return peer.puback(for: packet)
            }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            let hasReturned = Atomic(false)
            async let published: Void = {
                try await publisher.publish(Topic("out/a"), Array("hello".utf8))
                hasReturned.store(true, ordering: .releasing)
            }()
            try await waitUntil("it was sent") { broker.peers.first?.packets.contains { $0.type == .connect } == true }
            try await Task.sleep(for: .milliseconds(100))
            let wasEarly = hasReturned.load(ordering: .acquiring)
            #expect(!wasEarly)
            mayAnswer.store(true, ordering: .releasing)
            try await published
            #expect(publisher.status.messages == 1)
            await publisher.close()
            let sent = try #require(broker.peers[0].packets.first { $0.type == .publish })
            #expect(sent.header == 0x32, "QoS 1, neither duplicate nor retained")
            #expect(sent.body.suffix(5) == Array("hello".utf8))
        }

        @Test func `a publish that is not acknowledged in time throws`() async throws {
            let broker = try broker { _, _, _ in nil }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            await #expect(throws: MosquittoError.timeout) {
                try await publisher.publish(Topic("out/a"), [], timeout: .milliseconds(100))
            }
            await publisher.close()
        }

        @Test func `a publish throws in time while the broker is away`() async throws {
            let publisher = try publisher(try freePort())
            await #expect(throws: MosquittoError.timeout) {
                try await publisher.publish(Topic("out/a"), [], timeout: .milliseconds(50))
            }
            #expect(publisher.status.lastError == .system(ECONNREFUSED))
            await publisher.close()
        }

        @Test func `what the broker refuses, throws its reason`() async throws {
            let broker = try broker { peer, _, packet in peer.puback(for: packet, reason: 0x87) }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            await #expect(throws: MosquittoError.notAuthorized) { try await publisher.publish(Topic("out/a"), []) }
            await publisher.close()
        }

        @Test func `no subscriber is no failure`() async throws {
            let broker = try broker { peer, _, packet in peer.puback(for: packet, reason: 0x10) }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            try await publisher.publish(Topic("out/a"), [])
            await publisher.close()
        }

        @Test func `at QoS 0 publish returns when it was written`() async throws {
            let broker = try broker { _, _, _ in nil }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            let time = try await ContinuousClock().measure {
                for _ in 0..<6 { try await publisher.publish(Topic("out/a"), [1], qos: .atMostOnce, retain: true) }
            }
            #expect(time < .seconds(3), "not by the loop's next tick, each a second later")
            try await waitUntil("it is there") { broker.peers[0].packets.last?.header == 0x31 }
            await publisher.close()
        }

        @Test func `what was on the way when the connection broke goes again`() async throws {
            let broker = try broker { peer, number, packet in
                if number == 1 {
                    peer.hangUp()
                    throw Peer.Gone()
                }
                return peer.puback(for: packet)
            }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            try await publisher.publish(Topic("out/a"), Array("again".utf8))
            #expect(broker.peers.count == 2)
            #expect(broker.peers.allSatisfy { $0.packets.contains { $0.body.suffix(5) == Array("again".utf8) } })
            await publisher.close()
        }

        @Test func `no more are in flight than allowed, and no more wait`() async throws {
            let broker = try broker { _, _, _ in nil }
            defer { broker.stop() }
            let publisher = try publisher(broker.port) {
                $0.inFlight = 3
                $0.waiting = 5
            }
            try await publisher.ready()
            let topic = try Topic("out/a")
            try await withThrowingTaskGroup(of: MosquittoError?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do throws(MosquittoError) {
                            try await publisher.publish(topic, [], timeout: .milliseconds(300))
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                var errors: [MosquittoError: Int] = [:]
                for try await error in group { errors[try #require(error), default: 0] += 1 }
                #expect(errors == [.quotaExceeded: 3, .timeout: 5])
            }
            // All three that were in flight are given up: the next makes it try another connection.
            #expect(broker.peers[0].packets.count { $0.type == .publish } == 3)
            try await waitUntil("another connection") { broker.peers.count == 2 }
            await publisher.close()
        }

        @Test func `a cancelled task does not wait`() async throws {
            let broker = try broker { _, _, _ in nil }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            let task = Task { try await publisher.publish(Topic("out/a"), []) }
            try await waitUntil("it was sent") { broker.peers.first?.packets.last?.type == .publish }
            task.cancel()
            await #expect(throws: MosquittoError.cancelled) { try await task.value }
            await publisher.close()
        }

        @Test func `close ends what waits, and what comes after`() async throws {
            let broker = try broker { _, _, _ in nil }
            defer { broker.stop() }
            let publisher = try publisher(broker.port)
            let task = Task { try await publisher.publish(Topic("out/a"), []) }
            try await waitUntil("it was sent") { broker.peers.first?.packets.last?.type == .publish }
            await publisher.close()
            await #expect(throws: MosquittoError.cancelled) { try await task.value }
            await #expect(throws: MosquittoError.notConnected) { try await publisher.publish(Topic("out/a"), []) }
            try await waitUntil("goodbye") { broker.peers[0].packets.last?.type == .disconnect }
        }

        @Test func `it sends to a real broker and hears from it`() async throws {
            let mosquitto = try Mosquitto()
            let received = Received()
            var options = Publisher.Options(broker: mosquitto.broker, clientID: "engineer")
            options.filters = [try TopicFilter("engineers/wang/inbox")]
            options.timing = .brisk
            let engineer = try Publisher(options, logger: quiet, onMessage: { received.append([$0]) })
            let service = try publisher(mosquitto.port)
            // The broker comes last, as it may.
            async let ready: Void = engineer.ready()
            try await mosquitto.start()
            try await ready
            let inbox = try Topic("engineers/wang/inbox")
            try await withThrowingTaskGroup { group in
                for number in 0..<500 { group.addTask { try await service.publish(inbox, Array("\(number)".utf8)) } }
                try await group.waitForAll()
            }
            try await waitUntil("all are here") { received.messages.count == 500 }
            #expect(Set(received.texts) == Set((0..<500).map(String.init)))
            #expect(received.messages[0].topic == inbox)
            await service.close()
            await engineer.close()
        }

        @Test func `a payload of a photo's size passes`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let received = Received()
            let photo = [UInt8](repeating: 0xFF, count: 15 << 20)
            try await Subscriber.running(.brisk(mosquitto.broker), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                let publisher = try publisher(mosquitto.port)
                try await publisher.publish(Topic("t/photo"), photo)
                #expect(publisher.status.brokerLimits?.packet == Limits.brokerPacket)
                #expect(publisher.status.brokerLimits?.receiveMaximum == Limits.receiveMaximum)
                await #expect(throws: MosquittoError.packetTooLarge) {
                    try await publisher.publish(Topic("t/photo"), photo + photo)
                }
                try await waitUntil("it is here") { received.messages.count == 1 }
                await publisher.close()
            }
            #expect(received.messages[0].payload == photo)
        }
    }
}
