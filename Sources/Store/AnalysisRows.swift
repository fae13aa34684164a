public import Domain
public import Foundation
import GRDB

/// A stored waveform that nobody has looked at yet, with what is known of its machine.
public struct PendingAnalysis: Sendable {
    public let facts: WaveformFacts
    public let point: PointID
    public let bytes: Data
    public let machine: MachineFacts

    public init(facts: WaveformFacts, point: PointID, bytes: Data, machine: MachineFacts) {
        (self.facts, self.point, self.bytes, self.machine) = (facts, point, bytes, machine)
    }
}

/// What an analysis needs to know of a machine, and of the point.
public struct MachineFacts: Sendable {
    /// As the plant writes it; empty when it says none.
    public let bearingName: String
    public let bearing: BearingTable.Entry?
    public let ratedRPM: Double?
    /// As its points have told about the time of the record.
    public let toldRPM: Double?
    /// mm/s, the class's B/C limit.
    public let velocityLimit: Double?
    /// Of the point's earlier records, g; nil while there are too few.
    public let usualHighFrequency: Double?

    public init(
        bearingName: String, bearing: BearingTable.Entry?, ratedRPM: Double?, toldRPM: Double?, velocityLimit: Double?,
        usualHighFrequency: Double?
    ) {
        self.bearingName = bearingName
        self.bearing = bearing
        self.ratedRPM = ratedRPM
        self.toldRPM = toldRPM
        self.velocityLimit = velocityLimit
        self.usualHighFrequency = usualHighFrequency
    }
}

extension Store {
    /// The oldest waveform that was not analysed; nil when there is none. A backlog goes by number, not by time.
    public func pendingAnalysis() async throws -> PendingAnalysis? {
        let next = try await pool.read { [policy] db -> (Int64, PointID, MachineFacts)? in
            guard
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT waveform.id, waveform.point, waveform.at, point.asset, point.name FROM waveform
                        JOIN point ON point.id = waveform.point WHERE analysed = 0 ORDER BY waveform.id LIMIT 1
                        """)
            else { return nil }
            let point = PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["name"]))
            let at = Instant(milliseconds: row["at"])
            return (row["id"], point, try MachineFacts(db, point, PointKey(row["point"]), at, policy))
        }
        guard let (id, point, machine) = next else { return nil }
        guard let waveform = try await waveform(id) else {
            try await skipAnalysis(of: id)
            return try await pendingAnalysis()
        }
        return PendingAnalysis(facts: waveform.facts, point: point, bytes: waveform.bytes, machine: machine)
    }

    /// Its bytes are lost, or its analysis can't be stored: it must not be the next for ever.
    public func skipAnalysis(of waveform: Int64) async throws {
        try await pool.write { try $0.cached("UPDATE waveform SET analysed = 1 WHERE id = ?", [waveform]) }
    }

    /// One that was analysed, to be looked at again; nil when it is gone.
    public func pendingAnalysis(of known: PointedWaveform) async throws -> PendingAnalysis? {
        guard let waveform = try await waveform(known.id) else { return nil }
        let machine = try await pool.read { [policy] db in
            try PointKey.find(db, known.point).map { try MachineFacts(db, known.point, $0, known.at, policy) }
        }
        return machine.map {
            PendingAnalysis(facts: waveform.facts, point: known.point, bytes: waveform.bytes, machine: $0)
        }
    }

    /// The records to draw for a ticket: the one that tells of its fault, and one from after the repair.
    public func spectra(of ticket: TicketID) async throws -> (before: PointedWaveform?, after: PointedWaveform?) {
        try await pool.read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM ticket WHERE id = ?", arguments: [ticket.number])
            else { return (nil, nil) }
            guard let before = try AnalysisFacts.telling(db, of: row) else { return (nil, nil) }
            let since = try Instant.repaired(db, ticket)
            return (
                try PointedWaveform.find(db, before.point, at: before.at),
                try since.flatMap { try PointedWaveform.newest(db, before.point, since: $0, after: before.at) }
            )
        }
    }
}

/// Which record, and whose.
public struct PointedWaveform: Sendable {
    public let id: Int64
    public let point: PointID
    public let at: Instant

    fileprivate static func find(_ db: Database, _ key: PointKey, at: Instant) throws -> PointedWaveform? {
        try fetch(db, "waveform.point = ? AND at = ?", [key.number, at.milliseconds])
    }

    fileprivate static func newest(
        _ db: Database, _ key: PointKey, since: Instant, after: Instant
    ) throws -> PointedWaveform? {
        try fetch(
            db, "waveform.point = ? AND at >= ? ORDER BY at DESC",
            [key.number, max(since.milliseconds, after.milliseconds + 1)])
    }

    private static func fetch(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> PointedWaveform? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT waveform.id, at, asset, name FROM waveform JOIN point ON point.id = waveform.point
                WHERE \(condition) LIMIT 1
                """, arguments: arguments
        ).map {
            PointedWaveform(
                id: $0["id"], point: PointID(asset: AssetID(stored: $0["asset"]), name: Name(stored: $0["name"])),
                at: Instant(milliseconds: $0["at"]))
        }
    }
}

