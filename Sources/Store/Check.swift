public import Domain
import Foundation
import GRDB

/// What a look at the database from outside finds; see ``Store/check(directory:)``.
public struct StoreCheck: Sendable {
    public enum Age: Sendable {
        case current
        /// The next start of the service brings it up to date.
        case older
        /// A newer program made it; this one can't use it.
        case newer
    }

    /// SQLite's sentences about what is damaged; empty when it is sound.
    public var damage: [String]
    public var age: Age
    /// Rows by what people call them, in the order of an import.
    public var plant: [(name: String, count: Int)]
    /// The time of the newest reading that a detector saw.
    public var newestReading: Instant?
    /// The people whose names stamps must show.
    public var engineers: [(id: EngineerID, name: LocalName)]
}

extension Store {
    /// Reads the database in `directory` without changing it, beside a running service too; nil when there is none.
    /// - Throws: when it can't be opened or is no database.
    public static func check(directory: String) throws -> StoreCheck? {
        let path = directory + "/fieldloop.db"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        configuration.label = "fieldloop-check"
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read(StoreCheck.init)
    }
}

extension StoreCheck {
    private static let tables = [
        ("sites", "site"), ("customers", "customer"), ("machines", "asset"), ("points", "point"),
        ("engineers", "engineer"), ("zone limits", "zone_limit"),
    ]

    fileprivate init(_ db: Database) throws {
        // Every page and row; what is wrong with the tenth thing tells no more than with the first.
        damage = try String.fetchAll(db, sql: "PRAGMA quick_check(10)").filter { $0 != "ok" }
        age =
            if try Schema.migrator.hasBeenSuperseded(db) {
                .newer
            } else if try Schema.migrator.hasCompletedMigrations(db) {
                .current
            } else {
                .older
            }
        plant = try Self.tables.filter { try db.tableExists($0.1) }.map { name, table in
            (name, try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0)
        }
        newestReading = nil
        engineers = []
        guard age == .current else { return }
        newestReading = try Int64.fetchOne(db, sql: "SELECT max(newest) FROM progress").map(
            Instant.init(milliseconds:))
        engineers = try Row.fetchAll(db, sql: "SELECT id, name_zh, name_en FROM engineer ORDER BY id").map {
            (EngineerID(stored: $0["id"]), LocalName(zh: $0["name_zh"], en: $0["name_en"]))
        }
    }
}
