import Foundation
import Glibc
import Testing

/// A child process; what it writes goes to a file.
final class Child {
    let id: pid_t
    private(set) var status: Int32?

    init(_ path: String, _ arguments: [String], output: String = "/dev/null") throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // The threads of the cooperative pool block SIGTERM, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var id = pid_t()
        try #require(posix_spawn(&id, path, &actions, &attributes, &words, environ) == 0, "\(path) cannot be started")
        self.id = id
    }

    deinit { end(SIGKILL) }

    /// Sends a signal and waits for the end that it should bring.
    func end(_ signal: Int32) {
        if !hasEnded { kill(id, signal) }
        for _ in 0..<10_000 where !hasEnded { usleep(1_000) }
        if !hasEnded, signal != SIGKILL { end(SIGKILL) }
    }

    /// Waits; returns the exit code, or the negative signal that ended it.
    func exitCode(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await waitUntil("child \(id) has ended", within: limit) { hasEnded }
        let status = try #require(status)
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    var hasEnded: Bool {
        if status != nil { return true }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return false }
        self.status = status
        return true
    }
}

struct NeverHappened: Error, CustomStringConvertible {
    let description: String
}

/// Looks every few milliseconds; throws when it has not come true in time.
func waitUntil(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(description: "never: \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// A port of the loopback that nobody has now.
func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
        }
    }
    try #require(isBound)
    return UInt16(bigEndian: address.sin_port)
}
