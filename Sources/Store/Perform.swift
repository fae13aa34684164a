public import Domain
import Foundation
import GRDB

extension Store {
    /// What became of a list of inputs.
    public struct Outcome: Sendable {
        /// For each input the refusal, if it was an action that was refused.
        public var refusals: [Refusal?] = []
        /// What senders are to be asked, now that it is committed.
        public var requests: [Request] = []
    }

    /// Decides and commits a list of inputs in **one transaction**: load what each concerns, decide, apply, follow up.
    ///
    /// Blocks the caller until the commit is durable; throws when it is not, and then nothing has changed.
    @discardableResult
    public func perform(_ inputs: [Input], at now: Instant) throws -> Outcome {
        try pool.write { db in
            try transact(db, at: now) { transaction in
                let refusals = try inputs.map { try transaction.perform($0, db) }
                return Outcome(refusals: refusals, requests: transaction.requests)
            }
        }
    }

    /// As `perform`, for callers that must not block.
    public func perform(_ input: Input, at now: Instant) async throws -> Refusal? {
        try await pool.write { [self] db in
            try transact(db, at: now) { try $0.perform(input, db) }
        }
    }

    /// Runs `body` on what is remembered of earlier transactions, and remembers what it leaves once that is committed.
    private func transact<Result>(
        _ db: Database, at now: Instant, _ body: (inout Transaction) throws -> Result
    ) throws -> Result {
        var kept = try memory.take(db)
        var transaction = Transaction(now: now, policy: policy, state: kept.release())
        let result = try body(&transaction)
        try transaction.finish(db)
        kept.state = transaction.state
        let (isVisible, hasWaveform) = (transaction.isVisible, transaction.hasWaveform)
        db.afterNextTransaction { [memory, changes, waveformsCame, kept] _ in
            memory.keep(kept)
            if isVisible { changes.signal() }
            if hasWaveform { waveformsCame.signal() }
        }
        return result
    }

    /// Whether a failed `perform` would fail again however healthy the disk is: the decision contradicts what is
    /// stored.
    public static func isUndecidable(_ error: any Error) -> Bool {
        if error is AssignmentRaced { return true }
        return (error as? DatabaseError)?.resultCode == .SQLITE_CONSTRAINT
    }

    /// Fires what is due, each timer in a transaction of its own: one that can't be decided must not stop the others.
    /// Returns when the next timer is due.
    public func performDue(at now: Instant) async throws -> Instant? {
        let due = try await pool.read { try Domain.Timer.due($0, at: now) }
        for timer in due {
            do {
                try await fire(timer, at: now)
            } catch  where Self.isUndecidable(error) {
                let rejection = Rejection(.undecidable, "timer \(timer.kind) of \(timer.ticket): \(error)")
                try await pool.write { db in
                    try Effect.reject(rejection).apply(db, at: now)
                    try Effect.cancelTimer(timer.kind, timer.ticket).apply(db, at: now)
                }
            }
        }
        return try await pool.read { try Domain.Timer.next($0) }
    }

    /// Opens tickets for points that have long said nothing.
    ///
    /// - Parameter since: since when we have been listening to every broker without a break.
    /// - Returns: how many points were looked at.
    @discardableResult
    public func performSilence(listeningSince since: Instant, at now: Instant) async throws -> Int {
        let silent = try await pool.read { try PointID.silent($0, since: since, at: now) }
        guard !silent.isEmpty else { return 0 }
        try await pool.write { [self] db in
            try transact(db, at: now) { try $0.sweep(silent, since: since, db) }
        }
        return silent.count
    }

    private func fire(_ timer: Domain.Timer, at now: Instant) async throws {
        try await pool.write { [self] db in
            try transact(db, at: now) { transaction in
                guard let ticket = try Ticket.load(db, timer.ticket) else {
                    // One that can't be read must not be due for ever.
                    return try transaction.apply([.cancelTimer(timer.kind, timer.ticket)], db)
                }
                try transaction.apply(Decide.due(timer, ticket, at: now, policy), db)
            }
        }
    }
}

/// One transaction's way through load → decide → apply.
struct Transaction {
    let now: Instant
    let policy: Policy
    /// Whether something changed that people look at; plain telemetry does not count.
    private(set) var isVisible = false
    private(set) var hasWaveform = false
    private(set) var state: BurstState
    private(set) var requests: [Request] = []
    /// What the journal is to hold of it.
    private var runs: [(PointKey, [Reading])] = []

    init(now: Instant, policy: Policy, state: BurstState) {
        self.now = now
        self.policy = policy
        self.state = state
    }

    /// One journal row for all that was recorded.
    mutating func finish(_ db: Database) throws {
        try Journal.append(db, runs, at: now)
        runs = []
        state.settle()
    }

