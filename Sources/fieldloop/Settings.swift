import Domain
import Foundation
import Yams

/// Everything that can be configured: the table is the documentation, and nothing outside it is accepted.
///
/// Flags (`--set key=value`) win over the environment (`FIELDLOOP_` + the key in capitals, `_` for `.`), that over the
/// file, that over the default.
struct Settings: Sendable {
    struct Key: Sendable {
        let name: String
        let standard: String
        let help: String

        var environment: String { "FIELDLOOP_" + name.uppercased().replacing(".", with: "_") }
    }

    static let keys: [Key] = [
        Key(name: "data.dir", standard: "var", help: "where the database, the photos and the secrets are kept"),
        Key(name: "log.level", standard: "info", help: "trace, debug, info, notice, warning or error"),
        Key(name: "language", standard: "zh", help: "zh or en: of notices and stamps; pages follow the browser"),

        Key(name: "mqtt.host", standard: "127.0.0.1", help: "the broker"),
        Key(name: "mqtt.port", standard: "1883", help: "1883, or 8883 with TLS"),
        Key(
            name: "mqtt.client_id", standard: "fieldloop", help: "names our session at the broker; one service, one id"),
        Key(name: "mqtt.username", standard: "", help: "empty: none"),
        Key(name: "mqtt.password_file", standard: "", help: "a file that holds the password alone"),
        Key(
            name: "mqtt.tls.ca", standard: "",
            help: "PEM; set: TLS is used and the broker must show a certificate of it"),
        Key(name: "mqtt.tls.cert", standard: "", help: "PEM; our certificate, if the broker asks for one"),
        Key(name: "mqtt.tls.key", standard: "", help: "PEM; its key"),

        Key(name: "mqtt.version", standard: "5", help: "5, or 3.1.1 for RabbitMQ before 3.13"),
        Key(name: "mqtt.topics", standard: "", help: "filters, a list; empty: everything that we know"),
        Key(name: "mqtt.also", standard: "", help: "a list of files, each with the mqtt.* keys of a further session"),

        Key(
            name: "ingest.profiles", standard: "", help: "a folder of source profiles (fixtures/profiles); empty: none"),

        Key(name: "telemetry.days", standard: "400", help: "every reading is kept for this long"),
        Key(name: "telemetry.minute_days", standard: "90", help: "extremes and mean of each minute"),
        Key(name: "telemetry.hour_days", standard: "3652", help: "extremes and mean of each hour"),
        Key(
            name: "telemetry.waveform_days", standard: "30",
            help: "every waveform; afterwards those around episodes, for as long as the hours"),

        Key(name: "http.listen", standard: "127.0.0.1:8080", help: "address:port of the board"),
        Key(name: "http.tls.cert", standard: "", help: "PEM chain; phones need HTTPS for camera and position"),
        Key(name: "http.tls.key", standard: "", help: "PEM; its key"),
        Key(
            name: "http.public_url", standard: "", help: "how people reach the board, for links; default: the listener"),
        Key(
            name: "http.anonymous_read", standard: "auto",
            help: "yes, no or auto: yes while listener and public_url are loopback"),

        Key(
            name: "http.metrics_token_file", standard: "",
            help: "a file with the token that opens /metrics to other machines; empty: this machine only"),

        Key(name: "notify.webhook.url", standard: "", help: "where every notice is posted, signed (Standard Webhooks)"),
        Key(name: "notify.webhook.secret_file", standard: "", help: "a file with the secret, whsec_…"),
        Key(
            name: "notify.wecom.url_file", standard: "", help: "a file with the WeCom robot's address: it holds its key"
        ),
        Key(
            name: "notify.wecom.personal_link", standard: "yes",
            help: "one-time sign-in link for the engineer, yes or no"),

        Key(name: "detect.history_hours", standard: "24", help: "older readings are recorded and wake nobody"),
        Key(name: "detect.reject_days", standard: "30", help: "older readings are rejected"),
        Key(name: "detect.ahead_seconds", standard: "60", help: "a sender's clock may be this far ahead"),
        Key(name: "offer.minutes", standard: "5", help: "an offer waits this long for an answer"),
        Key(name: "offer.rest_minutes", standard: "30", help: "who declined is not asked again for this long"),
        Key(name: "dispatch.retry_minutes", standard: "5", help: "nobody eligible: look again after this"),
        Key(name: "stale.hours", standard: "2", help: "accepted and no step for this long: red, supervisor told"),
        Key(name: "escalate.grade_b_hours", standard: "24", help: "a grade B ticket open for this long is escalated"),
        Key(name: "proof.minutes", standard: "10", help: "running time below the limits that proves a repair"),
        Key(name: "proof.readings", standard: "10", help: "readings below the limits that prove a repair"),
        Key(name: "proof.gap_minutes", standard: "5", help: "between two readings no more running time is believed"),
        Key(name: "proof.deadline_hours", standard: "24", help: "without proof by then: closed, unverified"),
        Key(name: "relapse.hours", standard: "72", help: "the same fault within this reopens the ticket"),

        Key(name: "photo.font", standard: "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", help: "font of the stamp"),
        Key(name: "board.chart_js", standard: "/usr/share/javascript/chart.js/chart.min.js", help: "Chart.js 3.9"),
    ]

