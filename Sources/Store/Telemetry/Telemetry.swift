import Dispatch
public import Domain
import GRDB
import Synchronization

/// How long what is kept, by the service's clock against event time.
public struct TelemetryRetention: Sendable, Equatable {
    /// Every reading, and what came with it that we do not know.
    public var raw = Duration.days(400)
    public var minutes = Duration.days(90)
    public var hours = Duration.days(3_652)
    /// Every waveform; afterwards those around episodes, for as long as `hours`.
    public var waveforms = Duration.days(30)
    public var aroundEpisodes = Duration.hours(1)

    public init() {}
}

/// Everything measured: taken in by the journal, moved by the compactor into a file a day, rolled up, and in the end
/// thrown away.
public final class Telemetry: Sendable {
    let pool: DatabasePool
    let files: DayFiles
    let retention: TelemetryRetention
    /// Where what blocks runs, one piece at a time: day files have one writer.
    private let queue = DispatchQueue(label: "fieldloop.telemetry", qos: .utility)

    init(pool: DatabasePool, directory: String, retention: TelemetryRetention = TelemetryRetention()) {
        self.pool = pool
        self.retention = retention
        files = DayFiles(beside: directory)
    }

    /// What could not be read, and was set aside for a person: a day's file, or the file of such journal rows.
    public struct SetAside: Error, CustomStringConvertible {
        public let path: String
        public var description: String {
            path.hasSuffix(DayFiles.damagedRows)
                ? "\(path) holds journal rows that could not be read; see each row's reason, then take the file away"
                : "\(path) is a damaged day and was set aside; bring the day back from a backup by export and "
                    + "import-readings"
        }
    }

    /// Compacts and throws away until the task is cancelled: every 15 s, and at once when a backlog has come in. What
    /// fails is tried again with the next round; what was set aside is told of once.
    public func run(now: @Sendable () -> Instant, failed: @Sendable (any Error) -> Void) async {
        var retainedAt: ContinuousClock.Instant?
        var told: Set<String> = []
        while !Task.isCancelled {
            for name in files.damaged where told.insert(name).inserted {
                failed(SetAside(path: "\(files.directory)/\(name)"))
            }
            do {
                for row in try await compact(at: now()).damaged { failed(row) }
                if retainedAt.map({ .now - $0 >= Self.retainEvery }) ?? true {
                    try await retain(at: now())
                    retainedAt = .now
                }
            } catch {
                failed(error)
                try? await Task.sleep(for: Self.compactEvery)
                continue
            }
            for _ in 0..<Self.looks where !Task.isCancelled {
                try? await Task.sleep(for: Self.compactEvery / Self.looks)
                if await isLong() { break }
            }
        }
    }

    /// Whether the journal holds enough for a batch.
    private func isLong() async -> Bool {
        (try? await pool.read { try Journal.holds($0, Compactor.batch) }) ?? false
    }

    private static let compactEvery = Duration.seconds(15)
    private static let looks = 15
    private static let retainEvery = Duration.hours(1)

    /// Moves all that the journal and the main file hold for the day files.
    @discardableResult
    public func compact(at now: Instant) async throws -> Compaction {
        var total = Compaction()
        while !Task.isCancelled {
            let compactor = Compactor(pool: pool, files: files)
            let moved: (Compaction, isLast: Bool)? = try await blocking {
                guard let batch = try compactor.next() else { return nil }
                try compactor.settle(batch, try compactor.write(batch))
                return (batch.compaction, batch.isLast)
            }
            guard let moved else { break }
            total.rows += moved.0.rows
            total.readings += moved.0.readings
            total.damaged += moved.0.damaged
            if moved.isLast { break }
        }
        total.waveforms = try await blocking { [self] in
            try pool.write { try WaveformParts.expire($0, at: now) }
            return try moveWaveforms()
        }
        return total
    }

    /// Off the threads that everybody shares.
    func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try work() }) }
        }
    }
}
