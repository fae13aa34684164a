import Dispatch

/// A thread of its own for tests that keep a core busy for a minute: the pool has a thread a core, and whoever holds one holds
/// up all other tests.
private final class Aside: TaskExecutor {
    static let shared = Aside()
    private let queue = DispatchQueue(label: "photos")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs `body` beside the pool.
func aside(_ body: () async throws -> Void) async throws {
    try await withTaskExecutorPreference(Aside.shared) { try await body() }
}
