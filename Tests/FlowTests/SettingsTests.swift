import Domain
import Foundation
import Gateway
import Ingest
import Testing

@testable import fieldloop

@Suite struct SettingsTests {
    /// `fieldloop.yaml` with a text of the test's own; gone when the test is.
    final class YAML {
        let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).yaml").path
        init(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func settings(
        _ yaml: String? = nil, _ assignments: [String] = [], environment: [String: String] = [:]
    ) throws -> Settings {
        let file = try yaml.map { try YAML($0) }
        return try Settings(file: file?.path, assignments: assignments, environment: environment)
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "no error"
    }

    @Test func flagsWinOverEnvironmentOverFileOverDefault() throws {
        let yaml = "mqtt:\n  host: from-file\n  port: 1001\nlog:\n  level: debug\n"
        let environment = ["FIELDLOOP_MQTT_HOST": "from-environment", "FIELDLOOP_MQTT_PORT": "1002"]
        let settings = try settings(yaml, ["mqtt.host=from-flag"], environment: environment)
        #expect(settings["mqtt.host"] == "from-flag")
        #expect(settings["mqtt.port"] == "1002")
        #expect(settings["log.level"] == "debug")
        #expect(settings["offer.minutes"] == "5")
    }

    @Test func keysMayBeNestedOrDotted() throws {
        let settings = try settings("mqtt.tls.ca: a.pem\nmqtt:\n  tls:\n    cert: b.pem\nmqtt.port: 0x75B\n")
        #expect(settings["mqtt.tls.ca"] == "a.pem")
        #expect(settings["mqtt.tls.cert"] == "b.pem")
        // The text as somebody typed it: what it means is asked later.
        #expect(settings["mqtt.port"] == "0x75B")
    }

    /// Each of the further files is a broker of its own, which takes nothing of the first.
    @Test func severalBrokers() throws {
        let press = try YAML("mqtt:\n  host: press\n  client_id: fieldloop-press\n  topics: [a/#, b/+]\n")
        let paint = try YAML("mqtt.host: paint\nmqtt.client_id: fieldloop-paint\nmqtt.tls.ca: ca.pem\n")
        let all = try settings(
            "mqtt:\n  port: 1884\n  username: u\n  also: [\(press.path), \(paint.path)]\n", ["data.dir=d"]
        ).brokers()
        #expect(all.map { $0["mqtt.host"] } == ["127.0.0.1", "press", "paint"])
        #expect(try all.map { try $0.broker().port } == [1884, 1883, 1883])
        #expect(try all.map { try $0.broker().credentials?.username } == ["u", nil, nil])
        #expect(try all.map { try $0.broker().tls?.authority } == [nil, nil, "ca.pem"])
        #expect(all.allSatisfy { $0["data.dir"] == "d" })
        let filters = try all.map { try $0.subscriberOptions(Profiles()).filters.map(\.text) }
        #expect(filters[1] == ["a/#", "b/+"])
        #expect(filters[0] == filters[2] && filters[0].contains("fieldloop/v1/+/+/+/reading"))
    }

    @Test func whatIsWrongWithAFurtherBrokerIsNamed() throws {
        func fault(_ yaml: String) throws -> String {
            let file = try YAML(yaml)
            let text = message {
                for broker in try settings("mqtt.also: \(file.path)\n").brokers() {
                    _ = try broker.subscriberOptions(Profiles())
                }
            }
            #expect(text.contains(file.path))
            return text
        }
        #expect(try fault("mqtt.host: b\n").contains("mqtt.client_id"))
        #expect(try fault("mqtt: {client_id: b, hots: b}\n").contains("mqtt.hots"))
        #expect(try fault("mqtt.client_id: b\ndata.dir: b\n").contains("data.dir"))
        #expect(try fault("mqtt.client_id: b\nmqtt.also: c.yaml\n").contains("mqtt.also"))
        #expect(try fault("mqtt.client_id: b\nmqtt.topics: [a, 'b/#/c']\n").contains("mqtt.topics"))
        #expect(message { _ = try settings("mqtt.also: no-such.yaml\n").brokers() }.contains("no-such.yaml"))
        #expect(message { _ = try settings("mqtt.host: [a, b]\n") }.contains("mqtt.host"))
    }

    @Test func anEmptyFileSetsNothing() throws {
        for yaml in ["", "# nothing\n"] {
            let settings = try settings(yaml)
            for key in Settings.keys { #expect(settings[key.name] == key.standard) }
        }
    }

    @Test func aValueMayHoldAnEqualsSignAndBeEmpty() throws {
        let settings = try settings(nil, ["notify.webhook.url=https://a.example/?x=1", "mqtt.username="])
        #expect(settings["notify.webhook.url"] == "https://a.example/?x=1")
        #expect(settings.optional("mqtt.username") == nil)
    }

    @Test func anUnknownKeyIsNamedWithItsSource() throws {
        let file = try YAML("mqtt:\n  hots: 127.0.0.1\n")
        let inFile = message { _ = try Settings(file: file.path, assignments: [], environment: [:]) }
        #expect(inFile.contains("mqtt.hots") && inFile.contains(file.path))
        let inFlag = message { _ = try settings(nil, ["offer.minute=5"]) }
        #expect(inFlag.contains("offer.minute") && inFlag.contains("--set"))
    }

    @Test func aListOrABrokenFileIsAnErrorThatNamesIt() throws {
        #expect(message { _ = try settings("mqtt.host:\n  - a\n  - b\n") }.contains("mqtt.host"))
        let file = try YAML("mqtt: [1\n")
        let broken = message { _ = try Settings(file: file.path, assignments: [], environment: [:]) }
        #expect(broken.contains(file.path))
        let missing = message { _ = try Settings(file: "no/such.yaml", assignments: [], environment: [:]) }
        #expect(missing.contains("no/such.yaml"))
        #expect(message { _ = try settings(nil, ["mqtt.host"]) }.contains("key=value"))
    }

    /// What each value must be, and who asks for it.
    private static let bad: [(key: String, value: String, use: @Sendable (Settings) throws -> Void)] = [
        ("detect.history_hours", "0", { _ = try $0.policy() }),
        ("detect.reject_days", "x", { _ = try $0.policy() }),
        ("offer.minutes", "5.5", { _ = try $0.policy() }),
        ("dispatch.retry_minutes", "-1", { _ = try $0.policy() }),
        ("stale.hours", "1000", { _ = try $0.policy() }),
        ("proof.minutes", "", { _ = try $0.policy() }),
        ("proof.readings", "０", { _ = try $0.policy() }),
        ("proof.deadline_hours", "99999", { _ = try $0.policy() }),
        ("relapse.hours", "-1", { _ = try $0.policy() }),
        ("mqtt.port", "65536", { _ = try $0.broker() }),
        ("http.listen", "8080", { _ = try $0.listener() }),
        ("http.listen", "127.0.0.1:99999", { _ = try $0.listener() }),
        ("http.public_url", "ftp://a.example", { _ = try $0.publicURL() }),
        ("http.anonymous_read", "maybe", { _ = try $0.anonymousRead() }),
        ("language", "de", { _ = try $0.choice("language", of: Language.self) }),
    ]

    @Test(arguments: bad.indices) func aBadValueIsNamedWithKeyAndSource(index: Int) throws {
        let (key, value, use) = Self.bad[index]
        let fromFlag = message { try use(try settings(nil, ["\(key)=\(value)"])) }
        #expect(fromFlag.contains(key) && fromFlag.contains("“\(value)”") && fromFlag.contains("--set"))
        let name = "FIELDLOOP_" + key.uppercased().replacing(".", with: "_")
        let fromEnvironment = message { try use(try settings(environment: [name: value])) }
        #expect(fromEnvironment.contains(key) && fromEnvironment.contains(name))
    }

    @Test func limitsCheckEachOther() throws {
        let text = message { _ = try settings(nil, ["detect.history_hours=48", "detect.reject_days=1"]).policy() }
        #expect(text.contains("detect.history_hours") && text.contains("detect.reject_days"))
    }

    @Test func defaultsCanBeUsed() throws {
        let settings = try settings()
        #expect(try settings.policy().offerFor == Policy().offerFor)
        #expect(try settings.publicURL() == "http://127.0.0.1:8080")
        #expect(try settings.anonymousRead())
        #expect(try self.settings(nil, ["http.listen=0.0.0.0:8443", "http.tls.cert=c"]).anonymousRead() == false)
        _ = try settings.subscriberOptions(settings.profiles())
        _ = try settings.courierOptions()
        _ = try settings.boardOptions(photos: "photos")
    }

    @Test func aSecretComesFromItsFile() throws {
        let file = try YAML("  hunter2\n")
        #expect(try settings(nil, ["mqtt.password_file=\(file.path)"]).secret("mqtt.password_file") == "hunter2")
        let text = message { _ = try settings(nil, ["mqtt.password_file=no/such"]).secret("mqtt.password_file") }
        #expect(text.contains("mqtt.password_file"))
    }

    /// The example is the documentation that people copy: every key, with its default.
    @Test func theExampleFileHasEveryKeyWithItsDefault() throws {
        let example = repository("ops/fieldloop.example.yaml")
        let settings = try Settings(file: example, assignments: [], environment: [:])
        for key in Settings.keys {
            // Whatever is said about a value says where it was set.
            let source = settings.invalid(key.name, "").description
            #expect(source.contains(example), "\(key.name) is missing in ops/fieldloop.example.yaml")
            #expect(settings[key.name] == key.standard, "\(key.name)")
        }
    }
}
