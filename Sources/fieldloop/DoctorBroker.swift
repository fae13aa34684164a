import Domain
import Gateway
import Logging
import Synchronization

extension Examination {
    /// Each session's broker.
    func checkBrokers() async -> [Finding] {
        // What is wrong with the settings is said already.
        guard let brokers = try? settings.brokers() else { return await checkBroker(settings, isFirst: true) }
        var findings: [Finding] = []
        for (index, settings) in brokers.enumerated() {
            let name = brokers.count > 1 ? "\(settings["mqtt.client_id"]): " : ""
            findings += await checkBroker(settings, isFirst: index == 0).map { finding in
                var finding = finding
                finding.sentence = name + finding.sentence
                return finding
            }
        }
        return findings
    }

    /// Connects as the service does, under another client id, and tries what the service will do.
    private func checkBroker(_ settings: Settings, isFirst: Bool) async -> [Finding] {
        let visitor: BrokerVisit
        do { visitor = try BrokerVisit(settings, isFirst: isFirst) } catch {
            return [.fault("broker", "not asked: \(error)", "mend the setting first")]
        }
        defer { visitor.leave() }
        var findings = await visitor.connect()
        guard findings.allSatisfy({ $0.mark != .fault }) else { return findings }
        findings += visitor.limits()
        findings += await visitor.roundTrip()
        return findings + [await tryQueue(settings)]
    }

    private func tryQueue(_ settings: Settings) async -> Finding {
        do {
            return try await QueueTrial(try settings.broker(), beside: settings["mqtt.client_id"]).run().finding
        } catch let error as MosquittoError where error == .notAuthorized {
            return .fault(
                "queue", "not tried: the broker does not let us write to fieldloop/v1/doctor/+", "see ops/acl")
        } catch {
            return .fault("queue", "not tried: \(error)", "look at the broker's log")
        }
    }
}

/// One connection to the broker, with what the service subscribes to and a topic of its own.
private struct BrokerVisit: Sendable {
    private let publisher: Publisher
    private let broker: Broker
    private let topic: Topic
    /// Notices to engineers go to the first broker alone.
    private let isFirst: Bool
    private let takesPhotos: Bool
    private let arrivals = Arrivals()

    /// The largest packet that a phone may send: header line, photo, topic, and a little for MQTT itself.
    private static let photoPacket = Limits.envelopeHeader + Limits.photoPayload + Limits.topicLength + 64

    init(_ settings: Settings, isFirst: Bool) throws {
        let service = try settings.subscriberOptions(try settings.profiles())
        let number = String(UInt32.random(in: .min ... .max), radix: 36)
        broker = service.broker
        // What the service may write to; `~` is in nobody's id, so nobody listens to this one.
        topic = try Topic(
            isFirst
                ? "fieldloop/v1/engineers/~doctor-\(number)/inbox" : "fieldloop/v1/~doctor/asset/\(number)/resend")
        self.isFirst = isFirst
        let photo = try Topic("fieldloop/v1/photos/engineer/upload")
        takesPhotos = service.filters.contains { $0.matches(photo) }
        var options = Publisher.Options(broker: broker, clientID: "\(service.clientID)-doctor-\(number)")
        options.filters = service.filters + [try TopicFilter(topic.text)]
        options.timing.connect = .seconds(5)
        publisher = try Publisher(options, logger: Logger(label: "doctor") { _ in QuietLog() }) {
            [arrivals, topic] message in
            if message.topic == topic { arrivals.note(message.size) }
        }
    }

    func leave() { Task { [publisher] in await publisher.close() } }

    func connect() async -> [Finding] {
        let start = ContinuousClock.now
        let place = "\(broker.host):\(broker.port)"
        if let error = await failure(within: .seconds(6)) {
            let detail = publisher.status.lastErrorDetail.map { " (\($0))" } ?? ""
            return [.fault("broker", "\(place) does not take us: \(error)\(detail)", remedy(for: error))]
        }
        let name = broker.credentials?.username ?? "nobody in particular"
        let sentence =
            "\(place) takes us as \(name), in \(text(since: start)), \(broker.tls == nil ? "in the clear" : "over TLS")"
        if broker.credentials == nil {
            return [
                .doubt(
                    "broker", sentence,
                    "set mqtt.username: a broker that takes anybody lets anybody answer for engineers")
            ]
        }
        if broker.tls == nil, !["127.0.0.1", "localhost", "::1"].contains(broker.host) {
            return [.doubt("broker", sentence, "the password crosses the network readable: set mqtt.tls.ca")]
        }
        return [.fine("broker", sentence)]
    }

