public import Domain
import Store

/// A session of ours at a broker, as `/healthz` and the intake page show it.
public struct BrokerState: Sendable {
    /// `host:port`.
    public var broker: String
    /// The client id.
    public var session: String
    public var isConnected: Bool
    /// Since when it is, or is not.
    public var since: Instant
    /// What ended the last connection; empty = nothing has.
    public var error: String
    /// Somebody else seems to use the client id.
    public var isContested: Bool
    public var messages: Int
    /// What it holds for whoever is away or behind; nil where it does not say.
    public var backlog: Double?

    public init(
        broker: String, session: String, isConnected: Bool, since: Instant, error: String,
        isContested: Bool = false, messages: Int, backlog: Double?
    ) {
        self.broker = broker
        self.session = session
        self.isConnected = isConnected
        self.since = since
        self.error = error
        self.isContested = isContested
        self.messages = messages
        self.backlog = backlog
    }
}

extension JSON {
    init(_ state: BrokerState) {
        self = [
            "broker": .string(state.broker), "session": .string(state.session),
            "state": state.isConnected ? "connected" : "away", "since": JSON(state.since),
            "error": .string(state.error), "messages": JSON(state.messages), "backlog": JSON(state.backlog),
        ]
    }

    init(_ row: SessionLossRow) {
        self = [
            "id": .int(row.id), "broker": .string(row.loss.broker), "session": .string(row.loss.session),
            "away_since": JSON(row.loss.awaySince), "noticed_at": JSON(row.loss.noticedAt),
        ]
    }
}