    mutating func perform(_ input: Input, _ db: Database) throws -> Refusal? {
        switch input.body {
        case .readings(let burst):
            try state.complete(db, for: burst)
            try apply(Decide.readings(burst, &state, at: now, policy), db)
        case .waveform(let part): try apply(try take(part, db), db, part.origin)
        case .analysis(let analysis, let record): try take(analysis, record, db)
        case .gap(let gap): try apply([.openGap(gap)], db)
        case .sender(let name, let sender): try save(sender, named: name, db)
        case .position(let report):
            try apply(try report.decide(db, at: now, policy), db, input.origin)
            isVisible = true
        case .action(let ticket, let action, let actor):
            let refusal = try perform(action, on: ticket, by: actor, db)
            if let refusal, input.origin != nil {
                try apply([.reject(Rejection(.refused(refusal), refusal.sentence))], db, input.origin)
            }
            return refusal
        case .photo(let arrival):
            try apply(try arrival.decide(db, at: now, policy), db, input.origin)
        case .rejected(let rejection):
            try apply([.reject(rejection)], db, input.origin)
        }
        return nil
    }

    private mutating func perform(
        _ action: Action, on id: TicketID, by actor: Actor, _ db: Database
    ) throws -> Refusal? {
        if case .engineer(let engineer) = actor, try !engineer.exists(db) { return .notAllowed }
        guard let scene = try TicketScene.load(db, id) else { return .unknownTicket }
        let (effects, refusal) = Decide.action(action, by: actor, on: scene, at: now, policy)
        try apply(effects, db)
        return refusal
    }

    private mutating func take(_ part: WaveformPart, _ db: Database) throws -> [Effect] {
        hasWaveform = true
        guard let key = try PointKey.find(db, part.point), let asset = try AssetFacts.load(db, part.point.asset) else {
            return [.reject(Rejection(.unknownPoint, "\(part.point) is not in the plant; import it first"))]
        }
        if let refusal = part.refusal(site: asset.site, at: now, policy) { return [.reject(refusal)] }
        return try WaveformParts.take(db, part: part, point: key, at: now).map { [.reject($0)] } ?? []
    }

    /// One that was analysed already, before a crash say, changes nothing: its values are known.
    private mutating func take(_ analysis: WaveformAnalysis, _ record: AnalysisRecord, _ db: Database) throws {
        guard let key = try PointKey.find(db, analysis.point) else { return }
        let series = Series(point: analysis.point, readings: [Reading(at: analysis.at, values: analysis.values)])
        try state.complete(db, for: [series])
        try apply(Decide.analysis(analysis, &state, at: now, policy), db)
        try record.save(db, key, at: analysis.at)
        isVisible = true
    }

    /// - Parameter since: since when all brokers have been listened to.
    mutating func sweep(_ silent: [PointID], since: Instant, _ db: Database) throws {
        for point in silent {
            guard let index = try state.complete(db, for: point) else { continue }
            // Its rule was taken away; it must not be asked about for ever.
            guard !state.points[index].watches.contains(where: { $0.rule.kind == .silence }) else { continue }
            try db.cached(
                "UPDATE detector SET due_at = NULL WHERE point = ? AND kind = ?",
                [state.points[index].key.number, Int(Rule.Kind.silence.rawValue)])
        }
        try apply(
            Decide.silence(silent, try Ticket.silences(db), since: since, &state, at: now, policy), db)
    }

    /// What a protocol's session with a sender must remember over a restart; nil = the sender is gone.
    private func save(_ state: [UInt8]?, named name: String, _ db: Database) throws {
        guard let state else { return try db.cached("DELETE FROM sender WHERE name = ?", [name]) }
        try db.cached(
            "INSERT INTO sender (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
            [name, Data(state)])
    }

    /// Applies effects in order; `dispatch` follows at once, in the same transaction.
    mutating func apply(_ effects: [Effect], _ db: Database, _ origin: Origin? = nil) throws {
        for effect in effects {
            if effect.isVisible { isVisible = true }
            switch effect {
            case .record(let point, let readings): runs.append((point, readings))
            case .ask(let request): requests.append(request)
            case .reject(var rejection):
                rejection.origin = rejection.origin ?? origin
                try Effect.reject(rejection).apply(db, at: now)
            case .dispatch(let id): try dispatch(id, db)
            case .openTicket(let ticket, _), .saveTicket(let ticket), .offer(let ticket, _, _):
                state.forgetTickets(of: ticket.fault.asset)
                try effect.apply(db, at: now)
            default: try effect.apply(db, at: now)
            }
        }
    }

    private mutating func dispatch(_ id: TicketID, _ db: Database) throws {
        guard let ticket = try Ticket.load(db, id), let asset = try AssetFacts.load(db, ticket.fault.asset) else {
            return
        }
        let candidates = try Candidate.roster(db, for: id, at: now)
        try apply(Decide.dispatch(ticket, asset, candidates, at: now, policy), db)
    }
}

extension Effect {
    fileprivate var isVisible: Bool {
        switch self {
        case .record, .keepAside, .savePoint, .saveRun, .saveBaseline, .ask: false
        default: true
        }
    }
}
