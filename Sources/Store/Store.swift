public import Domain
import Foundation
import GRDB
import Synchronization

/// The database: one file, one writer, many readers. All SQL of the product stands in this target.
///
/// `perform` is the one way in for everything that decides; `Queries/` is the way out.
public final class Store: Sendable {
    let pool: DatabasePool
    public let policy: Policy
    /// Everything that was measured.
    public let telemetry: Telemetry
    /// What bursts are decided on, kept from one to the next.
    let memory = BurstMemory()
    /// What foreign senders' metrics are, and the version of the plant that it was read from.
    let sourceMap = Mutex<(version: Int64?, map: SourceMap)?>(nil)
    /// Told after each commit that changed what people look at.
    public let changes = Changes()
    /// Told after each commit that brought a waveform.
    public let waveformsCame = Changes()

    /// Opens (and migrates) `fieldloop.db` in `directory`.
    public init(
        directory: String, policy: Policy = Policy(), retention: TelemetryRetention = TelemetryRetention()
    ) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        pool = try openPool(path: directory + "/fieldloop.db")
        self.policy = policy
        try Schema.migrator.migrate(pool)
        telemetry = Telemetry(pool: pool, directory: directory, retention: retention)
    }

    public func close() throws { try pool.close() }

    /// Lets go of what SQLite keeps of the file, and of readers that nobody uses. It comes back as it is needed.
    public func releaseMemory() { pool.releaseMemoryEventually() }
}

/// SQLite as we want it. GRDB leaves WAL at synchronous=NORMAL, which survives a crash of the process but not a power
/// cut; group commit pays for FULL.
private func openPool(path: String) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = 6
    configuration.label = "fieldloop"
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    return pool
}

/// Wakes whoever shows the store's state: a signal without content, merged while nobody listens, so that a slow
/// browser costs nothing.
public final class Changes: Sendable {
    private let listeners = Mutex<[Int: AsyncStream<Void>.Continuation]>([:])
    private let next = Mutex(0)

    /// One element after each change, the first at once.
    public func stream() -> AsyncStream<Void> {
        let id = next.withLock { n in
            n += 1
            return n
        }
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            continuation.onTermination = { [weak self] _ in
                _ = self?.listeners.withLock { $0.removeValue(forKey: id) }
            }
            listeners.withLock { $0[id] = continuation }
            continuation.yield()
        }
    }

    /// How many listen.
    public var count: Int { listeners.withLock { $0.count } }

    func signal() {
        for continuation in listeners.withLock({ Array($0.values) }) { continuation.yield() }
    }
}
