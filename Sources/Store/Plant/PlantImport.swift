import Domain
import Foundation
import GRDB

/// What an import did, or would not do: all of a plant goes in, or nothing does.
public struct PlantReport: Sendable, Equatable {
    /// Rows taken, by table.
    public var counts: [String: Int] = [:]
    /// `assets.csv:12: …`; taken all the same.
    public var warnings: [String] = []
    /// `assets.csv:12: …`; any one of them and nothing is changed.
    public var errors: [String] = []
}

extension Store {
    /// Reads the CSV files that it knows by name from `directories` and updates the plant in one transaction.
    ///
    /// Rows are inserted or updated by id; nothing is deleted. Unknown files are left alone.
    public func importPlant(from directories: [String]) throws -> PlantReport {
        var importer = PlantImporter()
        for directory in directories { importer.read(directory) }
        guard importer.report.errors.isEmpty else { return importer.report }
        do {
            try pool.write { db in
                try importer.write(db)
                if !importer.report.errors.isEmpty { throw NothingImported() }
                try Episode.endWithoutRule(db)
                try Self.touchPlant(db)
                db.afterNextTransaction { [memory] _ in memory.forget() }
            }
        } catch is NothingImported {
            return importer.report
        }
        changes.signal()
        return importer.report
    }
}

private struct NothingImported: Error {}

/// Tables in the order of their references.
private let tables: [(file: String, table: String, insert: @Sendable (Database, CSV.Row) throws(BadRow) -> String?)] = [
    ("sites.csv", "sites", insertSite), ("customers.csv", "customers", insertCustomer),
    ("zone_limits.csv", "zone limits", insertZoneLimit), ("bearings.csv", "bearings", insertBearing),
    ("assets.csv", "assets", insertAsset),
    ("points.csv", "points", insertPoint), ("point_limits.csv", "point limits", insertPointLimit),
    ("rules.csv", "rules", insertRule), ("sources.csv", "sources", insertSource),
    ("engineers.csv", "engineers", insertEngineer),
]

private struct PlantImporter {
    var report = PlantReport()
    private var files: [String: [(path: String, csv: CSV)]] = [:]

    mutating func read(_ directory: String) {
        var found = 0
        for (file, _, _) in tables {
            let path = "\(directory)/\(file)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            found += 1
            do {
                files[file, default: []].append((file, try CSV(try String(contentsOfFile: path, encoding: .utf8))))
            } catch {
                report.errors.append("\(file): \(error)")
            }
        }
        if found == 0 { report.errors.append("\(directory): none of \(tables.map(\.file).joined(separator: ", "))") }
    }

    mutating func write(_ db: Database) throws {
        for (file, table, insert) in tables {
            for (path, csv) in files[file] ?? [] {
                for row in csv.rows {
                    do throws(BadRow) {
                        if let warning = try insert(db, row) {
                            report.warnings.append("\(path):\(row.line): \(warning)")
                        }
                        report.counts[table, default: 0] += 1
                    } catch {
                        report.errors.append("\(path):\(row.line): \(error.reason)")
                    }
                }
            }
        }
    }
}
