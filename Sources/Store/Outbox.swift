public import Domain
import GRDB

/// A notice on its way out by one channel.
public struct Departure: Sendable, Equatable {
    /// Stable over retries: receivers drop what they have seen.
    public var id: Int64
    public var channel: Channel
    public var kind: Notice.Kind
    public var subject: Subject
    public var engineer: EngineerID?
    public var expiresAt: Instant?
    public var createdAt: Instant
    /// Sends tried so far.
    public var attempts: Int

    /// What it is about, with what a text about it needs.
    public enum Subject: Sendable, Equatable {
        case ticket(TicketID, epoch: Int, NoticeFacts)
        /// `utcOffset`: of the first site, in seconds east of UTC.
        case session(SessionLoss, utcOffset: Int)
    }
}

/// What became of one attempt.
public enum Delivery: Sendable, Equatable {
    case sent
    /// Try again at the given time.
    case failed(String, again: Instant)
    /// Given up: on the board, and told to the supervisor by whatever else works, at most once an hour.
    case dead(String)
    /// Too late to be of use; kept with its reason, told to nobody.
    case lapsed(String)
    /// The channel is not configured; nothing is owed.
    case unused
}

extension Store {
    /// What is due on `channels`, oldest first, with what a text about it needs.
    public func departures(on channels: [Channel], at now: Instant) async throws -> [Departure] {
        let names = channels.map(\.rawValue)
        return try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT outbox.*, ticket.asset, ticket.severity, ticket.grade, ticket.state, ticket.measure,
                        ticket.value, ticket.limit_value, ticket.limit_source, ticket.rule, ticket.cause,
                        ticket.kind AS fault_kind, ticket.diagnosis, ticket.diagnosis_confidence, ticket.diagnosis_at,
                        ticket.outcome, ticket.opened_at,
                        asset.name_zh AS asset_zh, asset.name_en AS asset_en, site.name_zh AS site_zh,
                        site.name_en AS site_en, site.latitude, site.longitude, site.timezone, asset.site,
                        engineer.name_zh AS engineer_zh, engineer.name_en AS engineer_en, engineer.wecom,
                        session_loss.broker, session_loss.session, session_loss.away_since, session_loss.noticed_at,
                        (SELECT timezone FROM site ORDER BY id LIMIT 1) AS first_timezone
                    FROM outbox LEFT JOIN ticket ON ticket.id = outbox.ticket
                    LEFT JOIN asset ON asset.id = ticket.asset LEFT JOIN site ON site.id = asset.site
                    LEFT JOIN engineer ON engineer.id = outbox.engineer
                    LEFT JOIN session_loss ON session_loss.id = outbox.loss
                    WHERE outbox.due_at <= ? AND sent_at IS NULL AND dead_at IS NULL
                        AND channel IN (\(names.map { _ in "?" }.joined(separator: ", ")))
                    ORDER BY ticket.grade, outbox.id LIMIT \(Limits.outboxBatch)
                    """, arguments: [now.milliseconds] + StatementArguments(names)
            ).compactMap(Departure.init)
        }
    }

    /// Books what became of a departure. A dead one is told to the supervisor on the other channels.
    public func book(_ departure: Departure, _ delivery: Delivery, at now: Instant) async throws {
        try await pool.write { db in
            let id = departure.id
            switch delivery {
            case .sent:
                try db.cached(
                    "UPDATE outbox SET sent_at = ?, attempts = attempts + 1, last_error = NULL WHERE id = ?",
                    [now.milliseconds, id])
            case .failed(let error, let again):
                try db.cached(
                    "UPDATE outbox SET due_at = ?, attempts = attempts + 1, last_error = ? WHERE id = ?",
                    [again.milliseconds, String(error.prefix(500)), id])
            case .dead(let error):
                try db.cached(
                    "UPDATE outbox SET dead_at = ?, attempts = attempts + 1, last_error = ? WHERE id = ?",
                    [now.milliseconds, String(error.prefix(500)), id])
                if departure.kind != .undelivered { try db.tellSupervisor(departure, at: now) }
            case .lapsed(let reason):
                try db.cached(
                    "UPDATE outbox SET dead_at = ?, last_error = ? WHERE id = ?", [now.milliseconds, reason, id])
            case .unused:
                try db.cached("DELETE FROM outbox WHERE id = ?", [id])
            }
        }
        changes.signal()
    }

    /// Takes one token from the channel's bucket of `capacity`, which refills in `period`.
    ///
    /// - Returns: nil when a token was taken, else when there will be one. The bucket is a row, so a restart
    ///   forgets nothing.
    public func takeToken(_ channel: Channel, capacity: Double, period: Duration, at now: Instant) async throws
        -> Instant?
    {
        try await pool.write { db in
            let row = try Row.fetchOne(db, sql: "SELECT * FROM bucket WHERE channel = ?", arguments: [channel.rawValue])
            let perMillisecond = capacity / Double(period.milliseconds)
            var tokens = capacity
            if let row {
                let elapsed = max(0, now.milliseconds - (row["filled_at"] as Int64))
                tokens = min(capacity, (row["tokens"] as Double) + Double(elapsed) * perMillisecond)
            }
            let taken = tokens >= 1
            try db.cached(
                """
                INSERT INTO bucket (channel, tokens, filled_at) VALUES (?, ?, ?)
                ON CONFLICT (channel) DO UPDATE SET tokens = excluded.tokens, filled_at = excluded.filled_at
                """, [channel.rawValue, taken ? tokens - 1 : tokens, now.milliseconds])
            return taken ? nil : now + .milliseconds(Int64(((1 - tokens) / perMillisecond).rounded(.up)))
        }
    }
}

extension Database {
    /// A channel that died under a storm leaves hundreds behind; telling of each would keep the other channels from
    /// their offers. One an hour says where to look, the board shows them all.
    fileprivate func tellSupervisor(_ dead: Departure, at now: Instant) throws {
        let told = try Int.fetchOne(
            self, sql: "SELECT 1 FROM outbox WHERE kind = ? AND created_at > ? LIMIT 1",
            arguments: [Notice.Kind.undelivered.rawValue, (now - .hours(1)).milliseconds])
        guard told == nil, case .ticket(let id, _, _) = dead.subject, let ticket = try Ticket.load(self, id) else {
            return
        }
        try Notice(.undelivered, to: .supervisor, about: ticket).enqueue(self, at: now, except: dead.channel)
    }
}

extension Departure {
    fileprivate init?(_ row: Row) {
        guard let channel = Channel(rawValue: row["channel"]), let kind = Notice.Kind(rawValue: row["kind"]),
            let subject = Subject(row)
        else { return nil }
        self.init(
            id: row["id"], channel: channel, kind: kind, subject: subject,
            engineer: (row["engineer"] as String?).map(EngineerID.init(stored:)),
            expiresAt: (row["expires_at"] as Int64?).map(Instant.init(milliseconds:)),
            createdAt: Instant(milliseconds: row["created_at"]), attempts: row["attempts"])
    }
}

extension Departure.Subject {
    fileprivate init?(_ row: Row) {
        if row["loss"] != nil {
            let loss = SessionLoss(row)
            let zone: String? = row["first_timezone"]
            self = .session(loss, utcOffset: zone.map { secondsFromUTC(in: $0, at: loss.noticedAt) } ?? 0)
            return
        }
        guard let facts = NoticeFacts(row) else { return nil }
        self = .ticket(TicketID(row["ticket"]), epoch: row["epoch"], facts)
    }
}

extension NoticeFacts {
    fileprivate init?(_ row: Row) {
        guard let severity = (row["severity"] as String?).flatMap(Severity.init(rawValue:)),
            let grade = Grade(rawValue: row["grade"]),
            let state = TicketState(rawValue: row["state"]), let kind = FaultKind(rawValue: row["fault_kind"]),
            let breach = BreachWords(row)
        else { return nil }
        let openedAt = Instant(milliseconds: row["opened_at"])
        var engineer: LocalName?
        if let zh = row["engineer_zh"] as String?, let en = row["engineer_en"] as String? {
            engineer = LocalName(zh: zh, en: en)
        }
        self.init(
            asset: AssetID(stored: row["asset"]), assetName: LocalName(zh: row["asset_zh"], en: row["asset_en"]),
            site: SiteID(stored: row["site"]), siteName: LocalName(zh: row["site_zh"], en: row["site_en"]),
            latitude: row["latitude"], longitude: row["longitude"], severity: severity, grade: grade, state: state,
            kind: kind, breach: breach, diagnosis: TicketDiagnosis(row),
            outcome: (row["outcome"] as String?).flatMap(Outcome.init(rawValue:)), engineerName: engineer,
            mention: row["wecom"] ?? "", utcOffset: secondsFromUTC(in: row["timezone"], at: openedAt))
    }
}

extension BreachWords {
    /// Of a ticket's row.
    init?(_ row: Row) {
        guard let measure = Measure(name: row["measure"] as String), let kind = Rule.Kind(rawValue: row["rule"]) else {
            return nil
        }
        self.init(
            measure: measure, kind: kind, cause: (row["cause"] as String?).flatMap(SensorFault.init(name:)),
            value: row["value"], limit: row["limit_value"], source: row["limit_source"])
    }
}
