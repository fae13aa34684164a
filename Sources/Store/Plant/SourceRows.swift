public import Domain
public import GRDB

/// What foreign metrics are, as `sources.csv` says.
enum SourceRows {
    /// `measure` is NULL where a source profile says it, or `waveform`.
    static let table = """
        CREATE TABLE source (
            format TEXT NOT NULL, sender TEXT NOT NULL, metric TEXT NOT NULL,
            point INTEGER NOT NULL REFERENCES point(id), measure TEXT, unit TEXT, scale REAL NOT NULL,
            PRIMARY KEY (format, sender, metric));
        """
    /// Hz of a waveform; came later.
    static let sampleRate = "ALTER TABLE source ADD COLUMN sample_rate REAL"
    /// In place of a measure: the metric is an array of samples.
    static let waveform = "waveform"
}

extension SourceMap {
    /// Every row, in memory: a plant has thousands, each message asks for several.
    public static func load(_ db: Database) throws -> SourceMap {
        var map = SourceMap()
        map.sites = Set(try String.fetchAll(db, sql: "SELECT id FROM site").map(SiteID.init(stored:)))
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT format, sender, metric, asset, name, measure, unit, scale, sample_rate
                FROM source JOIN point ON point.id = source.point
                """)
        while let row = try rows.next() {
            guard let format = Format(rawValue: row["format"]) else { continue }
            let measure: String? = row["measure"]
            map[format, row["sender"], row["metric"]] = Target(
                point: PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"])),
                measure: measure.flatMap(Measure.init(name:)), isWaveform: measure == SourceRows.waveform,
                unit: row["unit"], scale: row["scale"],
                sampleRate: row["sample_rate"])
        }
        return map
    }
}

func insertSource(_ db: Database, _ row: CSV.Row) throws(BadRow) -> String? {
    guard let format = SourceMap.Format(rawValue: row["format"]) else {
        let known = SourceMap.Format.allCases.map(\.rawValue).joined(separator: ", ")
        throw BadRow("format is one of \(known), not “\(row["format"])”")
    }
    let isProfile = format == .profile
    if isProfile, !(row["measure"] + row["unit"] + row["scale"]).isEmpty {
        throw BadRow("measure, unit and scale of a profile stand in the profile; here is only the point")
    }
    // SenML may give full names without a base, a profile may know no axis.
    let sender = format == .senml ? row["sender"] : try row.text("sender")
    let metric = isProfile ? row["metric"] : try row.text("metric")
    let scale = try row.optionalNumber("scale") ?? 1
    guard scale != 0 else { throw BadRow("scale is 0; leave it empty for 1") }
    let isWaveform = row["measure"] == SourceRows.waveform
    let measure = isProfile || isWaveform ? nil : try row.measure()
    let unit = row["unit"].isEmpty ? nil : row["unit"]
    if let measure, let unit, !Units.knows(unit, for: measure) {
        throw BadRow("“\(unit)” is no unit of \(measure.name)")
    }
    let rate = try sampleRate(row, format, isWaveform: isWaveform)
    if isWaveform { try checkWaveform(unit, scale) }
    try db.upsert(
        "source", key: ["format", "sender", "metric"],
        [
            "format": format.rawValue, "sender": sender, "metric": metric, "point": try db.point(of: row),
            "measure": isWaveform ? SourceRows.waveform : measure?.name, "unit": unit, "scale": scale,
            "sample_rate": rate,
        ])
    return nil
}

/// nil: the messages say it.
private func sampleRate(
    _ row: CSV.Row, _ format: SourceMap.Format, isWaveform: Bool
) throws(BadRow) -> Double? {
    if isWaveform, format != .sparkplug { throw BadRow("only Sparkplug's arrays are waveforms, not \(format)") }
    guard let rate = try row.optionalNumber("sample_rate_hz") else { return nil }
    guard isWaveform else { throw BadRow("sample_rate_hz is a waveform's; leave it empty") }
    guard Limits.sampleRate.contains(rate) else { throw BadRow("sample_rate_hz is within \(Limits.sampleRate)") }
    return rate
}

private func checkWaveform(_ unit: String?, _ scale: Double) throws(BadRow) {
    if let unit, WaveformUnit.named(unit) == nil { throw BadRow("“\(unit)” is no unit of a waveform") }
    guard scale > 0 else { throw BadRow("the scale of a waveform is above 0: its unit per count") }
}
