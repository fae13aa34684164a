internal import Synchronization

/// What callers want from the publisher's loop, and the callers that wait for it.
///
/// A request stands here until it is finished, wherever it is on its way; whoever finishes it first (PUBACK, time-out,
/// cancellation, the end) resumes its caller, and the others find nothing.
final class PublishQueue: Sendable {
    enum Request: Sendable {
        case publish(Publication)
        /// Finished as soon as the link is up and subscribed.
        case ready
    }

    typealias ID = UInt64
    typealias Outcome = Result<Void, MosquittoError>

    private struct State {
        var lastID: ID = 0
        var pending: [ID: (request: Request, caller: CheckedContinuation<Outcome, Never>)] = [:]
        /// Not yet handed to the loop, oldest first; may name requests that are finished.
        var waiting: [ID] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// `capacity`: more unfinished requests than this are refused.
    init(capacity: Int) { self.capacity = capacity }

    func newID() -> ID {
        state.withLock {
            $0.lastID += 1
            return $0.lastID
        }
    }

    /// Called from within the task that waits, whose cancellation may have come before.
    func submit(_ request: Request, as id: ID, for caller: CheckedContinuation<Outcome, Never>) {
        let refusal: MosquittoError? = state.withLock {
            if $0.isClosed { return .notConnected }
            if Task.isCancelled { return .cancelled }
            if $0.pending.count >= capacity { return .quotaExceeded }
            $0.pending[id] = (request, caller)
            $0.waiting.append(id)
            return nil
        }
        if let refusal { caller.resume(returning: .failure(refusal)) }
    }

    /// The oldest request that the loop does not have yet.
    func next() -> (id: ID, request: Request)? {
        state.withLock { state in
            while !state.waiting.isEmpty {
                let id = state.waiting.removeFirst()
                if let entry = state.pending[id] { return (id, entry.request) }
            }
            return nil
        }
    }

    /// Whether anybody still waits for the request.
    func isPending(_ id: ID) -> Bool { state.withLock { $0.pending[id] != nil } }

    /// The connection broke before the broker acknowledged these: they go again, before all others.
    func putBack(_ ids: [ID]) {
        state.withLock { $0.waiting.insert(contentsOf: ids.sorted(), at: 0) }
    }

    func finish(_ id: ID, _ outcome: Outcome) {
        let entry = state.withLock { $0.pending.removeValue(forKey: id) }
        entry?.caller.resume(returning: outcome)
    }

    /// Refuses whatever comes, and fails whatever waits.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            state.waiting = []
            defer { state.pending = [:] }
            return state.pending.values.map(\.caller)
        }
        for caller in left { caller.resume(returning: .failure(.cancelled)) }
    }
}
