import Board
import Domain
import Foundation
import HummingbirdTesting
import Store
import Testing

/// Over real sockets: live updates, and senders who do not keep to what they said.
@Suite struct LiveTests {
    @Test func aTicketIsToldAtOnceToWhoeverListens() async throws {
        let plant = try Plant()
        let site = try Site(plant)
        try await site.open(.live) { browser async throws in
            let port = try #require(browser.client.port)
            let wire = try await Wire(port: port)
            try await wire.send("GET /api/events HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer \(Site.token)\r\n\r\n")
            let head = try await wire.read(until: "event: changed\ndata: {}\n\n")
            #expect(head.hasPrefix("HTTP/1.1 200"))
            #expect(head.lowercased().contains("content-type: text/event-stream"))

            try await plant.breach()
            let began = ContinuousClock.now
            _ = try await wire.read(until: "event: changed\ndata: {}\n\n")
            #expect(ContinuousClock.now - began < .seconds(3))
            #expect(plant.store.changes.count == 1)
            wire.close()
            // A reader who has gone is noticed, and listens no more.
            for _ in 0..<50 where plant.store.changes.count > 0 { try await Task.sleep(for: .milliseconds(100)) }
            #expect(plant.store.changes.count == 0)
        }
    }

    @Test func readingsThatChangeNothingWakeNobody() async throws {
        let plant = try Plant()
        let site = try Site(plant)
        try await site.open(.live) { browser async throws in
            let wire = try await Wire(port: try #require(browser.client.port))
            try await wire.send("GET /api/events HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer \(Site.token)\r\n\r\n")
            _ = try await wire.read(until: "event: changed\ndata: {}\n\n")
            try plant.feed("BL-P101", "DE-H", [1, 1, 1])
            await #expect(throws: Wire.Silent.self) { try await wire.read(until: "changed", within: 2) }
            wire.close()
        }
    }

    @Test func aBodyThatIsAnnouncedTooLargeIsNotAwaited() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open(.live) { browser async throws in
            let port = try #require(browser.client.port)
            for path in ["/api/photos", "/api/tickets/1/actions"] {
                let wire = try await Wire(port: port)
                try await wire.send(
                    "POST \(path) HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer \(Site.token)\r\n"
                        + "Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 209715200\r\n\r\n--B")
                #expect(try await wire.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 413"), "\(path)")
                wire.close()
            }
        }
    }
}

/// A bare TCP connection to this machine.
private struct Wire: Sendable {
    struct Silent: Error {}
    private let socket: Int32

    init(port: Int) async throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(outcome == 0)
    }

    func close() { _ = Glibc.close(socket) }

    func send(_ text: String) async throws {
        let bytes = Array(text.utf8)
        try #require(Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What comes up to and with `mark`; polls, so that no thread of the pool is held.
    func read(until mark: String, within seconds: Double = 10) async throws -> String {
        var text = ""
        let deadline = ContinuousClock.now + .seconds(seconds)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !text.contains(mark) {
            guard ContinuousClock.now < deadline else { throw Silent() }
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) }
            if count <= 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
        return text
    }
}
