internal import CMosquitto
internal import Glibc
internal import Synchronization

/// A thread that runs one closure: the library blocks and wants one owner, so neither the cooperative pool nor an
/// actor will do.
final class LoopThread: Sendable {
    private struct State {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Locked while joining, so that a second caller waits for the first.
    private let thread = Mutex<pthread_t?>(nil)
    private let state = Mutex(State())

    /// Not joined, the thread cleans up after itself.
    deinit {
        thread.withLock { if let thread = $0 { pthread_detach(thread) } }
    }

    /// `pthread_create`; once only. `name` shows in ps and gdb (at most 15 bytes).
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(MosquittoError) {
        let work = Unmanaged.passRetained(
            Work {
                pthread_setname_np(pthread_self(), name)
                body()
                self.end()
            })
        let code = thread.withLock { thread in
            if thread != nil { return EALREADY }
            var created = pthread_t()
            let code = pthread_create(&created, nil, runWork, work.toOpaque())
            if code == 0 { thread = created }
            return code
        }
        guard code == 0 else {
            work.release()
            throw .system(code)
        }
    }

    /// `pthread_join`: blocks until the thread has ended. Any number of callers, once or again.
    func join() {
        thread.withLock { thread in
            guard let started = thread else { return }
            pthread_join(started, nil)
            thread = nil
        }
    }

    /// Suspends until the closure has returned.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock {
                if !$0.hasEnded { $0.waiters.append(continuation) }
                return $0.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// A closure that fits through a `void *`.
private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().run()
    return nil
}