/// A stored analysis that a ticket's page shows.
public struct AnalysisFacts: Sendable {
    let point: PointKey
    public let pointName: Name<PointID>
    public let place: LocalName
    public let at: Instant
    public let document: AnalysisDocument

    /// The analysis that tells most about a ticket: one that found the ticket's own cause, else the newest.
    static func telling(_ db: Database, of ticket: Row) throws -> AnalysisFacts? {
        guard ticket["kind"] as String == FaultKind.vibration.rawValue else { return nil }
        let from = (Instant(milliseconds: ticket["breach_at"]) - .hours(24)).milliseconds
        let until = (ticket["closed_at"] as Int64?) ?? Int64.max
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT a.*, point.name, point.place_zh, point.place_en FROM point
                JOIN waveform_analysis a ON a.point = point.id
                WHERE point.asset = ? AND a.at BETWEEN ? AND ?
                ORDER BY a.at = ? AND a.cause = ? DESC, a.verdict = 'found' DESC, a.at DESC LIMIT 1
                """,
            arguments: [
                ticket["asset"] as String, from, until, ticket["diagnosis_at"] as Int64?,
                ticket["diagnosis"] as String?,
            ])
        guard let row, let document = AnalysisDocument(json: row["document"]) else { return nil }
        return AnalysisFacts(
            point: PointKey(row["point"]), pointName: Name(stored: row["name"]),
            place: LocalName(zh: row["place_zh"], en: row["place_en"]), at: Instant(milliseconds: row["at"]),
            document: document)
    }
}

extension Instant {
    /// When a ticket's repair was said to be done, for the last time.
    fileprivate static func repaired(_ db: Database, _ ticket: TicketID) throws -> Instant? {
        try Int64.fetchOne(
            db, sql: "SELECT max(at) FROM ticket_entry WHERE ticket = ? AND kind = 'done'", arguments: [ticket.number]
        ).map(Instant.init(milliseconds:))
    }
}

extension MachineFacts {
    fileprivate init(
        _ db: Database, _ point: PointID, _ key: PointKey, _ at: Instant, _ policy: Policy
    ) throws {
        let asset = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT machine_class, rated_rpm, bearing FROM asset WHERE id = ?"),
            arguments: [point.asset.text])
        bearingName = asset?["bearing"] ?? ""
        bearing = bearingName.isEmpty ? nil : try BearingTable.ofPlant(db)[bearingName]
        ratedRPM = asset?["rated_rpm"]
        let run = try MachineRun.load(db, point.asset)
        toldRPM = run.speed.flatMap { speed in
            run.speedAt.flatMap { abs(($0 - at).milliseconds) <= policy.runTrust.milliseconds ? speed : nil }
        }
        velocityLimit = try Double.fetchOne(
            db.cachedStatement(
                sql: "SELECT bc FROM zone_limit WHERE machine_class = ? AND measure = ? ORDER BY version DESC LIMIT 1"),
            arguments: [asset?["machine_class"] as String?, Measure.velocityRMS.name])
        let levels = try Double.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT high_frequency FROM waveform_analysis
                    WHERE point = ? AND at < ? AND high_frequency IS NOT NULL ORDER BY at DESC LIMIT 50
                    """), arguments: [key.number, at.milliseconds]
        ).sorted()
        usualHighFrequency = levels.count < Self.fewestLevels ? nil : levels[levels.count / 2]
    }

    /// Records from which a usual level can be told.
    private static let fewestLevels = 8
}

extension TicketDiagnosis {
    /// What the machine's waveforms have found last.
    static func newest(_ db: Database, of asset: AssetID) throws -> TicketDiagnosis? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT a.cause, a.confidence, a.at FROM point JOIN waveform_analysis a ON a.point = point.id
                WHERE point.asset = ? AND a.cause IS NOT NULL ORDER BY a.at DESC LIMIT 1
                """)
        guard let row = try Row.fetchOne(statement, arguments: [asset.text]) else { return nil }
        return TicketDiagnosis(cause: row[0], confidence: row[1] ?? 0, at: Instant(milliseconds: row[2]))
    }
}

extension AnalysisRecord {
    func save(_ db: Database, _ point: PointKey, at: Instant) throws {
        try db.cached("UPDATE waveform SET analysed = 1 WHERE id = ?", [waveform])
        try db.cached(
            """
            INSERT INTO waveform_analysis (point, at, verdict, cause, confidence, high_frequency, document)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET verdict = excluded.verdict, cause = excluded.cause,
                confidence = excluded.confidence, high_frequency = excluded.high_frequency,
                document = excluded.document
            """,
            [point.number, at.milliseconds, verdict, cause, confidence, highFrequency, document])
    }
}
