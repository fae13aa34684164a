import Foundation
import Testing

@testable import Gateway

/// A real mosquitto on a free port of the loopback, with a configuration of the test's own.
final class Mosquitto {
    let port: UInt16
    let directory: URL
    private var process: Process?

    /// Broker and persistence live below a directory of their own, which `stop()` leaves and `deinit` removes.
    init(_ settings: [String] = []) throws {
        port = try freePort()
        directory = FileManager.default.temporaryDirectory.appending(path: "gateway-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let user = NSUserName()
        let lines =
            [
                "listener \(port) 127.0.0.1", "user \(user)", "persistence true",
                "persistence_location \(directory.path)/",
                "autosave_interval 1", "max_queued_messages 0", "max_inflight_messages 10000", "set_tcp_nodelay true",
                "log_dest file \(directory.path)/log", "max_packet_size 16777216",
            ] + (settings.isEmpty ? ["allow_anonymous true"] : settings)
        try lines.joined(separator: "\n").write(to: file("conf"), atomically: true, encoding: .utf8)
    }

    deinit {
        stop(signal: SIGKILL)
        try? FileManager.default.removeItem(at: directory)
    }

    var broker: Broker { Broker(port: port) }

    func file(_ name: String) -> URL { directory.appending(path: name) }

    func start() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/mosquitto")
        process.arguments = ["-c", file("conf").path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        try waitUntil("mosquitto listens") { canConnect(to: port) }
    }

    /// SIGTERM saves the persistence, SIGKILL does not.
    func stop(signal: Int32 = SIGTERM) {
        guard let process, process.isRunning else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        self.process = nil
    }

    /// `mosquitto_pub`: the bytes of `input`, one message a line.
    func publishLines(_ input: String, to topic: String, qos: Int = 1) throws {
        let publisher = Process()
        let pipe = Pipe()
        publisher.executableURL = URL(filePath: "/usr/bin/mosquitto_pub")
        publisher.arguments = ["-p", "\(port)", "-t", topic, "-q", "\(qos)", "-l"]
        publisher.standardInput = pipe
        try publisher.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipe.fileHandleForWriting.close()
        publisher.waitUntilExit()
        try #require(publisher.terminationStatus == 0)
    }
}

func freePort() throws -> UInt16 {
    let listener = try listenSocket()
    defer { close(listener.descriptor) }
    return listener.port
}

/// A listening socket of the loopback on a port that the system picks.
func listenSocket() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
        }
    }
    try #require(bound)
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

private func canConnect(to port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

struct NeverHappened: Error { let what: String }

/// Looks every few milliseconds; throws when it has not come true in time.
func waitUntil(_ what: String, within limit: Duration = .seconds(10), _ condition: () -> Bool) throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what) }
        usleep(2_000)
    }
}
