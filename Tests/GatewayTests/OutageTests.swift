import Foundation
import Testing

@testable import Gateway

/// A real mosquitto that is away, forgets, or does not let us in.
extension Brokers {
    @Suite struct OutageTests {
        @Test func `a broker that comes later is found`() async throws {
            let mosquitto = try Mosquitto()
            let received = Received()
            try await Subscriber.running(.brisk(mosquitto.broker), handler: received.handler) { subscriber in
                try await waitUntil("refused") { subscriber.status.lastError == .system(ECONNREFUSED) }
                try await mosquitto.start()
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(["hello"], to: "t/a")
                try await waitUntil("it is here") { received.texts == ["hello"] }
            }
        }

        @Test func `a broker that restarts still has the session, and nothing is lost`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let events = Events()
            let received = Received()
            try await Subscriber.running(.brisk(mosquitto.broker), events: events, handler: received.handler) {
                subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                try await mosquitto.publish(["before"], to: "t/a")
                try await waitUntil("it is here") { received.texts == ["before"] }
                mosquitto.stop()
                try await waitUntil("noticed") { !subscriber.status.isConnected }
                try await mosquitto.start()
                try await waitUntil("connected again") { subscriber.status.isConnected }
                try await mosquitto.publish(["after"], to: "t/a")
                try await waitUntil("it is here") { received.texts == ["before", "after"] }
            }
            #expect(events.sessionsPresent == [false, true])
            #expect(events.sessionsLost == 0)
        }

        @Test func `a broker that lost its memory is an alarm`() async throws {
            let mosquitto = try Mosquitto()
            try await mosquitto.start()
            let events = Events()
            try await Subscriber.running(.brisk(mosquitto.broker), events: events, handler: Received().handler) {
                subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                let connectedAt = subscriber.status.since
                mosquitto.stop()
                try mosquitto.forget()
                try await mosquitto.start()
                try await waitUntil("connected again") { subscriber.status.connections == 2 }
                let awaySince = events.all.compactMap { if case .sessionLost(let since) = $0 { since } else { nil } }
                #expect(awaySince.count == 1)
                #expect(awaySince.allSatisfy { connectedAt <= $0 && $0 <= subscriber.status.since })
            }
            #expect(events.sessionsLost == 1)
        }

        @Test func `a wrong password is said clearly, without it, and tried again`() async throws {
            let mosquitto = try Mosquitto(authenticated: true)
            try await mosquitto.setPassword("old", of: "fieldloop")
            try await mosquitto.start()
            var broker = mosquitto.broker
            broker.credentials = Credentials(username: "fieldloop", password: "s3cret-new")
            let lines = LogLines()
            try await Subscriber.running(.brisk(broker), logger: lines.logger, handler: Received().handler) {
                subscriber in
                try await waitUntil("refused") { subscriber.status.lastError == .notAuthorized }
                try await mosquitto.setPassword("s3cret-new", of: "fieldloop")
                mosquitto.reload()
                try await waitUntil("let in") { subscriber.status.isConnected }
            }
            #expect(lines.all.first?.contains("Not authorized") == true)
            #expect(!lines.all.contains { $0.contains("s3cret") })
        }

        @Test(.enabled(if: access(openSSL, X_OK) == 0, "needs the openssl command to make certificates"))
        func `TLS with certificates on both sides`() async throws {
            let mosquitto = try Mosquitto(tls: true)
            try await mosquitto.makeCertificates()
            try await mosquitto.start()
            var broker = mosquitto.broker
            broker.host = "localhost"
            broker.tls = TLS(
                authority: mosquitto.path("ca.crt"),
                identity: (mosquitto.path("client.crt"), mosquitto.path("client.key")))
            let received = Received()
            try await Subscriber.running(.brisk(broker), handler: received.handler) { subscriber in
                try await waitUntil("connected") { subscriber.status.isConnected }
                let lines = (1...3_000).map(String.init)
                try await mosquitto.publish(
                    lines, to: "t/a",
                    options: [
                        "-h", "localhost", "--cafile", mosquitto.path("ca.crt"), "--cert",
                        mosquitto.path("client.crt"), "--key", mosquitto.path("client.key"),
                    ])
                try await waitUntil("all are here") { received.texts.count >= lines.count }
                #expect(received.texts == lines)
            }
            #expect(received.all.count > 1)
        }

        @Test(.enabled(if: access(openSSL, X_OK) == 0, "needs the openssl command to make certificates"))
        func `a broker that we have no reason to trust is not spoken to`() async throws {
            let mosquitto = try Mosquitto(tls: true)
            try await mosquitto.makeCertificates()
            try await mosquitto.start()
            var broker = mosquitto.broker
            broker.host = "localhost"
            // Its own certificate signed it: not an authority.
            broker.tls = TLS(authority: mosquitto.path("client.crt"))
            try await Subscriber.running(.brisk(broker), handler: Received().handler) { subscriber in
                try await waitUntil("refused") { subscriber.status.lastError == .tls }
                #expect(subscriber.status.lastErrorDetail?.contains("certificate verify failed") == true)
                #expect(subscriber.status.connections == 0)
            }
        }
    }
}
