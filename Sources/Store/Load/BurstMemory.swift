import Domain
import GRDB
import Synchronization

/// The state that the last transaction left, so that the next burst need not load it again.
///
/// Touched by the one writer only: taken out when a transaction begins, put back when it has been committed. One that
/// rolls back leaves nothing, and what another program has changed meanwhile (an import) is loaded anew.
final class BurstMemory: Sendable {
    struct Kept: Sendable {
        var state: BurstState
        /// `PRAGMA data_version`: moves when another connection commits, which it can't between `take` and our commit.
        fileprivate let version: Int64

        /// The state, which is not kept here meanwhile: two that hold it would have each change copy the plant.
        mutating func release() -> BurstState {
            defer { state = BurstState() }
            return state
        }
    }
    private let kept = Mutex<Kept?>(nil)

    func take(_ db: Database) throws -> Kept {
        let taken = kept.withLock { kept in
            defer { kept = nil }
            return kept
        }
        let version = try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) ?? 0
        if let taken, taken.version == version { return taken }
        return Kept(state: try BurstState.begin(db), version: version)
    }

    func keep(_ taken: Kept) {
        // The plant can be larger than what one small server should hold.
        guard taken.state.points.count <= Limits.rememberedPoints else { return }
        kept.withLock { $0 = taken }
    }

    /// What it knows of the plant is no longer true. To be called when the change has been committed, before the
    /// next transaction.
    func forget() { kept.withLock { $0 = nil } }
}
