import Domain
import Foundation
import Geo
import GRDB

/// Why a row of a plant file can't be taken, worded for the person who wrote it.
struct BadRow: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

// Each function inserts or updates one row and returns a warning, if there is one.

func insertSite(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let id = try row.name("id") as SiteID
    if ["photos", "engineers"].contains(id.text) {
        throw BadRow("“\(id)” is reserved in the topics; choose another id")
    }
    guard let place = try row.place("lat", "lon") else { throw BadRow("lat and lon are needed") }
    guard TimeZone(identifier: row["timezone"]) != nil else {
        throw BadRow("unknown timezone “\(row["timezone"])”; write it like Asia/Shanghai")
    }
    try db.upsert(
        "site", key: ["id"],
        [
            "id": id.text, "name_zh": try row.text("name_zh"), "name_en": try row.text("name_en"),
            "latitude": place.latitude, "longitude": place.longitude, "timezone": row["timezone"],
            "entity": row["entity"],
        ])
    return nil
}

func insertCustomer(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    guard let grade = Grade(rawValue: row["grade"]) else { throw BadRow("grade is A, B or C, not “\(row["grade"])”") }
    try db.upsert(
        "customer", key: ["id"],
        [
            "id": (try row.name("id") as CustomerID).text, "name_zh": try row.text("name_zh"),
            "name_en": try row.text("name_en"), "grade": grade.rawValue, "contact": row["contact"],
            "phone": row["phone"],
        ])
    return nil
}

func insertZoneLimit(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let (ab, bc, cd) = (try row.number("ab"), try row.number("bc"), try row.number("cd"))
    guard 0 < ab, ab < bc, bc < cd else { throw BadRow("the limits must rise: 0 < ab < bc < cd") }
    try db.upsert(
        "zone_limit", key: ["machine_class", "measure", "version"],
        [
            "version": try row.text("version"), "machine_class": try row.text("machine_class"),
            "measure": try row.measure().name, "ab": ab, "bc": bc, "cd": cd, "source": try row.text("source"),
        ])
    return nil
}

func insertAsset(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let machineClass = try row.text("machine_class")
    try db.require("site", row["site"])
    try db.require("customer", row["customer"])
    try db.upsert(
        "asset", key: ["id"],
        [
            "id": (try row.name("id") as AssetID).text, "site": row["site"], "name_zh": try row.text("name_zh"),
            "name_en": try row.text("name_en"), "customer": row["customer"], "machine_class": machineClass,
            "rated_rpm": try row.optionalNumber("rated_rpm"), "power_kw": try row.optionalNumber("power_kw"),
            "bearing": row["bearing"], "skill": try row.text("skill").lowercased(),
            "skill_level": try row.integer("skill_level", 1...3),
        ])
    let known = try db.exists("SELECT 1 FROM zone_limit WHERE machine_class = ?", [machineClass])
    if known { return nil }
    return "no zone limits for machine class “\(machineClass)”: only points with limits of their own alarm"
}

func insertPoint(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    try db.require("asset", row["asset"])
    guard ["H", "V", "A"].contains(row["direction"]) else { throw BadRow("direction is H, V or A") }
    try db.upsert(
        "point", key: ["asset", "name"],
        [
            "asset": row["asset"], "name": (try row.name("name") as Name<PointID>).text,
            "direction": row["direction"], "place_zh": row["place_zh"], "place_en": row["place_en"],
        ])
    return nil
}

func insertPointLimit(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let learn = row["learn"].isEmpty ? nil : try row.integer("learn", 10...100_000)
    let raise = try row.optionalNumber("raise")
    guard (learn == nil) != (raise == nil) else { throw BadRow("set either raise (with clear) or learn") }
    var clear: Double?
    if let raise {
        let limit = try row.number("clear")
        guard limit < raise else { throw BadRow("clear must be below raise, or a value on the limit flaps") }
        clear = limit
    }
    let confirmation = try row.confirmation()
    try db.upsert(
        "point_limit", key: ["point", "measure"],
        [
            "point": try db.point(of: row), "measure": try row.measure().name, "raise_at": raise, "clear_at": clear,
            "critical_at": try row.optionalNumber("critical"), "learn": learn,
            "confirm": confirmation.needed, "confirm_of": confirmation.of, "source": try row.text("source"),
        ])
    return nil
}

func insertEngineer(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    let id = try row.name("id") as EngineerID
    let home = try row.place("home_lat", "home_lon")
    guard TimeZone(identifier: row["timezone"]) != nil else { throw BadRow("unknown timezone “\(row["timezone"])”") }
    try db.upsert(
        "engineer", key: ["id"],
        [
            "id": id.text, "name_zh": try row.text("name_zh"), "name_en": try row.text("name_en"),
            "phone": row["phone"], "home_latitude": home?.latitude, "home_longitude": home?.longitude,
            "timezone": row["timezone"], "shift_days": try row.weekdays("shift_days"),
            "shift_start": try row.timeOfDay("shift_start"), "shift_end": try row.timeOfDay("shift_end"),
            "load_cap": try row.integer("load_cap", 0...100), "wecom": row["wecom"],
        ])
    try db.run("DELETE FROM engineer_skill WHERE engineer = ?", [id.text])
    for skill in try row.skills("skills") {
        try db.upsert(
            "engineer_skill", key: ["engineer", "skill"],
            ["engineer": id.text, "skill": skill.name, "level": skill.level])
    }
    return home == nil ? "no home position: \(id) can only be found by a fresh fix" : nil
}
