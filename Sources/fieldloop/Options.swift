import Board
import Domain
import Foundation
import Gateway
import Ingest
import Notify
import Store

// From settings to what each part wants to know.

extension Settings {
    /// A session at a broker each: our own, then those of the files of `mqtt.also`.
    func brokers() throws -> [Settings] {
        var brokers = [self]
        for file in list("mqtt.also") {
            let further = try Settings(self, broker: file)
            guard !brokers.contains(where: { $0["mqtt.client_id"] == further["mqtt.client_id"] }) else {
                throw Invalid(
                    description: "\(file): mqtt.client_id is “\(further["mqtt.client_id"])”, and so is another's; "
                        + "each session needs a name of its own")
            }
            brokers.append(further)
        }
        return brokers
    }

    func broker() throws -> Broker {
        var credentials: Credentials?
        if let username = optional("mqtt.username") {
            credentials = Credentials(username: username, password: try secret("mqtt.password_file") ?? "")
        }
        let tls = optional("mqtt.tls.ca").map { authority in
            var identity: (certificate: String, key: String)?
            if let certificate = optional("mqtt.tls.cert"), let key = optional("mqtt.tls.key") {
                identity = (certificate, key)
            }
            return TLS(authority: authority, identity: identity)
        }
        let port = try integer("mqtt.port", 1...65535)
        return Broker(
            host: self["mqtt.host"], port: UInt16(port), credentials: credentials, tls: tls,
            protocolVersion: try choice("mqtt.version", of: Broker.ProtocolVersion.self))
    }

    /// How long what was measured is kept.
    func telemetryRetention() throws -> TelemetryRetention {
        var retention = TelemetryRetention()
        retention.raw = .days(try integer("telemetry.days", 1...3650))
        retention.minutes = .days(try integer("telemetry.minute_days", 1...3650))
        retention.hours = .days(try integer("telemetry.hour_days", 1...36_500))
        retention.waveforms = .days(try integer("telemetry.waveform_days", 1...3650))
        return retention
    }

    /// Descriptions of senders that speak no format of ours.
    func profiles() throws -> Profiles {
        guard let directory = optional("ingest.profiles") else { return Profiles() }
        do { return try Profiles(directory: directory) } catch {
            throw invalid("ingest.profiles", "a folder of source profiles: \(error)")
        }
    }

    func subscriberOptions(_ profiles: Profiles) throws -> Subscriber.Options {
        // Ours stand below the broker's limit, so that what is too large has a stored reason.
        let classes: [(String, Int)] =
            [
                ("fieldloop/v1/photos/+/+", Limits.photoPayload),
                ("fieldloop/v1/engineers/+/position", Limits.smallPayload),
                ("fieldloop/v1/engineers/+/answer", Limits.smallPayload),
                ("fieldloop/v1/+/+/+/reading", Limits.readingPayload),
                ("fieldloop/v1/+/+/+/waveform", Limits.waveformPayload),
                ("fieldloop/v1/+/senml", Limits.readingPayload),
                ("v1/gateway/telemetry", Limits.readingPayload),
                ("v1/devices/+/telemetry", Limits.readingPayload),
            ] + SparkplugState.filters.map { ($0, Limits.sparkplugPayload) }
            + profiles.filters.map { ($0, Limits.readingPayload) }
        let wanted = list("mqtt.topics")
        let filters: [TopicFilter]
        do { filters = try (wanted.isEmpty ? classes.map(\.0) : wanted).map { try TopicFilter($0) } } catch {
            throw invalid("mqtt.topics", "a list of MQTT topic filters")
        }
        var options = Subscriber.Options(broker: try broker(), clientID: self["mqtt.client_id"], filters: filters)
        options.payloadLimits = try classes.map { PayloadLimit(try TopicFilter($0.0), bytes: $0.1) }
        return options
    }

    func courierOptions() throws -> Courier.Options {
        var options = Courier.Options(publicURL: try publicURL())
        options.language = try choice("language", of: Language.self)
        if let url = optional("notify.webhook.url") {
            guard let secret = try secret("notify.webhook.secret_file") else {
                throw invalid(
                    "notify.webhook.secret_file", "set, since notify.webhook.url is: a webhook is always signed")
            }
            options.webhook = try WebhookEndpoint(url: url, secret: secret)
        }
        if let url = try secret("notify.wecom.url_file") { options.wecom = try WeComRobot(url: url) }
        return options
    }

    func boardOptions(photos: String) throws -> BoardOptions {
        var options = BoardOptions(photoDirectory: photos)
        (options.host, options.port) = try listener()
        if let certificate = optional("http.tls.cert") {
            guard let key = optional("http.tls.key") else {
                throw invalid("http.tls.key", "set, since http.tls.cert is")
            }
            options.tls = BoardOptions.TLS(certificate: certificate, key: key)
        }
        options.publicURL = try publicURL()
        options.anonymousRead = try anonymousRead()
        options.language = try choice("language", of: Language.self)
        options.chartJS = self["board.chart_js"]
        return options
    }
}
