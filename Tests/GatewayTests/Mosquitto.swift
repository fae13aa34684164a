import Domain
import Foundation
import Testing

@testable import Gateway

/// A real mosquitto on a free port of the loopback, with a configuration of the test's own.
final class Mosquitto {
    let port: UInt16
    private let directory: URL
    private var process: Child?

    /// Everything it writes stands below a directory of its own, which `deinit` removes.
    init(authenticated: Bool = false, tls: Bool = false) throws {
        port = try freePort()
        directory = FileManager.default.temporaryDirectory.appending(path: "gateway-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var lines = [
            "listener \(port) 127.0.0.1", "user \(NSUserName())", "log_dest file \(path("log"))",
            "persistence true", "persistence_location \(directory.path)/", "max_queued_messages 0",
            "max_inflight_messages \(Limits.receiveMaximum)", "max_packet_size \(Limits.brokerPacket)",
            "set_tcp_nodelay true",
            authenticated ? "allow_anonymous false" : "allow_anonymous true",
        ]
        if authenticated { lines.append("password_file \(path("passwords"))") }
        if tls {
            lines += [
                "cafile \(path("ca.crt"))", "certfile \(path("server.crt"))", "keyfile \(path("server.key"))",
                "require_certificate true",
            ]
        }
        try lines.joined(separator: "\n").write(toFile: path("conf"), atomically: true, encoding: .utf8)
    }

    deinit {
        process?.end(SIGKILL)
        try? FileManager.default.removeItem(at: directory)
    }

    var broker: Broker { Broker(port: port) }

    /// Of a file in the broker's directory.
    func path(_ name: String) -> String { directory.appending(path: name).path }

    func start() async throws {
        process = try Child("/usr/sbin/mosquitto", ["-c", path("conf")])
        try await waitUntil("mosquitto listens") { canConnect(to: port) }
    }

    /// SIGTERM saves the sessions.
    func stop() {
        process?.end(SIGTERM)
        process = nil
    }

    /// SIGHUP: reads the password file anew.
    func reload() { process?.send(SIGHUP) }

    /// The sessions and queues that a stopped broker finds again.
    func forget() throws { try FileManager.default.removeItem(atPath: path("mosquitto.db")) }

    func setPassword(_ password: String, of user: String) async throws {
        try await Child("/usr/bin/mosquitto_passwd", ["-b", "-c", path("passwords"), user, password]).succeed()
    }

    /// `mosquitto_pub`: one message a line, at QoS 1 unless the options say otherwise.
    func publish(_ lines: [String], to topic: String, options: [String] = []) async throws {
        let file = path("lines")
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let input = open(file, O_RDONLY)
        defer { close(input) }
        let arguments = ["-p", "\(port)", "-t", topic, "-q", "1", "-l"] + options
        try await Child("/usr/bin/mosquitto_pub", arguments, input: input).succeed()
    }

    /// Makes the tests' subscriber known to the broker, which then queues for it.
    func openSession() async throws {
        try await Subscriber.running(.brisk(broker), handler: { _ in }) { subscriber in
            try await waitUntil("connected") { subscriber.status.isConnected }
        }
    }
}

// MARK: Certificates

let openSSL = "/usr/bin/openssl"

extension Mosquitto {
    /// An authority of our own, and certificates by it for `localhost` and for the client.
    func makeCertificates() async throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        try await certify("ca", key + ["-subj", "/CN=tests"])
        let issuer = ["-CA", path("ca.crt"), "-CAkey", path("ca.key")]
        for (name, subject) in [("server", "localhost"), ("client", "gateway")] {
            try await certify(
                name, key + issuer + ["-subj", "/CN=\(subject)", "-addext", "subjectAltName=DNS:\(subject)"])
        }
    }

    private func certify(_ name: String, _ arguments: [String]) async throws {
        let files = ["-keyout", path("\(name).key"), "-out", path("\(name).crt")]
        try await Child(openSSL, ["req", "-x509"] + arguments + files).succeed()
    }
}
