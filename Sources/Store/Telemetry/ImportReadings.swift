public import Domain
import GRDB

/// What became of readings that were read back.
public struct ReadingsImport: Sendable, Equatable {
    /// Values that were new.
    public var taken = 0
    /// Values that were there already.
    public var repeated = 0
    /// By reason; values in conflict, readings for the rest.
    public var rejected: [RejectionReason: Int] = [:]
    /// The first rejections in words.
    public var examples: [String] = []

    public init() {}

    public mutating func reject(_ reason: RejectionReason, _ detail: String) {
        rejected[reason, default: 0] += 1
        if examples.count < 20 { examples.append("\(reason.code): \(detail)") }
    }
}

extension Store {
    /// Takes readings in as history, one transaction a call: each value once, the first wins, nobody is woken.
    public func importReadings(_ runs: [(PointID, [Reading])], at now: Instant, into report: inout ReadingsImport)
        throws
    {
        let (retention, policy) = (telemetry.retention, policy)
        report = try pool.write { [report] db in
            var history = try HistoryImport(db, runs, report: report)
            let latest = now + policy.aheadAtMost
            for (id, readings) in runs { history.take(id, readings, from: now - retention.raw, to: latest) }
            try history.save(db, at: now)
            return history.report
        }
        // What bursts are decided on has changed behind their back.
        memory.forget()
    }
}

/// Sorts out what is new of some runs.
private struct HistoryImport {
    var report: ReadingsImport
    private var keys: [PointID: PointKey] = [:]
    private var known: [ValueKey: Double]
    private var news: [(PointKey, [Reading])] = []

    init(_ db: Database, _ runs: [(PointID, [Reading])], report: ReadingsImport) throws {
        self.report = report
        var wanted: [PointKey: [Reading]] = [:]
        for (id, readings) in runs {
            guard let key = try keys[id] ?? PointKey.find(db, id) else { continue }
            keys[id] = key
            wanted[key, default: []] += readings
        }
        known = try Telemetry.known(db, wanted)
    }

    mutating func take(_ id: PointID, _ readings: [Reading], from earliest: Instant, to latest: Instant) {
        guard let key = keys[id] else {
            for _ in readings { report.reject(.unknownPoint, "\(id) is not in the plant; import it first") }
            return
        }
        var run: [Reading] = []
        for reading in readings {
            if reading.at > latest {
                report.reject(.inTheFuture, "\(id) at \(reading.at.iso8601)")
            } else if reading.at < earliest {
                report.reject(.tooOld, "\(id) at \(reading.at.iso8601): it would be thrown away at once")
            } else if let new = new(of: reading, key, id) {
                run.append(new)
            }
        }
        if !run.isEmpty { news.append((key, run)) }
    }

    private mutating func new(of reading: Reading, _ point: PointKey, _ id: PointID) -> Reading? {
        var new = Reading(at: reading.at, sequence: reading.sequence, values: Measures())
        for measure in Measure.allCases {
            guard let value = reading.values[measure] else { continue }
            let key = ValueKey(point: point, measure: measure, at: reading.at)
            if !measure.plausible.contains(value) {
                report.reject(.implausibleValue, "\(id) \(measure.name) at \(reading.at.iso8601) is \(value)")
            } else if let known = known[key] {
                guard known != value else {
                    report.repeated += 1
                    continue
                }
                report.reject(.conflict, "\(id) \(measure.name) at \(reading.at.iso8601) is \(known), not \(value)")
            } else {
                known[key] = value
                new.values[measure] = value
                report.taken += 1
            }
        }
        return new.values.isEmpty ? nil : new
    }

    /// What comes live later and is not newer than this is looked up before it is taken.
    func save(_ db: Database, at now: Instant) throws {
        try Journal.append(db, news, at: now)
        for (point, run) in news {
            guard let newest = run.map(\.at).max() else { continue }
            try db.cachedStatement(
                sql: """
                    INSERT INTO progress (point, newest, missing) VALUES (?, ?, '')
                    ON CONFLICT (point) DO UPDATE SET newest = max(newest, excluded.newest)
                    """
            ).execute(arguments: [point.number, newest.milliseconds])
        }
    }
}
