import Board
import Domain
import Gateway
import Ingest
import Logging
import Store

/// What we hold at one broker: the session that everything comes in by, a client that what we have to say goes out by,
/// and one that hears the broker's own figures. Each link has threads of its own, so that none waits for another's broker.
struct BrokerLink: Sendable {
    /// `host:port`, for people.
    let place: String
    /// The client id that the session hangs on.
    let session: String
    let subscriber: Subscriber
    let publisher: Publisher
    let figures = BrokerFigures()
    /// nil: another link hears this broker already.
    private let statistics: Publisher?
    private let requests: AsyncStream<Request>
    private let log: Logger

    /// Makes a burst durable; returns what its senders are to be asked.
    typealias Take = @Sendable ([RawMessage]) throws -> [Request]

    /// One for each of `Settings.brokers()`.
    static func all(
        _ settings: Settings, _ profiles: Profiles, _ store: Store, _ now: @escaping @Sendable () -> Instant,
        _ log: Logger, take: @escaping Take
    ) throws -> [BrokerLink] {
        var places: Set<String> = []
        return try settings.brokers().map { settings in
            let isNew = places.insert(try settings.broker().place).inserted
            return try BrokerLink(settings, profiles, store, now, log, hearsFigures: isNew, take: take)
        }
    }

    private init(
        _ settings: Settings, _ profiles: Profiles, _ store: Store, _ now: @escaping @Sendable () -> Instant,
        _ log: Logger, hearsFigures: Bool, take: @escaping Take
    ) throws {
        var options = try settings.subscriberOptions(profiles)
        let (place, session) = (options.broker.place, options.clientID)
        // Kept over restarts: a broker that has forgotten our session while we were away has lost messages.
        let memory = "mqtt_session \(session)"
        options.hadSession = try store.setting(memory) == place
        let (requests, asking) = AsyncStream.makeStream(
            of: Request.self, bufferingPolicy: .bufferingNewest(Limits.waitingRequests))
        let losses = UntoldLosses { try store.add($0) }
        let gatewayLog = log.part("gateway", of: session)
        subscriber = try Subscriber(options, logger: gatewayLog) { event in
            do {
                switch event {
                case .connected: try store.setSetting(memory, place)
                case .sessionLost(let awaySince):
                    // The link's times are the wall's.
                    let now = now()
                    losses.add(
                        SessionLoss(
                            broker: place, session: session, awaySince: awaySince.map { now - (.wall - $0) },
                            noticedAt: now))
                    try losses.tell()
                default: break
                }
            } catch {
                gatewayLog.error("the store does not remember it", metadata: ["error": "\(error)"])
            }
        } handler: { burst in
            try losses.tell()
            // Senders are asked at the broker that they are on.
            for request in try take(burst.messages.map(RawMessage.init)) { asking.yield(request) }
        }
        publisher = try Self.downlink(settings, now, log.part("publisher", of: session))
        statistics = hearsFigures ? try figures.publisher(settings, log.part("statistics", of: session)) : nil
        (self.place, self.session, self.requests) = (place, session, requests)
        self.log = log.part("requests", of: session)
    }

    /// The client that everything goes out by. Sparkplug's edge nodes see by its birth and will whether their host is
    /// there.
    private static func downlink(
        _ settings: Settings, _ now: @escaping @Sendable () -> Instant, _ log: Logger
    ) throws -> Publisher {
        let host = settings["mqtt.client_id"]
        let state = try Topic(SparkplugState.topic(host: host))
        var options = Publisher.Options(broker: try settings.broker(), clientID: host + "-down")
        options.presence = {
            let now = now()
            func said(_ online: Bool) -> Publication {
                Publication(state, SparkplugState.payload(online: online, at: now), retain: true)
            }
            return Publisher.Presence(birth: said(true), will: said(false))
        }
        return try Publisher(options, logger: log)
    }

    /// Asks senders for what is missing, until cancelled. One that can't be asked now is asked again at its next gap.
    func sendRequests() async {
        for await request in requests {
            do {
                // Sparkplug's commands go out at QoS 0, by specification.
                let qos: QoS = request.topic.hasPrefix("spBv1.0/") ? .atMostOnce : .atLeastOnce
                try await publisher.publish(try Topic(request.topic), request.payload, qos: qos)
            } catch {
                log.warning("not asked", metadata: ["topic": "\(request.topic)", "error": "\(error)"])
            }
        }
    }

    func closePublishers() async {
        await publisher.close()
        await statistics?.close()
    }

    /// For `/healthz` and the intake page.
    var state: BrokerState {
        let status = subscriber.status
        return BrokerState(
            broker: place, session: session, isConnected: status.isConnected, since: status.since,
            error: status.isContested
                ? "connections break at once; another program may use the client id \(session)"
                : status.lastError.map { "\($0)" } ?? "",
            isContested: status.isContested, messages: status.messages, backlog: figures.backlog)
    }
}

extension Broker {
    /// `host:port`.
    var place: String { "\(host):\(port)" }
}

extension Logger {
    func part(_ name: String) -> Logger {
        var logger = self
        logger[metadataKey: "part"] = "\(name)"
        return logger
    }

    fileprivate func part(_ name: String, of session: String) -> Logger {
        var logger = part(name)
        logger[metadataKey: "session"] = "\(session)"
        return logger
    }
}

extension RawMessage {
    init(_ message: Message) {
        self.init(
            topic: message.topicText, isTopic: message.topic != nil, payload: message.payload, size: message.size,
            isRetained: message.isRetained)
    }
}