    /// What may be a list in YAML; elsewhere its parts are separated by commas.
    private static let lists: Set = ["mqtt.also", "mqtt.topics"]

    private let values: [String: (text: String, from: String)]

    /// A key's text; the table's default when nobody set it.
    subscript(_ name: String) -> String {
        values[name]?.text ?? Self.keys.first { $0.name == name }?.standard ?? ""
    }

    /// What is wrong with a value, with the key's name and where it was set.
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - file: YAML; nested or dotted keys.
    ///   - assignments: `key=value`, as given to `--set`.
    init(file: String?, assignments: [String], environment: [String: String] = ProcessInfo.processInfo.environment)
        throws
    {
        var values: [String: (text: String, from: String)] = [:]
        if let file {
            for (key, text) in try Self.flatten(file) {
                try Self.check(key, in: file)
                values[key] = (text, file)
            }
        }
        for key in Self.keys {
            if let text = environment[key.environment] { values[key.name] = (text, key.environment) }
        }
        try Self.check(variables: environment.keys)
        for assignment in assignments {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Invalid(description: "--set \(assignment): write it as key=value") }
            try Self.check(String(parts[0]), in: "--set")
            values[String(parts[0])] = (String(parts[1]), "--set")
        }
        self.values = values
    }

    /// These settings with the `mqtt.*` keys of another file in place of our own, those that it leaves out at their
    /// defaults.
    init(_ main: Settings, broker file: String) throws {
        var values = main.values.filter { !$0.key.hasPrefix("mqtt.") }
        for (key, text) in try Self.flatten(file) {
            try Self.check(key, in: file)
            guard key.hasPrefix("mqtt."), key != "mqtt.also" else {
                throw Invalid(
                    description: "\(file): “\(key)” has no place here; a file of mqtt.also holds mqtt.* keys alone")
            }
            values[key] = (text, file)
        }
        self.values = values
    }

    /// A list's parts.
    func list(_ name: String) -> [String] {
        self[name].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// nil for an empty text.
    func optional(_ name: String) -> String? { self[name].isEmpty ? nil : self[name] }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(self[name]), range.contains(number) else {
            throw invalid(name, "a whole number of \(range.lowerBound)–\(range.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, of _: Choice.Type) throws -> Choice
    where Choice.RawValue == String {
        guard let choice = Choice(rawValue: self[name]) else {
            throw invalid(name, "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    func yesOrNo(_ name: String) throws -> Bool {
        guard ["yes", "no"].contains(self[name]) else { throw invalid(name, "yes or no") }
        return self[name] == "yes"
    }

    /// The content of the file that a key names, without surrounding blanks; nil when the key is empty.
    func secret(_ name: String) throws -> String? {
        guard let path = optional(name) else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw invalid(name, "the path of a file that can be read")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func invalid(_ name: String, _ expected: String) -> Invalid {
        Invalid(description: "\(name) (\(values[name]?.from ?? "default")) is “\(self[name])”; it must be \(expected)")
    }

    /// The scripts in ops/ and the tests have a few variables of their own.
    private static let otherVariables: Set = [
        "FIELDLOOP_BINARY", "FIELDLOOP_BROKER", "FIELDLOOP_STORY_RATE", "FIELDLOOP_SEED",
    ]

    private static func check(variables: some Sequence<String>) throws {
        let known = Set(keys.map(\.environment)).union(otherVariables)
        let unknown = variables.filter { $0.hasPrefix("FIELDLOOP_") && !known.contains($0) }.sorted()
        guard let first = unknown.first else { return }
        throw Invalid(description: "environment: there is no setting “\(first)”; `fieldloop settings` lists them all")
    }

    private static func check(_ key: String, in source: String) throws {
        guard !keys.contains(where: { $0.name == key }) else { return }
        throw Invalid(description: "\(source): there is no setting “\(key)”; `fieldloop settings` lists them all")
    }

    /// Dotted keys and the texts as written, so that a number stays the text that somebody typed.
    private static func flatten(_ file: String) throws -> [(String, String)] {
        let text: String
        do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
            throw Invalid(description: "\(file): can't be read; check the path and its permissions")
        }
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw Invalid(description: "\(file): \(error)") }
        guard let root else { return [] }
        var found: [(String, String)] = []
        func walk(_ node: Node, _ path: [String]) throws {
            switch node {
            case .mapping(let mapping):
                for (key, value) in mapping { try walk(value, path + [key.string ?? ""]) }
            case .scalar(let scalar): found.append((path.joined(separator: "."), scalar.string))
            case .sequence(let list) where Self.lists.contains(path.joined(separator: ".")):
                found.append((path.joined(separator: "."), list.compactMap(\.string).joined(separator: ",")))
            default: throw Invalid(description: "\(file): “\(path.joined(separator: "."))” must be one value")
            }
        }
        try walk(root, [])
        return found
    }
}

extension Settings {
    /// What the plant decides by.
    func policy() throws -> Policy {
        var policy = Policy()
        policy.historyAfter = .hours(try integer("detect.history_hours", 1...720))
        policy.rejectAfter = .days(try integer("detect.reject_days", 1...3650))
        policy.aheadAtMost = .seconds(try integer("detect.ahead_seconds", 0...3600))
        policy.declineRests = .minutes(try integer("offer.rest_minutes", 0...10_080))
        policy.escalateBAfter = .hours(try integer("escalate.grade_b_hours", 1...8760))
        policy.proofGap = .minutes(try integer("proof.gap_minutes", 1...1440))
        policy.offerFor = .minutes(try integer("offer.minutes", 1...1440))
        policy.dispatchAgainAfter = .minutes(try integer("dispatch.retry_minutes", 1...1440))
        policy.staleAfter = .hours(try integer("stale.hours", 1...720))
        policy.proofTime = .minutes(try integer("proof.minutes", 1...10_080))
        policy.proofReadings = try integer("proof.readings", 1...100_000)
        policy.proofDeadline = .hours(try integer("proof.deadline_hours", 1...8760))
        policy.relapseWithin = .hours(try integer("relapse.hours", 0...8760))
        guard policy.historyAfter <= policy.rejectAfter else {
            throw invalid("detect.history_hours", "no more than detect.reject_days")
        }
        return policy
    }

    /// `http.listen` taken apart.
    func listener() throws -> (host: String, port: Int) {
        let text = self["http.listen"]
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port), colon != text.startIndex
        else { throw invalid("http.listen", "address:port, like 127.0.0.1:8080") }
        return (String(text[..<colon]), port)
    }

    /// Where people find the board, without a slash at the end.
    func publicURL() throws -> String {
        if let url = optional("http.public_url") {
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw invalid("http.public_url", "an address that starts with http:// or https://")
            }
            return url.hasSuffix("/") ? String(url.dropLast()) : url
        }
        let (host, port) = try listener()
        return "\(optional("http.tls.cert") == nil ? "http" : "https")://\(host):\(port)"
    }

    /// Whether the board may be looked at without signing in.
    func anonymousRead() throws -> Bool {
        switch self["http.anonymous_read"] {
        case "yes": true
        case "no": false
        case "auto":
            try isLoopback(listener().host) && isLoopback(URL(string: publicURL())?.host() ?? "")
        default: throw invalid("http.anonymous_read", "yes, no or auto")
        }
    }
}

private func isLoopback(_ host: String) -> Bool { ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host) }
