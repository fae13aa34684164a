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

/// A file of a plant.
private struct Table: Sendable {
    let file: String
    let name: String
    /// The columns that say what a row is about: a file has one row about a thing.
    let key: [String]
    let insert: @Sendable (Database, CSV.Row) throws(BadRow) -> String?
}

/// In the order of their references.
private let tables = [
    Table(file: "sites.csv", name: "sites", key: ["id"], insert: insertSite),
    Table(file: "customers.csv", name: "customers", key: ["id"], insert: insertCustomer),
    Table(
        file: "zone_limits.csv", name: "zone limits", key: ["version", "machine_class", "measure"],
        insert: insertZoneLimit),
    Table(file: "bearings.csv", name: "bearings", key: ["designation"], insert: insertBearing),
    Table(file: "assets.csv", name: "assets", key: ["id"], insert: insertAsset),
    Table(file: "points.csv", name: "points", key: ["asset", "name"], insert: insertPoint),
    Table(
        file: "point_limits.csv", name: "point limits", key: ["asset", "point", "measure"], insert: insertPointLimit),
    Table(
        file: "rules.csv", name: "rules", key: ["version", "machine_class", "asset", "point", "measure", "kind"],
        insert: insertRule),
    Table(file: "sources.csv", name: "sources", key: ["format", "sender", "metric"], insert: insertSource),
    Table(file: "engineers.csv", name: "engineers", key: ["id"], insert: insertEngineer),
]

private struct PlantImporter {
    var report = PlantReport()
    private var files: [String: [CSV]] = [:]

    mutating func read(_ directory: String) {
        var found = 0
        for table in tables {
            let path = "\(directory)/\(table.file)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            found += 1
            do {
                let csv = try CSV(try String(contentsOfFile: path, encoding: .utf8))
                files[table.file, default: []].append(csv)
                findRepeats(in: csv, table)
            } catch {
                report.errors.append("\(table.file): \(error)")
            }
        }
        if found == 0 { report.errors.append("\(directory): none of \(tables.map(\.file).joined(separator: ", "))") }
    }

    mutating func write(_ db: Database) throws {
        for table in tables {
            for row in files[table.file, default: []].flatMap(\.rows) {
                do throws(BadRow) {
                    if let warning = try table.insert(db, row) {
                        report.warnings.append("\(table.file):\(row.line): \(warning)")
                    }
                    report.counts[table.name, default: 0] += 1
                } catch {
                    report.errors.append("\(table.file):\(row.line): \(error.reason)")
                }
            }
        }
    }

    /// Which of two rows about one thing counts, nobody should have to guess.
    private mutating func findRepeats(in csv: CSV, _ table: Table) {
        var lines: [[String]: Int] = [:]
        for row in csv.rows {
            let key = table.key.map { row[$0] }
            if let first = lines[key] {
                let names = table.key.joined(separator: ", ")
                report.errors.append(
                    "\(table.file):\(row.line): \(names) as in line \(first); leave one of the two out")
            } else {
                lines[key] = row.line
            }
        }
    }
}
