import Glibc
import Testing

/// A child process, its output thrown away.
final class Child {
    let id: pid_t
    private var status: Int32?

    /// `posix_spawn`; `input` becomes the child's standard input.
    init(_ path: String, _ arguments: [String], input: Int32? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, mode) in [(0, O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] {
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), "/dev/null", mode, 0)
        }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
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

    deinit { if !hasEnded { end(SIGKILL) } }

    func send(_ signal: Int32) { if !hasEnded { kill(id, signal) } }

    /// Sends a signal and waits for the end that it should bring.
    func end(_ signal: Int32) {
        send(signal)
        while !hasEnded { usleep(1_000) }
    }

    /// Waits; fails the test unless the child ended well.
    func succeed() async throws {
        try await waitUntil("child \(id) has ended", within: .seconds(20)) { hasEnded }
        try #require(status == 0)
    }

    private var hasEnded: Bool {
        if status != nil { return true }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return false }
        self.status = status
        return true
    }
}
