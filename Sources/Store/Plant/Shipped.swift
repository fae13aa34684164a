import Domain
import Foundation

/// The data that the product comes with: zone limits, rules and bearings, each row with its source.
public enum Shipped {
    /// The folder, which `import` takes like any other.
    public static var folder: String { Bundle.module.bundleURL.appending(path: "Shipped").path }

    /// Boundaries of the zones of ISO 10816 for a machine class, in the measure's unit.
    public struct Zones: Sendable, Equatable {
        public let machineClass: String
        public let boundaryAB: Double
        public let boundaryBC: Double
        public let boundaryCD: Double
        public let source: String

        /// A is as new, B for long operation, C for a limited time, D damages.
        public enum Zone: String, Sendable, CaseIterable { case A, B, C, D }

        public func zone(of value: Double) -> Zone {
            value < boundaryAB ? .A : value < boundaryBC ? .B : value < boundaryCD ? .C : .D
        }
    }

    /// Every class's newest zones of velocity.
    public static func zones() throws -> [Zones] {
        let rows = try table("zone_limits.csv").rows.filter { $0["measure"] == Measure.velocityRMS.name }
        var newest: [String: CSV.Row] = [:]
        for row in rows where row["version"] > newest[row["machine_class"]]?["version"] ?? "" {
            newest[row["machine_class"]] = row
        }
        return try newest.values.map { row in
            Zones(
                machineClass: row["machine_class"], boundaryAB: try row.number("ab"), boundaryBC: try row.number("bc"),
                boundaryCD: try row.number("cd"), source: "\(row["source"]) (\(row["version"]))")
        }.sorted { $0.machineClass < $1.machineClass }
    }

    public static func bearings() throws -> BearingTable { try BearingTable(table("bearings.csv")) }

    private static func table(_ name: String) throws -> CSV {
        try CSV(try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
    }
}
