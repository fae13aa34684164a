public import Domain
import GRDB

extension Store {
    /// Decides and commits a list of inputs in **one transaction**: load what each concerns, decide, apply, follow up.
    ///
    /// Blocks the caller until the commit is durable; throws when it is not, and then nothing has changed.
    /// - Returns: for each input the refusal, if it was an action that was refused.
    @discardableResult
    public func perform(_ inputs: [Input], at now: Instant) throws -> [Refusal?] {
        var refusals: [Refusal?] = []
        var transaction = Transaction(now: now, policy: policy)
        try pool.write { db in
            refusals = try inputs.map { try transaction.perform($0, db) }
        }
        if transaction.isVisible { changes.signal() }
        return refusals
    }

    /// As `perform`, for callers that must not block.
    public func perform(_ input: Input, at now: Instant) async throws -> Refusal? {
        let (refusal, visible) = try await pool.write { [policy] db in
            var transaction = Transaction(now: now, policy: policy)
            return (try transaction.perform(input, db), transaction.isVisible)
        }
        if visible { changes.signal() }
        return refusal
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

    private func fire(_ timer: Domain.Timer, at now: Instant) async throws {
        let visible = try await pool.write { [policy] db in
            var transaction = Transaction(now: now, policy: policy)
            guard let ticket = try Ticket.load(db, timer.ticket) else {
                // One that can't be read must not be due for ever.
                try transaction.apply([.cancelTimer(timer.kind, timer.ticket)], db)
                return false
            }
            try transaction.apply(Decide.due(timer, ticket, at: now, policy), db)
            return transaction.isVisible
        }
        if visible { changes.signal() }
    }
}

/// One transaction's way through load → decide → apply.
struct Transaction {
    let now: Instant
    let policy: Policy
    /// Whether something changed that people look at; plain telemetry does not count.
    private(set) var isVisible = false

    init(now: Instant, policy: Policy) {
        self.now = now
        self.policy = policy
    }

    mutating func perform(_ input: Input, _ db: Database) throws -> Refusal? {
        switch input.body {
        case .readings(let readings):
            var state = try BurstState.load(db, for: readings)
            try apply(Decide.readings(readings, &state, at: now, policy), db)
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

    /// Applies effects in order; `dispatch` follows at once, in the same transaction.
    mutating func apply(_ effects: [Effect], _ db: Database, _ origin: Origin? = nil) throws {
        for var effect in effects {
            if case .reject(var rejection) = effect, rejection.origin == nil {
                rejection.origin = origin
                effect = .reject(rejection)
            }
            if effect.isVisible { isVisible = true }
            if case .dispatch(let id) = effect {
                guard let ticket = try Ticket.load(db, id),
                    let asset = try AssetFacts.load(db, ticket.fault.asset)
                else { continue }
                let candidates = try Candidate.roster(db, for: id, at: now)
                try apply(Decide.dispatch(ticket, asset, candidates, at: now, policy), db)
            } else {
                try effect.apply(db, at: now)
            }
        }
    }
}

extension Effect {
    fileprivate var isVisible: Bool {
        switch self {
        case .record, .keepAside, .saveDetector: false
        default: true
        }
    }
}
