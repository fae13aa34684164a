import Board
import Domain
import Gateway
import Logging
import Synchronization

/// The link's numbers for `/metrics` and the intake page; several subscribers add up.
func figures(up: [LinkStatus], down: LinkStatus, commits: Histogram, broker: BrokerFigures) -> [Metric] {
    func sum(_ part: (LinkStatus) -> Int) -> Int { up.map(part).reduce(0, +) }
    func most(_ part: (LinkStatus) -> Int) -> Double? { up.map(part).max().map(Double.init) }
    return [
        .gauge(
            "fieldloop_broker_connected", "1 while every subscriber is connected to its broker.",
            up.allSatisfy(\.isConnected) ? 1 : 0),
        .counter("fieldloop_connections_total", "Connections to the broker since the start.", sum(\.connections)),
        .counter(
            "fieldloop_sessions_lost_total",
            "Connections on which the broker had forgotten our session, with its queue.",
            sum(\.sessionsLost)),
        .counter("fieldloop_messages_total", "Messages taken from the broker since the start.", sum(\.messages)),
        .counter("fieldloop_message_bytes_total", "Payload bytes of these messages.", sum(\.bytes)),
        .counter("fieldloop_bursts_total", "Bursts that were committed and acknowledged.", sum(\.bursts)),
        .gauge("fieldloop_burst_messages", "Messages in the last burst.", most(\.lastBurst)),
        .gauge("fieldloop_burst_messages_most", "Messages in the largest burst since the start.", most(\.largestBurst)),
        commits.metric("fieldloop_commit_seconds", "From the first decoded byte of a burst until it is on disk."),
        .counter(
            "fieldloop_handler_failures_total", "Bursts that could not be committed and were given back.",
            sum(\.handlerFailures)),
        .counter("fieldloop_downlink_messages_total", "Messages that the broker took from us.", down.messages),
    ] + broker.metrics
}

/// What the broker says of itself under `$SYS` (mosquitto, with a `sys_interval`); another broker says nothing.
final class BrokerFigures: Sendable {
    /// For the publisher's `filters`: a clean session, so that old numbers are never queued.
    static let filters = [
        "$SYS/broker/+/messages/dropped", "$SYS/broker/store/messages/+", "$SYS/broker/retained messages/count",
    ]
    private static let dropped = "$SYS/broker/publish/messages/dropped"
    private static let stored = "$SYS/broker/store/messages/count"
    private static let storedBytes = "$SYS/broker/store/messages/bytes"
    private static let retained = "$SYS/broker/retained messages/count"
    private let values = Mutex<[String: Double]>([:])

    /// A client of its own: a broker that refuses `$SYS` would otherwise keep the downlink from connecting.
    func publisher(_ settings: Settings, _ log: Logger) throws -> Publisher {
        var options = Publisher.Options(broker: try settings.broker(), clientID: settings["mqtt.client_id"] + "-sys")
        options.filters = try Self.filters.map { try TopicFilter($0) }
        return try Publisher(options, logger: log) { self.take($0) }
    }

    /// Never blocks; what is no number is left alone.
    func take(_ message: Message) {
        guard message.topicText.hasPrefix("$SYS/"), message.payload.count <= 32,
            let value = Double(String(decoding: message.payload, as: UTF8.self)), value.isFinite
        else { return }
        values.withLock { $0[message.topicText] = value }
    }

    var metrics: [Metric] {
        let values = values.withLock { $0 }
        var metrics: [Metric] = []
        if let dropped = values[Self.dropped] {
            metrics.append(
                .counter(
                    "fieldloop_broker_dropped_total", "Messages that the broker dropped since its start.",
                    Int(clamping: Int64(min(dropped, 1e15)))))
        }
        if let stored = values[Self.stored] {
            // What it retains it holds as well, its own numbers among it.
            metrics.append(
                .gauge(
                    "fieldloop_backlog_messages", "Messages that the broker holds for whoever is away or behind.",
                    max(0, stored - values[Self.retained, default: 0])))
        }
        if let bytes = values[Self.storedBytes] {
            metrics.append(.gauge("fieldloop_broker_stored_bytes", "Payload bytes that the broker holds.", bytes))
        }
        return metrics
    }
}
