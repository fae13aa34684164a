import GRDB
public import Vibration

/// Bearings by designation, from `bearings.csv`: geometry or fault orders, each with its source.
public struct BearingTable: Sendable {
    public struct Entry: Sendable, Equatable {
        /// As the table has it.
        public let designation: String
        public let orders: Bearing
        public let source: String

        public init(designation: String, orders: Bearing, source: String) {
            (self.designation, self.orders, self.source) = (designation, orders, source)
        }
    }
    public private(set) var entries: [Entry] = []

    /// What one row of a table lacks, with its line.
    public struct Flaw: Error, CustomStringConvertible {
        public let description: String
    }

    /// Columns: `designation,elements,element_mm,pitch_mm,contact_deg,bpfo,bpfi,bsf,ftf,source`. Orders win over geometry;
    /// `bsf` is turns of the element, not strikes.
    public init(_ csv: CSV) throws(Flaw) {
        for row in csv.rows {
            do throws(BadRow) {
                entries.append(
                    Entry(
                        designation: try row.text("designation"), orders: try Self.orders(row),
                        source: try row.text("source")))
            } catch {
                throw Flaw(description: "line \(row.line): \(error.reason)")
            }
        }
    }

    fileprivate static func orders(_ row: CSV.Row) throws(BadRow) -> Bearing {
        let stated = ["bpfo", "bpfi", "bsf", "ftf"]
        let bearing: Bearing? =
            if stated.contains(where: { !row[$0].isEmpty }) {
                Bearing(
                    bpfo: try row.number("bpfo"), bpfi: try row.number("bpfi"), bsf: try row.number("bsf"),
                    ftf: try row.number("ftf"))
            } else {
                Bearing(
                    elements: try row.integer("elements", 1...1_000), elementDiameter: try row.number("element_mm"),
                    pitchDiameter: try row.number("pitch_mm"),
                    contactDegrees: try row.optionalNumber("contact_deg") ?? 0)
            }
        guard let bearing else { throw BadRow("no bearing has these orders or this geometry") }
        return bearing
    }

    /// By its designation as people write it: “6205-2RS JEM” or “skf 6205/C3” is a 6205 where the table knows no nearer;
    /// the beginning of one name will do.
    public subscript(name: String) -> Entry? {
        let wanted = Self.plain(name)
        guard !wanted.isEmpty else { return nil }
        let names = entries.map { Self.plain($0.designation) }
        if let exact = names.firstIndex(of: wanted) { return entries[exact] }
        let beginning = names.indices.filter { names[$0].hasPrefix(wanted) }
        if beginning.count == 1 { return entries[beginning[0]] }
        // Suffixes say cage, seals and clearance, none of which moves an order by more than its slip.
        let size = wanted.split { "/- ".contains($0) }.first { $0.contains(where: \.isNumber) }
        return names.firstIndex { $0 == size ?? "" }.map { entries[$0] }
    }

    private static func plain(_ name: String) -> String {
        name.uppercased().split(separator: " ").joined(separator: " ")
    }
}

extension BearingTable {
    /// The plant's own rows, and then those that the product comes with.
    static func ofPlant(_ db: Database) throws -> BearingTable {
        var table = try shipped.get()
        let own = try Row.fetchAll(db, sql: "SELECT * FROM bearing ORDER BY designation").compactMap { row in
            Bearing(bpfo: row["bpfo"], bpfi: row["bpfi"], bsf: row["bsf"], ftf: row["ftf"]).map {
                Entry(designation: row["designation"], orders: $0, source: row["source"])
            }
        }
        table.entries.insert(contentsOf: own, at: 0)
        return table
    }

    private static let shipped = Result { try Shipped.bearings() }
}

/// `bearings.csv`, as the shipped one.
func insertBearing(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let orders = try BearingTable.orders(row)
    try db.upsert(
        "bearing", key: ["designation"],
        [
            "designation": try row.text("designation"), "bpfo": orders.bpfo, "bpfi": orders.bpfi, "bsf": orders.bsf,
            "ftf": orders.ftf, "source": try row.text("source"),
        ])
    return nil
}
