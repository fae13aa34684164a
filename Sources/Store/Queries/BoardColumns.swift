public import Domain
import GRDB

/// One of the board's five columns: its first cards, and how many there are.
public struct BoardColumn: Sendable {
    public let column: TicketState.Column
    public let count: Int
    /// Grade A first, then the oldest; closed ones newest first.
    public let cards: [TicketFacts]
}

extension Store {
    /// The five columns at one moment. Closed tickets reach back `Limits.closedFor`.
    public func board(at now: Instant) async throws -> [BoardColumn] {
        try await pool.read { db in
            try TicketState.Column.allCases.map { column in
                let states = TicketState.allCases.filter { $0.column == column }.map(\.rawValue)
                let marks = states.map { _ in "?" }.joined(separator: ", ")
                let isClosed = column == .closed
                // Open tickets are few and all of them count; of closed ones there are years.
                let since = isClosed ? (now - Limits.closedFor).milliseconds : Int64.min
                let condition = "ticket.state IN (\(marks)) AND ticket.state_since >= ?"
                let arguments = StatementArguments(states) + [since]
                let count = try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM ticket WHERE \(condition)", arguments: arguments)
                let order =
                    isClosed ? "ticket.state_since DESC" : "ticket.grade = 'A' DESC, ticket.opened_at, ticket.id"
                return BoardColumn(
                    column: column, count: count ?? 0,
                    cards: try TicketFacts.fetch(
                        db, where: condition, orderBy: order, limit: Limits.columnCards, arguments))
            }
        }
    }

    /// What an engineer has: offers and jobs, oldest first, then what was closed in the last day.
    public func tickets(of engineer: EngineerID, at now: Instant) async throws -> [TicketFacts] {
        try await pool.read { db in
            try TicketFacts.fetch(
                db,
                where: """
                    ticket.engineer = ? AND (ticket.state NOT IN ('closed', 'cancelled') OR ticket.state_since >= ?)
                    """,
                orderBy: """
                    ticket.state IN ('closed', 'cancelled'), ticket.state <> 'offered', ticket.state = 'verifying',
                    ticket.grade = 'A' DESC, ticket.opened_at
                    """,
                limit: Limits.phoneTickets, [engineer.text, (now - .hours(24)).milliseconds])
        }
    }
}
