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
            return await Examination(settings).checkBroker()
        }
    }

    @Test func ourOwnConfigurationIsFine() async throws {
        let findings = try await Broker().look(as: "fieldloop")
        #expect(findings.map(\.mark) == [.fine, .fine, .fine, .fine], "\(findings)")
        #expect(findings.map(\.subject) == ["broker", "broker limits", "messages", "photos"])
        #expect(findings[1].sentence.contains("\(Limits.brokerPacket)"))
    }

    @Test func whoMayNotIsTold() async throws {
        let broker = try await Broker()
        let wrong = try await broker.look(as: "fieldloop", password: "E03")
        #expect(wrong.map(\.mark) == [.fault])
        #expect(wrong[0].remedy?.contains("mqtt.password_file") == true)
        let narrow = try await broker.look(as: "E03")
        #expect(narrow.filter { $0.mark == .fault }.map(\.subject) == ["messages"])
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
        #expect(findings.filter { $0.mark == .doubt }.map(\.subject) == ["broker limits"])
        #expect(findings.contains { $0.remedy?.contains("max_inflight_messages") == true })
    }
}
