import Board
import Domain
import Gateway
import Logging
import Synchronization

/// The links' numbers, each with its broker and session, for `/metrics` and the intake page, which adds them up.
func figures(_ links: [BrokerLink], commits: Histogram) -> [Metric] {
    func each(
        _ name: String, _ help: String, _ kind: Metric.Kind = .counter, _ part: (BrokerLink) -> Double?
    ) -> Metric {
        Metric(
            "fieldloop_\(name)", help, kind,
            links.compactMap { link in
                part(link).map { Metric.Sample($0, ("broker", link.place), ("session", link.session)) }
            })
    }
    func count(_ name: String, _ help: String, _ part: @escaping (LinkStatus) -> Int) -> Metric {
        each(name, help) { Double(part($0.subscriber.status)) }
    }
    return [
        each("broker_connected", "1 while the session is connected to its broker.", .gauge) {
            $0.subscriber.status.isConnected ? 1 : 0
        },
        count("connections_total", "Connections to the broker since the start.", \.connections),
        count(
            "sessions_lost_total", "Connections on which the broker had forgotten our session, with its queue.",
            \.sessionsLost),
        count("messages_total", "Messages taken from the broker since the start.", \.messages),
        count("message_bytes_total", "Payload bytes of these messages.", \.bytes),
        count("bursts_total", "Bursts that were committed and acknowledged.", \.bursts),
        each("burst_messages", "Messages in the last burst.", .gauge) { Double($0.subscriber.status.lastBurst) },
        each("burst_messages_most", "Messages in the largest burst since the start.", .gauge) {
            Double($0.subscriber.status.largestBurst)
        },
        commits.metric("fieldloop_commit_seconds", "From the first decoded byte of a burst until it is on disk."),
        count(
            "handler_failures_total", "Bursts that could not be committed and were given back.", \.handlerFailures),
        each("downlink_messages_total", "Messages that the broker took from us.") {
            Double($0.publisher.status.messages)
        },
        each("broker_dropped_total", "Messages that the broker dropped since its start.") { $0.figures.dropped },
        each("backlog_messages", "Messages that the broker holds for whoever is away or behind.", .gauge) {
            $0.figures.backlog
        },
        each("broker_stored_bytes", "Payload bytes that the broker holds.", .gauge) { $0.figures.storedBytes },
    ]
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

    private subscript(_ topic: String) -> Double? { values.withLock { $0[topic] } }

    var dropped: Double? { self[Self.dropped] }
    var storedBytes: Double? { self[Self.storedBytes] }
    /// What the broker retains it holds as well, its own numbers among it.
    var backlog: Double? { self[Self.stored].map { max(0, $0 - (self[Self.retained] ?? 0)) } }
}
