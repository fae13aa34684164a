internal import CMosquitto
internal import Glibc
internal import Synchronization

/// Wakes a loop out of `poll`, from any thread, and tells it to end.
final class LoopControl: Sendable {
    private let wakeUp: CInt
    private let stopping = Atomic(false)

    struct Readiness {
        var isReadable = false
        var isWritable = false
        /// Refused, reset or hung up.
        var isBroken = false
    }

    /// `eventfd`.
    init() throws(MosquittoError) {
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else { throw .system(errno) }
    }

    deinit { close(wakeUp) }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func stop() {
        stopping.store(true, ordering: .releasing)
        wake()
    }

    func wake() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the loop is awake anyway.
        _ = write(wakeUp, &one, MemoryLayout.size(ofValue: one))
    }

    /// `poll`: until the socket is ready, somebody wakes the loop, or `limit` has passed.
    func wait(on socket: CInt?, forWriting: Bool = false, atMost limit: Duration) -> Readiness {
        var polled = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        if let socket {
            polled.append(pollfd(fd: socket, events: Int16(forWriting ? POLLIN | POLLOUT : POLLIN), revents: 0))
        }
        let (seconds, attoseconds) = limit.components
        // Rounded up: a wait of less than a millisecond must not become a spin.
        let milliseconds = CInt(clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        guard poll(&polled, nfds_t(polled.count), max(0, milliseconds)) > 0 else { return Readiness() }
        if polled[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeUp, &count, MemoryLayout.size(ofValue: count))
        }
        guard let events = polled.dropFirst().first.map({ CInt($0.revents) }) else { return Readiness() }
        return Readiness(
            isReadable: events & CInt(POLLIN) != 0, isWritable: events & CInt(POLLOUT) != 0,
            isBroken: events & CInt(POLLERR | POLLHUP | POLLNVAL) != 0)
    }

    /// Until `span` has passed or the loop is told to end.
    func sleep(_ span: Duration) {
        let end = ContinuousClock.now + span
        while !isStopping, case let left = ContinuousClock.now.duration(to: end), left > .zero {
            _ = wait(on: nil, atMost: left)
        }
    }
}
