import Domain
import Glibc
import Synchronization
import Testing

@testable import Gateway

/// What leaves on the wire, and when: a scripted broker counts the bytes.
extension Brokers {
    @Suite struct AcknowledgementTests {
        struct Refused: Error {}

        @Test func `nothing is acknowledged before the handler has returned`() async throws {
            let isHandling = Atomic(false)
            let mayReturn = Atomic(false)
            let unread = Atomic(-1)
            let broker = try ScriptedBroker { peer, _ in
                try peer.next(.connect)
                // Behind CONNACK at once, as a broker does that still has our session.
                peer.send(peer.connack(sessionPresent: true) + (1...3).flatMap { peer.publish("\($0)", id: $0) })
                block { isHandling.load(ordering: .acquiring) }
                unread.store(peer.unread(after: 150), ordering: .releasing)
                mayReturn.store(true, ordering: .releasing)
                peer.send(peer.suback(for: try peer.next(.subscribe)))
                peer.readToEnd()
            }
            defer { broker.stop() }
            let received = Received()
            let handler: Subscriber.Handler = { burst in
                received.append(burst.messages)
                isHandling.store(true, ordering: .releasing)
                block { mayReturn.load(ordering: .acquiring) }
            }
            try await Subscriber.running(.brisk(Broker(port: broker.port)), handler: handler) { _ in
                try await waitUntil("all are acknowledged") { broker.peers.first?.acknowledged.count == 3 }
            }
            #expect(unread.load(ordering: .acquiring) == 0, "bytes while the handler was busy")
            #expect(received.texts == ["1", "2", "3"])
            #expect(broker.peers[0].acknowledged == [1, 2, 3])
        }

        @Test func `a handler that throws lets not a byte out, and the messages come again`() async throws {
            let broker = try ScriptedBroker { peer, number in
                try peer.welcome(sessionPresent: number > 1)
                peer.send((1...3).flatMap { peer.publish("\($0)", id: $0) })
                peer.readToEnd()
            }
            defer { broker.stop() }
            let events = Events()
            let received = Received()
            let handler: Subscriber.Handler = { burst in
                received.append(burst.messages)
                if received.all.count == 1 { throw Refused() }
            }
            var timing = LinkTiming.brisk
            // Long enough to be seen in between, on a machine with other work too.
            timing.firstRetry = .seconds(3)
            timing.longestRetry = .seconds(3)
            var options = try Subscriber.Options.brisk(Broker(port: broker.port))
            options.timing = timing
            try await Subscriber.running(options, events: events, handler: handler) { subscriber in
                try await waitUntil("the reason") { subscriber.status.handlerError == "Refused()" }
                try await waitUntil("acknowledged") {
                    broker.peers.count > 1 && broker.peers[1].acknowledged.count == 3
                }
                #expect(subscriber.status.handlerFailures == 1)
                #expect(subscriber.status.handlerError == nil)
            }
            #expect(broker.peers[0].packets.map(\.type) == [.connect, .subscribe], "neither PUBACK nor DISCONNECT")
            #expect(Set(received.texts) == ["1", "2", "3"])
            #expect(events.handlerFailures == 1)
            // Byte 7 of CONNECT holds the flags; bit 1 is clean start, which would throw the broker's queue away.
            for peer in broker.peers { #expect(peer.packets[0].body[7] & 2 == 0) }
        }

        @Test func `a burst is acknowledged though the next one fails`() async throws {
            let broker = try ScriptedBroker { peer, number in
                try peer.welcome(sessionPresent: number > 1)
                guard number == 1 else { return peer.readToEnd() }
                peer.send(peer.publish("taken", id: 1))
                try peer.next(.puback)
                peer.send(peer.publish("refused", id: 2))
                peer.readToEnd()
            }
            defer { broker.stop() }
            let handler: Subscriber.Handler = { burst in
                if burst.messages.contains(where: { $0.payload == Array("refused".utf8) }) { throw Refused() }
            }
            try await Subscriber.running(.brisk(Broker(port: broker.port)), handler: handler) { subscriber in
                try await waitUntil("connected again") { subscriber.status.connections == 2 }
            }
            #expect(broker.peers[0].acknowledged == [1])
        }

        @Test func `what a broken connection had brought is handled all the same`() async throws {
            let broker = try ScriptedBroker { peer, number in
                try peer.welcome(sessionPresent: number > 1)
                if number > 1 { return peer.readToEnd() }
                // 0x8E: session taken over.
                peer.send(peer.publish("last words", id: 1) + [0xE0, 1, 0x8E])
            }
            defer { broker.stop() }
            let events = Events()
            let received = Received()
            try await Subscriber.running(.brisk(Broker(port: broker.port)), events: events, handler: received.handler) {
                subscriber in
                try await waitUntil("connected again") { broker.peers.count == 2 && subscriber.status.isConnected }
            }
            #expect(received.texts == ["last words"])
            #expect(events.disconnections == [.sessionTakenOver])
        }

        @Test func `a clean stop acknowledges what was handled and says goodbye`() async throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                peer.send((1...5).flatMap { peer.publish("\($0)", id: $0) })
                peer.readToEnd()
            }
            defer { broker.stop() }
            let received = Received()
            try await Subscriber.running(.brisk(Broker(port: broker.port)), handler: received.handler) { _ in
                try await waitUntil("handled") { !received.messages.isEmpty }
            }
            try await waitUntil("goodbye") { broker.peers[0].packets.last?.type == .disconnect }
            #expect(broker.peers[0].acknowledged == received.messages.map(\.id))
        }

