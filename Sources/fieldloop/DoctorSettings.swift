import Domain
import Foundation
import Logging

extension Examination {
    /// Every part's settings, so that one look shows all that is wrong, not only the first.
    func checkSettings() -> [Finding] {
        let parts: [() throws -> Void] = [
            { _ = try settings.policy() }, { _ = try settings.choice("language", of: Language.self) },
            { _ = try settings.choice("log.level", of: Logger.Level.self) },
            {
                let profiles = try settings.profiles()
                for broker in try settings.brokers() { _ = try broker.subscriberOptions(profiles) }
            },
            { _ = try settings.courierOptions() }, { _ = try settings.boardOptions(photos: "") },
        ]
        var faults: [String] = []
        for part in parts {
            do { try part() } catch  where !faults.contains("\(error)") { faults.append("\(error)") } catch {}
        }
        var findings = faults.map {
            Finding.fault("settings", $0, "`fieldloop settings` lists every setting; see ops/fieldloop.example.yaml")
        }
        findings += inconsistencies
        if findings.isEmpty { findings.append(.fine("settings", "all \(Settings.keys.count) can be used")) }
        return findings
    }

    /// Settings that are fine each, and not together.
    private var inconsistencies: [Finding] {
        var findings: [Finding] = []
        for settings in (try? settings.brokers()) ?? [settings] { findings += inconsistencies(of: settings) }
        if (settings.optional("http.tls.cert") == nil) != (settings.optional("http.tls.key") == nil) {
            findings.append(.halfSet("http.tls.cert", "http.tls.key"))
        }
        if let policy = try? settings.policy(), policy.proofTime > policy.proofDeadline {
            findings.append(
                .fault(
                    "settings", "proof.minutes is longer than proof.deadline_hours: no repair could be proven",
                    "let the deadline be several times the proof"))
        }
        return findings
    }

    /// Of one broker.
    private func inconsistencies(of settings: Settings) -> [Finding] {
        var findings: [Finding] = []
        func isSet(_ key: String) -> Bool { settings.optional(key) != nil }
        if isSet("mqtt.tls.cert") != isSet("mqtt.tls.key") {
            findings.append(.halfSet("mqtt.tls.cert", "mqtt.tls.key"))
        }
        if isSet("mqtt.tls.cert"), !isSet("mqtt.tls.ca") {
            findings.append(
                .fault("settings", "mqtt.tls.cert is not used without mqtt.tls.ca", "set mqtt.tls.ca, or neither"))
        }
        if isSet("mqtt.password_file"), !isSet("mqtt.username") {
            findings.append(
                .fault("settings", "mqtt.password_file is not used without mqtt.username", "set mqtt.username as well"))
        }
        return findings
    }
}

extension Finding {
    fileprivate static func halfSet(_ one: String, _ other: String) -> Finding {
        .fault("settings", "\(one) and \(other) go together, and one is empty", "set both or neither")
    }
}
