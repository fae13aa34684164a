public import Domain
import GRDB

/// An engineer as a supervisor sees them now.
public struct RosterLine: Sendable {
    public let id: EngineerID
    public let name: LocalName
    public let skills: [Skill]
    public let isOnShift: Bool
    public let load: Int
    public let loadCap: Int
    /// The newest fix, if there ever was one.
    public let fix: Fix?
}

extension Store {
    /// Everybody by id, at most `Limits.pageRows`.
    public func roster(at now: Instant) async throws -> [RosterLine] {
        try await pool.read { db in
            // No ticket has the number 0: nobody has declined it.
            try Candidate.roster(db, for: TicketID(0), at: now).prefix(Limits.pageRows).map { candidate in
                RosterLine(
                    id: candidate.id, name: candidate.name,
                    skills: candidate.skills.sorted { $0.key < $1.key }.map { Skill($0.key, level: $0.value) },
                    isOnShift: candidate.shift.covers(CivilTime(now, offsetSeconds: candidate.utcOffset)),
                    load: candidate.load, loadCap: candidate.loadCap, fix: candidate.fix)
            }
        }
    }

    /// The engineer's name; nil for one who is not in the plant.
    public func name(of engineer: EngineerID) async throws -> LocalName? {
        try await pool.read { db in
            try Row.fetchOne(db, sql: "SELECT name_zh, name_en FROM engineer WHERE id = ?", arguments: [engineer.text])
                .flatMap { LocalName($0, "name_zh", "name_en") }
        }
    }
}
