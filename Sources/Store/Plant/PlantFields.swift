import Domain
import Foundation
import Geo
import GRDB

extension CSV.Row {
    func text(_ column: String) throws(BadRow) -> String {
        let text = self[column]
        guard !text.isEmpty else { throw BadRow("“\(column)” is empty") }
        guard text.utf8.count <= Limits.textLength else { throw BadRow("“\(column)” is too long") }
        return text
    }

    func name<Thing>(_ column: String) throws(BadRow) -> Name<Thing> {
        guard let name = Name<Thing>(self[column]) else {
            throw BadRow("“\(self[column])” is no \(column): 1–\(Limits.nameLength) of A–Z a–z 0–9 . _ -")
        }
        return name
    }

    func number(_ column: String) throws(BadRow) -> Double {
        guard let number = Double(self[column]), number.isFinite else {
            throw BadRow("“\(self[column])” is no number for \(column)")
        }
        return number
    }

    func optionalNumber(_ column: String) throws(BadRow) -> Double? {
        self[column].isEmpty ? nil : try number(column)
    }

    func integer(_ column: String, _ range: ClosedRange<Int>) throws(BadRow) -> Int {
        guard let number = Int(self[column]), range.contains(number) else {
            throw BadRow("\(column) is a whole number of \(range.lowerBound)–\(range.upperBound)")
        }
        return number
    }

    func measure() throws(BadRow) -> Measure {
        guard let measure = Measure(name: self["measure"]) else {
            let known = Measure.allCases.map(\.name).joined(separator: ", ")
            throw BadRow("unknown measure “\(self["measure"])”: one of \(known)")
        }
        return measure
    }

    /// nil when both columns are empty.
    func place(_ latitude: String, _ longitude: String) throws(BadRow) -> Coordinate? {
        if self[latitude].isEmpty, self[longitude].isEmpty { return nil }
        guard let datum = Datum(rawValue: self["datum"]) else {
            throw BadRow("datum is wgs84, gcj02 or bd09, not “\(self["datum"])”: without it a place is half a km off")
        }
        let pair = (try number(latitude), try number(longitude))
        guard let place = Coordinate(latitude: pair.0, longitude: pair.1, datum: datum) else {
            throw BadRow("\(pair.0), \(pair.1) is no place")
        }
        return place
    }

    /// `1-5` or `1,3,5` (1 = Monday) as `1,2,3,4,5`.
    func weekdays(_ column: String) throws(BadRow) -> String {
        var days: Set<Int> = []
        for part in self[column].split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0.filter { $0 != " " }) }
            guard let first = ends.first, let last = ends.last, 1 <= first, first <= last, last <= 7 else {
                throw BadRow("\(column) is like 1-5 or 1,3,5 (1 = Monday), not “\(self[column])”")
            }
            days.formUnion(first...last)
        }
        return days.sorted().map(String.init).joined(separator: ",")
    }

    /// `08:30` in minutes; `24:00` is the end of a day.
    func timeOfDay(_ column: String) throws(BadRow) -> Int {
        let parts = self[column].split(separator: ":").map { Int($0) }
        guard parts.count == 2, let hour = parts[0], let minute = parts[1], (0...24).contains(hour),
            (0..<60).contains(minute), hour * 60 + minute <= 1440
        else { throw BadRow("\(column) is like 08:30, not “\(self[column])”") }
        return hour * 60 + minute
    }

    /// `pump:2;bearing:1`; a name without level is level 1. Names are lower-cased: spelling must not hide a skill.
    func skills(_ column: String) throws(BadRow) -> [Skill] {
        var skills: [Skill] = []
        for part in self[column].split(separator: ";") {
            let pieces = part.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard let name = pieces.first, let level = pieces.count == 2 ? Int(pieces[1]) : 1, (1...3).contains(level)
            else { throw BadRow("skills are like pump:2;bearing:1 with levels 1–3, not “\(part)”") }
            skills.append(Skill(name.lowercased(), level: level))
        }
        return skills
    }
}

extension Database {
    /// Inserts, or updates the row with the same key.
    func upsert(_ table: String, key: [String], _ values: [String: (any DatabaseValueConvertible)?]) throws(BadRow) {
        let columns = values.keys.sorted()
        let updates = columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
        try run(
            """
            INSERT INTO \(table) (\(columns.joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
            ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(updates.joined(separator: ", "))
            """, StatementArguments(columns.map { values[$0] ?? nil }))
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws(BadRow) {
        do { try execute(sql: sql, arguments: arguments) } catch { throw BadRow("\(error)") }
    }

    func exists(_ sql: String, _ arguments: StatementArguments) throws(BadRow) -> Bool {
        do { return try Int.fetchOne(self, sql: sql, arguments: arguments) != nil } catch { throw BadRow("\(error)") }
    }

    /// The key of the point that a row's `asset` and `point` name.
    func point(of row: CSV.Row) throws(BadRow) -> Int64 {
        let sql = "SELECT id FROM point WHERE asset = ? AND name = ?"
        let point: Int64?
        do {
            point = try Int64.fetchOne(self, sql: sql, arguments: [row["asset"], row["point"]])
        } catch { throw BadRow("\(error)") }
        guard let point else { throw BadRow("there is no point “\(row["asset"])/\(row["point"])” in points.csv") }
        return point
    }

    func require(_ table: String, _ id: String) throws(BadRow) {
        if try !exists("SELECT 1 FROM \(table) WHERE id = ?", [id]) { throw BadRow("there is no \(table) “\(id)”") }
    }
}
