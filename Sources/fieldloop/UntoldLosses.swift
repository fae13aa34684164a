import Domain
import Synchronization

/// Losses that the store has not taken yet: the disk that was full for the broker's state may be ours as well. They go
/// with the next burst, which is not acknowledged before they are kept.
final class UntoldLosses: Sendable {
    private let losses = Mutex<[SessionLoss]>([])
    private let keep: @Sendable (SessionLoss) throws -> Void

    init(keep: @escaping @Sendable (SessionLoss) throws -> Void) { self.keep = keep }

    func add(_ loss: SessionLoss) { losses.withLock { $0.append(loss) } }

    /// Returns when all are kept. Called on the subscriber's thread alone.
    func tell() throws {
        try losses.withLock { losses in
            while let loss = losses.first {
                try keep(loss)
                losses.removeFirst()
            }
        }
    }
}
