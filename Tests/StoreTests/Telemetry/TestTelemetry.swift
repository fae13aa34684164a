import Domain
import Foundation
import GRDB

@testable import Store

/// A store with some points and a model of what it must hold.
final class TestTelemetry {
    let directory: String
    let store: Store
    let telemetry: Telemetry
    /// What was taken in, each value once.
    private(set) var model: [ValueKey: Double] = [:]

    static let start = Instant(milliseconds: 1_767_225_600_000)

    init(points: Int = 3, retention: TelemetryRetention = TelemetryRetention()) throws {
        directory = NSTemporaryDirectory() + "fieldloop-telemetry-\(UUID().uuidString)"
        store = try Store(directory: directory)
        telemetry = Telemetry(pool: store.pool, directory: directory, retention: retention)
        try store.pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO site VALUES ('s', 's', 's', 30, 120, 'Asia/Shanghai', 'e');
                    INSERT INTO customer VALUES ('c', 'c', 'c', 'A', 'x', '1');
                    INSERT INTO asset (id, site, name_zh, name_en, customer, machine_class, bearing, skill, skill_level)
                        VALUES ('P1', 's', 'p', 'p', 'c', 'g2', '6313', 'pump', 1);
                    """)
            for point in 1...points {
                try db.execute(
                    sql: """
                        INSERT INTO point (id, asset, name, direction, place_zh, place_en) VALUES (?, 'P1', ?, 'H', 'x', 'x')
                        """, arguments: [point, "N\(point)"])
            }
        }
    }

    /// A copy of `folder`, that must hold `model`.
    init(restored folder: String, model: [ValueKey: Double]) throws {
        directory = folder + "-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: folder, toPath: directory)
        store = try Store(directory: directory)
        telemetry = Telemetry(pool: store.pool, directory: directory)
        self.model = model
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    static func id(_ point: Int64) -> PointID {
        PointID(asset: AssetID(stored: "P1"), name: Name(stored: "N\(point)"))
    }

    static func reading(
        _ milliseconds: Int64, _ values: [Measure: Double], sequence: Int64? = nil
    ) -> Reading {
        var measures = Measures()
        for (measure, value) in values { measures[measure] = value }
        return Reading(at: start + .milliseconds(milliseconds), sequence: sequence, values: measures)
    }

    /// As a burst does: what is known is dropped, the rest is journalled.
    func take(_ runs: [(Int64, [Reading])]) throws {
        try store.pool.write { db in
            let wanted = Dictionary(grouping: runs) { PointKey($0.0) }.mapValues { $0.flatMap(\.1) }
            let known = try Telemetry.known(db, wanted)
            var fresh: [(PointKey, [Reading])] = []
            for (number, readings) in runs {
                var news: [Reading] = []
                for reading in readings {
                    var new = Reading(at: reading.at, sequence: reading.sequence, values: Measures())
                    for measure in Measure.allCases {
                        guard let value = reading.values[measure] else { continue }
                        let key = ValueKey(point: PointKey(number), measure: measure, at: reading.at)
                        let isKnown = known[key] != nil
                        guard isKnown == (model[key] != nil) || !isKnown && model[key] != nil else {
                            throw Wrong(what: "\(key) is known as \(known[key] ?? 0)")
                        }
                        guard model[key] == nil else {
                            // Of this burst, or told by the store.
                            if isKnown, known[key] != model[key] { throw Wrong(what: "\(key) has changed") }
                            continue
                        }
                        new.values[measure] = value
                        model[key] = value
                    }
                    if !new.values.isEmpty { news.append(new) }
                }
                if !news.isEmpty { fresh.append((PointKey(number), news)) }
            }
            try Journal.append(db, fresh, at: Self.start)
        }
    }

    struct Wrong: Error { let what: String }

    func compact() throws {
        let compactor = Compactor(pool: store.pool, files: telemetry.files)
        while let batch = try compactor.next(limit: 1_000) { try compactor.settle(batch, try compactor.write(batch)) }
    }

    /// As far as a crash between the two files gets.
    func compactHalf() throws {
        let compactor = Compactor(pool: store.pool, files: telemetry.files)
        if let batch = try compactor.next(limit: 1_000) { _ = try compactor.write(batch) }
    }

    /// Everything that can be read, each value as often as it comes.
    func stored(from: Instant = start - .days(50), to: Instant = start + .days(50)) throws -> [(ValueKey, Double)] {
        var values: [(ValueKey, Double)] = []
        let numbers = Dictionary(uniqueKeysWithValues: (1...9).map { (Self.id($0), PointKey($0)) })
        try StoredReadings(telemetry).visit(from: from, to: to) { id, readings in
            guard let point = numbers[id] else { return }
            for reading in readings {
                for measure in Measure.allCases {
                    guard let value = reading.values[measure] else { continue }
                    values.append((ValueKey(point: point, measure: measure, at: reading.at), value))
                }
            }
        }
        return values
    }

    /// Nil when the store holds the model and nothing else; else what is wrong.
    func difference() throws -> String? {
        let stored = try stored()
        if stored.count != model.count { return "\(stored.count) values instead of \(model.count)" }
        for (key, value) in stored where model[key] != value { return "\(key) is \(value)" }
        if Set(stored.map(\.0)).count != model.count { return "a value twice" }
        return nil
    }

    /// What the rollups must say.
    func rollups(_ span: Rollup.Span) -> Set<[Double]> {
        var rollups: [[Int64]: Rollup] = [:]
        for (key, value) in model {
            let at = Rollup.start(of: key.at.milliseconds, span)
            let place = [key.point.number, Int64(key.measure.rawValue), at]
            rollups[place, default: Rollup(key.point, key.measure, at: at)].add(value)
        }
        return Set(
            rollups.map { place, rollup in
                place.map(Double.init) + [
                    Double(rollup.count), rollup.lowest, rollup.highest, (rollup.sum * 10_000).rounded(),
                ]
            })
    }

    func storedRollups(_ span: Rollup.Span) throws -> Set<[Double]> {
        try store.pool.read { db in
            Set(
                try Row.fetchAll(
                    db, sql: "SELECT point, measure, at, count, lowest, highest, round(sum * 10000) FROM \(span.table)"
                ).map { row in (0..<7).map { row[$0] as Double } })
        }
    }

    /// First and last time, count and size of each chunk of a day, in order.
    func chunks(_ day: Day, _ point: Int64) throws -> [[Int64]] {
        let ids = Chunk.ids(of: PointKey(point))
        return try telemetry.files.read(day, .chunks) { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT first_at, last_at, count, length(blob) FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id
                    """, arguments: [ids.lowerBound, ids.upperBound]
            ).map { row in (0..<4).map { row[$0] as Int64 } }
        } ?? []
    }
}
