import Domain
import GRDB

extension Telemetry {
    /// What is stored under the keys of late readings, in the journal or in the day files.
    ///
    /// To be called in the main file's write transaction. That is enough to miss nothing while the compactor works: it
    /// commits a day's file *before* it takes the rows out of the journal, so a value stands in one of the two, or in both.
    static func known(
        _ db: Database, _ wanted: [PointKey: [Reading]]
    ) throws -> [ValueKey: Double] {
        let times = wanted.mapValues { Set($0.lazy.map(\.at)) }.filter { !$0.value.isEmpty }
        guard let first = times.lazy.compactMap({ $0.value.min() }).min(),
            let last = times.lazy.compactMap({ $0.value.max() }).max()
        else { return [:] }
        var known: [ValueKey: Double] = [:]
        var readings: [Reading] = []
        func look(_ point: PointKey, _ times: Set<Instant>, _ bytes: UnsafeRawBufferPointer) throws {
            readings.removeAll(keepingCapacity: true)
            try Columns.decode(bytes, into: &readings)
            for reading in readings where times.contains(reading.at) {
                for measure in Measure.allCases {
                    guard let value = reading.values[measure] else { continue }
                    let key = ValueKey(point: point, measure: measure, at: reading.at)
                    if known[key] == nil { known[key] = value }
                }
            }
        }
        if let files = try DayFiles(of: db) {
            for (day, points) in byDay(times) {
                do {
                    try files.read(day, .chunks) { file in
                        for (point, times) in points {
                            guard let first = times.min(), let last = times.max() else { continue }
                            try Chunk.visit(file, of: point, from: first, to: last) { try look(point, times, $0) }
                        }
                    }
                } catch  where DayFiles.isDamage(error) {
                    // A day that is lost must not keep those to come from being taken in.
                    try files.setAside(day, .chunks)
                }
            }
        }
        try Journal.visit(db, from: first, to: last, where: { times[$0.point] != nil }) { entry, bytes in
            try look(entry.point, times[entry.point] ?? [], bytes)
        }
        return known
    }

    private static func byDay(_ times: [PointKey: Set<Instant>]) -> [Day: [PointKey: Set<Instant>]] {
        var days: [Day: [PointKey: Set<Instant>]] = [:]
        for (point, times) in times {
            for at in times { days[Day(of: at), default: [:]][point, default: []].insert(at) }
        }
        return days
    }
}
