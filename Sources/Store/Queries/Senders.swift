public import Domain
import Foundation
import GRDB
import Synchronization

extension Store {
    /// What foreign senders' metrics are, as of the last import; cheap to ask for each burst.
    public func sources() throws -> SourceMap {
        try pool.read { db in
            let version = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT value FROM setting WHERE name = 'plant_version'"))
            if let known = sourceMap.withLock({ $0 }), known.version == version { return known.map }
            let map = try SourceMap.load(db)
            sourceMap.withLock { $0 = (version, map) }
            return map
        }
    }

    /// What protocols' sessions remember of their senders, by name.
    public func senders() throws -> [String: [UInt8]] {
        try pool.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT name, state FROM sender")
            return Dictionary(rows.map { ($0["name"] as String, Array($0["state"] as Data)) }) { $1 }
        }
    }

    /// The plant has changed: other programs that hold some of it read it anew.
    static func touchPlant(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO setting (name, value) VALUES ('plant_version', 1)
                ON CONFLICT (name) DO UPDATE SET value = value + 1
                """)
    }
}