    /// nil once connected and subscribed. The publisher would try on; the first failure is all that we want to know.
    private func failure(within limit: Duration) async -> MosquittoError? {
        let deadline = ContinuousClock.now + limit
        while case let status = publisher.status, !status.isConnected {
            if let error = status.lastError { return error }
            guard ContinuousClock.now < deadline else { return .timeout }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return .cancelled }
        }
        return nil
    }

    private func remedy(for error: MosquittoError) -> String {
        switch error {
        case .notAuthorized, .badCredentials:
            "check mqtt.username and mqtt.password_file; ops/make-passwords makes the users"
        case .tls, .invalidArgument: "check mqtt.tls.*, and that mqtt.host is a name in the broker's certificate"
        case .nameNotFound: "check mqtt.host"
        case .protocolVersionNotSupported: "set mqtt.version to 3.1.1, or use a broker that speaks MQTT 5"
        case .connectionLost where broker.protocolVersion == .v5:
            "it hangs up without a word: it may speak MQTT 3.1.1 only (set mqtt.version), or TLS (set mqtt.tls.ca)"
        default: "start the broker, or check mqtt.host and mqtt.port; the service waits for it and loses nothing"
        }
    }

    /// What the broker said of itself, beside ours.
    func limits() -> [Finding] {
        // In MQTT 3.1.1 a broker says nothing, nor is it told for how long to keep what waits; what follows runs into
        // its other limits.
        guard broker.protocolVersion == .v5 else {
            return [
                .fine(
                    "broker limits",
                    "not told in MQTT 3.1.1; how long our queue is kept while we are away stands in its configuration "
                        + "(RabbitMQ: mqtt.subscription_ttl, one day unless set)")
            ]
        }
        let said = publisher.status.brokerLimits
        return [
            takesPhotos ? BrokerAdvice.packet(said?.packet) : nil, BrokerAdvice.window(said?.receiveMaximum),
            BrokerAdvice.qos(said?.maximumQoS),
        ].compactMap { $0 }
    }

    /// A message there and back at QoS 1, then one as large as any photo.
    func roundTrip() async -> [Finding] {
        do throws(MosquittoError) {
            let start = ContinuousClock.now
            try await publisher.publish(topic, Array("{}".utf8), timeout: .seconds(5))
            guard await arrivals.wait(for: 1, atMost: .seconds(3)) else { return [deaf] }
            let small = "there and back at QoS 1 in \(text(since: start))"
            guard takesPhotos else { return [.fine("messages", small)] }
            let sent = ContinuousClock.now
            let photo = [UInt8](repeating: 0, count: Limits.envelopeHeader + Limits.photoPayload)
            do throws(MosquittoError) {
                try await publisher.publish(topic, photo, timeout: .seconds(30))
            } catch {
                return [.fine("messages", small), refused(photo.count, error)]
            }
            guard await arrivals.wait(for: 2, atMost: .seconds(30)) else { return [.fine("messages", small), deaf] }
            return [
                .fine("messages", small),
                .fine(
                    "photos",
                    "one of \(photo.count >> 20) MiB, the most we take, there and back in \(text(since: sent))"),
            ]
        } catch {
            if error == .notAuthorized {
                let name = broker.credentials?.username ?? "nobody"
                guard isFirst else {
                    return [
                        .doubt(
                            "messages", "the broker does not let \(name) ask its senders for what is missing",
                            "give it `topic write fieldloop/v1/+/+/+/resend`; see ops/acl")
                    ]
                }
                return [
                    .fault(
                        "messages", "the broker does not let \(name) write to engineers' inboxes",
                        "give it `topic write fieldloop/v1/engineers/+/inbox`; see ops/acl")
                ]
            }
            return [.fault("messages", "nothing could be published: \(error)", "look at the broker's log")]
        }
    }

    private var deaf: Finding {
        .fault(
            "messages", "published and acknowledged, but it did not come back to us",
            "give the service's user `topic read fieldloop/v1/#`; see ops/acl")
    }

    private func refused(_ bytes: Int, _ error: MosquittoError) -> Finding {
        .fault(
            "photos",
            "one of \(bytes >> 20) MiB, the most we take, did not pass: \(publisher.status.lastError ?? error)",
            "max_packet_size \(Limits.brokerPacket) in the broker's configuration; see ops/mosquitto.conf")
    }

    private func text(since start: ContinuousClock.Instant) -> String {
        "\(max(1, start.duration(to: .now).milliseconds)) ms"
    }
}

/// What to make of a broker's own words; see ops/mosquitto.conf for each.
enum BrokerAdvice {
    /// - Parameter bytes: nil = as much as MQTT can carry.
    static func packet(_ bytes: Int?) -> Finding {
        guard let bytes else {
            return .doubt(
                "broker limits", "it takes packets of any size, up to 256 MiB, and each would reach our memory",
                "max_packet_size \(Limits.brokerPacket)")
        }
        let text = "packets of up to \(bytes) bytes"
        let photo = Limits.envelopeHeader + Limits.photoPayload + Limits.topicLength
        if bytes < photo {
            return .fault(
                "broker limits",
                "\(text): it throws out who sends a large photo, \(photo) bytes, without a stored reason",
                "max_packet_size \(Limits.brokerPacket)")
        }
        if bytes > Limits.brokerPacket {
            return .doubt(
                "broker limits", "\(text), more than we are built for", "max_packet_size \(Limits.brokerPacket)")
        }
        return .fine("broker limits", "\(text), ours are below")
    }

    /// - Parameter window: nil = 65,535.
    static func window(_ window: Int?) -> Finding? {
        guard let window, window < Limits.burstMessages else { return nil }
        return .doubt(
            "broker limits",
            "\(window) messages unacknowledged at a time, fewer than a burst of \(Limits.burstMessages)",
            "max_inflight_messages \(Limits.receiveMaximum)")
    }

    /// - Parameter qos: nil = 2.
    static func qos(_ qos: Int?) -> Finding? {
        guard qos == 0 else { return nil }
        return .fault(
            "broker limits", "it knows QoS 0 only: what we don't take in at once is lost",
            "use a broker that knows QoS 1")
    }
}

/// How many of our own messages have come back.
private final class Arrivals: Sendable {
    private let count = Mutex(0)

    func note(_ size: Int) { count.withLock { $0 += 1 } }

    func wait(for wanted: Int, atMost limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while count.withLock({ $0 }) < wanted {
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(2))) != nil else {
                return false
            }
        }
        return true
    }
}
