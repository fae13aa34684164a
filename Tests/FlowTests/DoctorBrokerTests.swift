import Domain
import Foundation
import Glibc
import Testing

@testable import fieldloop

/// With the broker that the service is delivered with.
@Suite(.serialized) struct DoctorBrokerTests {
    /// A real mosquitto with `ops/mosquitto.conf` and the users of `ops/make-passwords`.
    final class Broker {
        let folder: DoctorFolder
        let port: Int
        private let process = Process()

        /// - Parameter edit: changes the configuration's text.
        init(_ edit: (String) -> String = { $0 }) async throws {
            folder = try DoctorFolder()
            let listener = try SilentListener()
            port = listener.port
            listener.close()
            let users = folder.path + "/users"
            try output(of: repository("ops/make-passwords"), ["--plant", repository("fixtures/plant"), "--out", users])
            let text = try output(of: repository("ops/broker-config"), ["--port", "\(port)", "--dir", users])
            process.executableURL = URL(filePath: "/usr/sbin/mosquitto")
            process.arguments = ["-c", try folder.write("mosquitto.conf", edit(text))]
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let deadline = ContinuousClock.now + .seconds(10)
            while !SilentListener.answers(on: port) {
                try #require(ContinuousClock.now < deadline, "mosquitto does not listen")
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        deinit {
            // The tests' threads block signals, and a child inherits that: SIGTERM would wait for ever.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        func look(as user: String, password: String? = nil) async throws -> [Finding] {
            let file = "\(folder.path)/users/\(password ?? user).password"
            let settings = try Settings(
                file: nil,
                assignments: ["mqtt.port=\(port)", "mqtt.username=\(user)", "mqtt.password_file=\(file)"],
                environment: [:])
            return await Examination(settings).checkBrokers()
        }

        func trial(_ version: String) async throws -> QueueTrial.Outcome {
            let file = "\(folder.path)/users/fieldloop.password"
            let settings = try Settings(
                file: nil,
                assignments: [
                    "mqtt.port=\(port)", "mqtt.username=fieldloop", "mqtt.password_file=\(file)",
                    "mqtt.version=\(version)",
                ], environment: [:])
            return try await QueueTrial(try settings.broker(), beside: "test").run()
        }

        /// What the broker writes down of sessions and messages; SIGUSR1 makes it do so now.
        func state() async throws -> Data {
            let file = URL(filePath: folder.path + "/users/mosquitto.db")
            kill(process.processIdentifier, SIGUSR1)
            let deadline = ContinuousClock.now + .seconds(15)
            while true {
                try await Task.sleep(for: .milliseconds(50))
                if let data = try? Data(contentsOf: file) { return data }
                try #require(ContinuousClock.now < deadline, "mosquitto writes nothing down")
            }
        }
    }

    @Test func ourOwnConfigurationIsFine() async throws {
        let findings = try await Broker().look(as: "fieldloop")
        #expect(findings.map(\.mark) == [.fine, .fine, .fine, .fine, .fine], "\(findings)")
        #expect(findings.map(\.subject) == ["broker", "broker limits", "messages", "photos", "queue"])
        #expect(findings[1].sentence.contains("\(Limits.brokerPacket)"))
    }

    @Test func whoMayNotIsTold() async throws {
        let broker = try await Broker()
        let wrong = try await broker.look(as: "fieldloop", password: "E03")
        #expect(wrong.map(\.mark) == [.fault])
        #expect(wrong[0].remedy?.contains("mqtt.password_file") == true)
        let narrow = try await broker.look(as: "E03")
        #expect(narrow.filter { $0.mark == .fault }.map(\.subject) == ["messages", "queue"])
        let password = try String(contentsOfFile: broker.folder.path + "/users/E03.password", encoding: .utf8)
        for finding in wrong + narrow {
            #expect(!"\(finding)".contains(password.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
    }

    @Test func aBrokerThatIsTooSmallIsTold() async throws {
        let broker = try await Broker { text in
            text.replacing("max_packet_size 16777216", with: "max_packet_size 1000000")
                .replacing("max_inflight_messages 10000", with: "max_inflight_messages 20")
        }
        let findings = try await broker.look(as: "fieldloop")
        #expect(findings.filter { $0.mark == .fault }.map(\.subject) == ["broker limits", "photos"])
        #expect(findings.filter { $0.mark == .doubt }.map(\.subject).contains("broker limits"))
        #expect(findings.contains { $0.remedy?.contains("max_inflight_messages") == true })
    }

    /// mosquitto's defaults, which it tells nobody: only who runs into them knows.
    @Test(arguments: ["5", "3.1.1"]) func aBrokerThatDropsWhatWaitsIsTold(version: String) async throws {
        let broker = try await Broker { text in
            text.replacing("max_queued_messages 0", with: "max_queued_messages 1000")
        }
        let outcome = try await broker.trial(version)
        #expect(outcome.sent == QueueTrial.messages)
        #expect((1000..<QueueTrial.messages).contains(outcome.kept))
        #expect(outcome.finding.mark == .fault)
    }

    @Test(arguments: ["5", "3.1.1"]) func theQueueTrialLeavesNothing(version: String) async throws {
        let broker = try await Broker()
        let outcome = try await broker.trial(version)
        #expect(outcome.kept == QueueTrial.messages)
        #expect(outcome.finding.mark == .fine, "\(outcome)")
        // What waits for a session stands in the file that the broker keeps.
        let state = try await broker.state()
        #expect(state.range(of: Data("fieldloop/v1/doctor".utf8)) == nil)
        #expect(state.range(of: Data("-queue".utf8)) == nil)
    }

    @Test func aQueueThatKeepsNothingIsTold() {
        #expect(QueueTrial.Outcome(sent: 10, kept: 0, window: 0).finding.mark == .fault)
        let all = QueueTrial.messages
        #expect(QueueTrial.Outcome(sent: all, kept: all, window: 20).finding.mark == .doubt)
        #expect(QueueTrial.Outcome(sent: all - 1, kept: all - 1, window: all).finding.mark == .fault)
    }
}