        @Test(arguments: [1, 25, 50])
        func `a handler that throws in mid-burst lets not a byte out`(at number: Int) async throws {
            let broker = try ScriptedBroker { peer, connection in
                try peer.welcome(sessionPresent: connection > 1)
                peer.send((1...50).flatMap { peer.publish("\($0)", id: $0) })
                peer.readToEnd()
            }
            defer { broker.stop() }
            let attempts = Atomic(0)
            let handler: Subscriber.Handler = { burst in
                let attempt = attempts.wrappingAdd(1, ordering: .relaxed).newValue
                for message in burst.messages where attempt == 1 && message.id >= number { throw Refused() }
            }
            try await Subscriber.running(.brisk(Broker(port: broker.port)), handler: handler) { subscriber in
                try await waitUntil("failed and taken") {
                    subscriber.status.handlerFailures == 1 && broker.peers.last?.acknowledged.count == 50
                }
            }
            let first = broker.peers[0].acknowledged
            #expect(!first.contains { $0 >= number }, "only bursts before the one that failed")
            #expect(broker.peers[0].packets.last?.type != .disconnect)
        }

        @Test(arguments: [true, false])
        func `stopped with a burst in hand, it is acknowledged if it is taken`(isTaken: Bool) async throws {
            let isHandling = Atomic(false)
            let mayReturn = Atomic(false)
            let unread = Atomic(-1)
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                peer.send((1...3).flatMap { peer.publish("\($0)", id: $0) })
                block { isHandling.load(ordering: .acquiring) }
                unread.store(peer.unread(after: 150), ordering: .releasing)
                mayReturn.store(true, ordering: .releasing)
                peer.readToEnd()
            }
            defer { broker.stop() }
            let received = Received()
            let subscriber = try Subscriber(.brisk(Broker(port: broker.port)), logger: quiet) { burst in
                received.append(burst.messages)
                isHandling.store(true, ordering: .releasing)
                block { mayReturn.load(ordering: .acquiring) }
                if !isTaken { throw Refused() }
            }
            try subscriber.start()
            try await waitUntil("in hand") { isHandling.load(ordering: .acquiring) }
            subscriber.stop()
            #expect(unread.load(ordering: .acquiring) == 0, "bytes while the burst was in hand")
            let taken = isTaken ? received.messages.map(\.id) : []
            try await waitUntil("read to the end") { broker.peers[0].acknowledged == taken }
            if isTaken { try await waitUntil("goodbye") { broker.peers[0].packets.last?.type == .disconnect } }
            if !isTaken { #expect(broker.peers[0].packets.map(\.type) == [.connect, .subscribe]) }
        }

        @Test func `we ask for a session that lasts, a window and a keep-alive that outlasts a commit`() async throws {
            let broker = try ScriptedBroker { peer, _ in
                try peer.welcome()
                peer.readToEnd()
            }
            defer { broker.stop() }
            try await Subscriber.running(.brisk(Broker(port: broker.port)), handler: Received().handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
            }
            let connect = broker.peers[0].packets[0].body
            let expiry = UInt32(14 * 86_400), window = UInt16(Limits.receiveMaximum)
            #expect(Array(connect[0...7]) == [0, 4] + Array("MQTT".utf8) + [5, 0])
            #expect(Int(connect[8]) << 8 | Int(connect[9]) >= 60)
            #expect(connect.contains([0x11] + bytes(of: expiry)), "session expiry interval")
            #expect(connect.contains([0x21] + bytes(of: window)), "receive maximum")
            // Subscription options: QoS 1.
            #expect(broker.peers[0].packets[1].body.last == 1)
        }

        private func bytes(of number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.bigEndian, Array.init)
        }
    }
}
