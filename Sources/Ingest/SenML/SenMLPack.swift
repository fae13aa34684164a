import Domain

/// Records one after another, each resolved against the base that those before it have set (RFC 8428 §4.1, §4.6).
struct SenMLPack {
    private let sources: SourceMap
    private let now: Instant
    private var gathering: Gathering
    private var version: Double?
    private var baseName = ""
    private var baseTime = 0.0
    private var baseUnit: String?
    private var baseValue = 0.0

    init(site: SiteID?, sources: SourceMap, now: Instant, origin: Origin) {
        self.sources = sources
        self.now = now
        gathering = Gathering(site: site, origin: origin)
    }

    /// Throws when a base is unusable: all that follows hangs on it.
    mutating func take(_ record: SenMLRecord) throws(Rejection) {
        try rebase(record)
        if let problem = record.problem { return gathering.reject(problem) }
        do throws(Rejection) {
            try resolve(record)
        } catch {
            gathering.reject(error)
        }
    }

    consuming func finish() throws(Rejection) -> Decoded { try gathering.finish() }

    private mutating func rebase(_ record: SenMLRecord) throws(Rejection) {
        let stated = try record.number(.baseVersion)
        if let version = stated ?? version {
            guard version <= Self.newestVersion, version == self.version ?? version else {
                throw Rejection(
                    .wrongShape, "SenML version \(version); all records have the same, at most \(Self.newestVersion)")
            }
        }
        version = stated ?? version
        baseName = try record.text(.baseName) ?? baseName
        baseTime = try record.number(.baseTime) ?? baseTime
        baseUnit = try record.text(.baseUnit) ?? baseUnit
        baseValue = try record.number(.baseValue) ?? baseValue
    }

    /// RFC 8428 is version 10.
    private static let newestVersion = 10.0
    /// Times below, in seconds, are relative to now (§4.5.3).
    private static let relativeBelow = Double(1 << 28)

    private mutating func resolve(_ record: SenMLRecord) throws(Rejection) {
        let hasValue = [SenMLField.value, .text, .boolean, .data].count { record.contains($0) }
        guard hasValue <= 1 else { throw Rejection(.wrongShape, "a record has one of v, vs, vb and vd, not several") }
        let name = try record.text(.name) ?? ""
        let at = try time(record)
        if hasValue == 0 {
            // Only a base, or a sum: an integral over time is no measure of ours.
            if record.contains(.sum) { unmapped(name, record, at) }
            if !record.contains(.sum), record.contains(.name) || record.isEmpty {
                throw Rejection(.wrongShape, "“\(name.prefix(64))” has no value")
            }
            return
        }
        guard let target = target(of: name), let measure = target.measure else { return unmapped(name, record, at) }
        let value: Double
        if let number = try record.number(.value) {
            value = baseValue + number
        } else if let boolean = try record.boolean(.boolean), measure == .running {
            value = boolean ? 1 : 0
        } else {
            throw Rejection(.wrongType, "“\(name.prefix(64))” is no number, and \(measure.name) is one")
        }
        let unit = try record.text(.unit) ?? baseUnit
        try check(unit, target, measure)
        gathering.take(value, unit: unit, as: target, measure, at: at, of: sender)
    }

    private func time(_ record: SenMLRecord) throws(Rejection) -> Instant {
        let seconds = baseTime + (try record.number(.time) ?? 0)
        let absolute = seconds < Self.relativeBelow ? Double(now.milliseconds) / 1000 + seconds : seconds
        guard let milliseconds = Int64(exactly: (absolute * 1000).rounded()) else {
            throw Rejection(.missingTime, "a time of \(seconds) s is none")
        }
        return Instant(milliseconds: milliseconds)
    }

    /// By base and name, or by the full name, which is all that says who it is.
    private func target(of name: String) -> SourceMap.Target? {
        sources[.senml, sender, name] ?? sources.target(format: .senml, sender: "", metric: baseName + name)
    }

    /// The base name without what joins it to the names.
    private var sender: String {
        baseName.hasSuffix(":") || baseName.hasSuffix("/") ? String(baseName.dropLast()) : baseName
    }

    /// These letters are other units in SenML's registry. A row of `sources.csv` that states the unit wins.
    private func check(_ unit: String?, _ target: SourceMap.Target, _ measure: Measure) throws(Rejection) {
        guard target.unit == nil, let unit, let meaning = Self.foreign[unit] else { return }
        throw Rejection(
            .unknownUnit,
            "“\(unit)” is \(meaning) in SenML, no unit of \(measure.name); acceleration comes in m/s2, "
                + "temperature in Cel, or state the unit in sources.csv")
    }

    private static let foreign = ["g": "gram", "mg": "milligram", "C": "coulomb", "F": "farad"]

    private mutating func unmapped(_ name: String, _ record: SenMLRecord, _ at: Instant) {
        gathering.unmapped(baseName + name, json: record.json, at: at, of: sender)
    }
}
