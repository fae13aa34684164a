import Domain
import Foundation
import Logging

extension Examination {
    /// Every part's settings, so that one look shows all that is wrong, not only the first.
    func checkSettings() -> [Finding] {
        let parts: [() throws -> Void] = [
            { _ = try settings.policy() }, { _ = try settings.choice("language", of: Language.self) },
            { _ = try settings.choice("log.level", of: Logger.Level.self) },
            { _ = try settings.subscriberOptions(try settings.profiles()) },
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
        for (one, other) in [("mqtt.tls.cert", "mqtt.tls.key"), ("http.tls.cert", "http.tls.key")] {
            let isSet = (settings.optional(one) != nil, settings.optional(other) != nil)
            guard isSet.0 != isSet.1 else { continue }
            findings.append(
                .fault("settings", "\(one) and \(other) go together, and one is empty", "set both or neither"))
        }
        if settings.optional("mqtt.tls.cert") != nil, settings.optional("mqtt.tls.ca") == nil {
            findings.append(
                .fault("settings", "mqtt.tls.cert is not used without mqtt.tls.ca", "set mqtt.tls.ca, or neither"))
        }
        if settings.optional("mqtt.username") == nil, settings.optional("mqtt.password_file") != nil {
            findings.append(
                .fault("settings", "mqtt.password_file is not used without mqtt.username", "set mqtt.username as well"))
        }
        if let policy = try? settings.policy(), policy.proofTime > policy.proofDeadline {
            findings.append(
                .fault(
                    "settings", "proof.minutes is longer than proof.deadline_hours: no repair could be proven",
                    "let the deadline be several times the proof"))
        }
        return findings
    }
}
