import Domain
import Foundation
import Glibc
import Store
import Testing

@testable import fieldloop

/// A look at a service's folder that the test has put into some state, mostly without a broker.
@Suite struct DoctorTests {
    private let folder: DoctorFolder

    init() throws { folder = try DoctorFolder() }

    private func examination(_ assignments: [String] = [], now: Instant = .wall) throws -> Examination {
        // Port 1 has no broker on any machine.
        let given = ["data.dir=\(folder.data)", "mqtt.port=1", "http.listen=127.0.0.1:0"] + assignments
        return Examination(try Settings(file: nil, assignments: given, environment: [:]), now: now)
    }

    private func faults(_ findings: [Finding]) -> [String] { findings.filter { $0.mark == .fault }.map(\.subject) }
    private func doubts(_ findings: [Finding]) -> [String] { findings.filter { $0.mark == .doubt }.map(\.subject) }

    // MARK: The whole look

    @Test func withoutABrokerItSaysSoAndGoesOn() async throws {
        try folder.importPlant()
        var findings: [Finding] = []
        for await finding in try examination().findings() { findings.append(finding) }
        #expect(faults(findings) == ["broker"])
        #expect(doubts(findings) == [])
        let subjects = findings.map(\.subject)
        for subject in ["settings", "disk", "lock", "secrets", "database", "plant", "font", "chart", "clock", "board"] {
            #expect(subjects.contains(subject))
        }
        #expect(findings.first { $0.subject == "broker" }?.sentence.contains("127.0.0.1:1") == true)
        #expect(findings.allSatisfy { ($0.mark == .fine) == ($0.remedy == nil) })
    }

    @Test func aFirstStartHasNothingYetAndNothingIsMade() throws {
        let look = try examination()
        #expect(doubts(look.checkDirectory()) == ["data"])
        #expect(doubts(look.checkDatabase().1) == ["database"])
        #expect(!FileManager.default.fileExists(atPath: folder.data))
    }

    // MARK: Settings

    @Test func allBadSettingsAreTold() throws {
        let findings = try examination(["offer.minutes=0", "language=de", "http.anonymous_read=x"]).checkSettings()
        #expect(faults(findings).count == 3)
        for key in ["offer.minutes", "language", "http.anonymous_read"] {
            #expect(findings.contains { $0.sentence.contains(key) })
        }
    }

    @Test(arguments: [
        "mqtt.tls.cert=c", "http.tls.key=k", "mqtt.password_file=p", "proof.deadline_hours=1 proof.minutes=61",
        "notify.webhook.url=https://a.example",
    ])
    func settingsThatDoNotGoTogetherAreTold(assignments: String) throws {
        let findings = try examination(assignments.split(separator: " ").map(String.init)).checkSettings()
        #expect(!faults(findings).isEmpty)
    }

    // MARK: Files

    @Test func spaceIsMeasured() {
        #expect(Examination.space(free: 499_999_999).mark == .fault)
        #expect(Examination.space(free: 500_000_000).mark == .doubt)
        #expect(Examination.space(free: 4_999_999_999).mark == .doubt)
        #expect(Examination.space(free: 5_000_000_000).mark == .fine)
        #expect(Examination.space(free: 12_340_000_000).sentence.contains("12.3 GB"))
    }

    @Test func anOpenDirectoryIsTold() throws {
        try folder.importPlant()
        #expect(faults(try examination().checkDirectory() + examination().checkSecrets()) == [])
        chmod(folder.data, 0o750)
        #expect(doubts(try examination().checkDirectory()) == ["data"])
        chmod(folder.data, 0o755)
        #expect(faults(try examination().checkDirectory()) == ["data"])
        // Nothing around them protects the files now.
        chmod(folder.data + "/fieldloop.db", 0o644)
        #expect(faults(try examination().checkSecrets()) == ["secrets"])
    }

    @Test func anOpenSecretIsToldAndNeverShown() throws {
        let file = try folder.write("password", "hunter2\n", mode: 0o644)
        let named = ["mqtt.username=fieldloop", "mqtt.password_file=\(file)"]
        let findings = try examination(named).checkSecrets()
        #expect(faults(findings) == ["secrets"])
        #expect(findings.allSatisfy { !"\($0)".contains("hunter2") })
        chmod(file, 0o640)
        #expect(doubts(try examination(named).checkSecrets()) == ["secrets"])
        chmod(file, 0o600)
        #expect(try examination(named).checkSecrets().map(\.mark) == [.fine])
        #expect(faults(try examination(["mqtt.password_file=\(folder.path)/none"]).checkSecrets()) == ["secrets"])
    }

    @Test func theServicesLockIsSeenAndLeft() throws {
        let directory = try DataDirectory(folder.data)
        #expect(try examination().isHeld(folder.data) == false)
        do {
            let lock = try directory.lock()
            #expect(try examination().isHeld(folder.data))
            withExtendedLifetime(lock) {}
        }
        #expect(try examination().isHeld(folder.data) == false)
        _ = try directory.lock()
    }

    // MARK: The database

    @Test func anEmptyPlantIsTold() throws {
        try Store(directory: folder.data).close()
        let (check, findings) = try examination().checkDatabase()
        #expect(check?.age == .current)
        #expect(doubts(findings) == ["plant"])
    }

    @Test func aPlantIsCountedBesideARunningService() throws {
        try folder.importPlant()
        let service = try Store(directory: folder.data)
        let (check, findings) = try examination().checkDatabase()
        try service.close()
        #expect(findings.map(\.mark) == [.fine, .fine])
        #expect(check?.plant.first { $0.name == "engineers" }?.count == 17)
        #expect(check?.engineers.first { $0.id.text == "E03" }?.name.zh == "王磊")
    }

    @Test func aDamagedDatabaseIsTold() throws {
        try folder.importPlant()
        let file = try FileHandle(forUpdating: URL(filePath: folder.data + "/fieldloop.db"))
        let end = try file.seekToEnd()
        // The first page stays: it opens, and the damage is inside.
        for offset in stride(from: UInt64(8192), to: end, by: 4096) {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 64))
        }
        try file.close()
        #expect(faults(try examination().checkDatabase().1).contains("database"))
    }

    @Test func whatIsNoDatabaseIsTold() throws {
        try FileManager.default.createDirectory(atPath: folder.data, withIntermediateDirectories: true)
        try Data(repeating: 0x20, count: 8192).write(to: URL(filePath: folder.data + "/fieldloop.db"))
        #expect(faults(try examination().checkDatabase().1) == ["database"])
    }

    // MARK: Clock, font, certificates

    @Test func aClockInThePastIsTold() throws {
        let then = try StampTime("2019-05-01T00:00:00Z").instant
        #expect(faults(try examination(now: then).checkClock(newestReading: nil)) == ["clock"])
        let now = try StampTime("2026-05-01T00:00:00Z").instant
        #expect(faults(try examination(now: now).checkClock(newestReading: now + .minutes(2))) == ["clock"])
        #expect(faults(try examination(now: now).checkClock(newestReading: now + .seconds(59))) == [])
    }

    @Test func aFontThatLacksNamesIsTold() throws {
        let names = [(EngineerID(stored: "E03"), "王磊"), (EngineerID(stored: "E99"), "𠮷田")]
            .map { (id: $0.0, name: LocalName(zh: $0.1, en: "")) }
        let findings = try examination().checkFont(names: names)
        #expect(doubts(findings) == ["font"])
        #expect(findings.first?.sentence.contains("E99") == true)
        #expect(findings.first?.sentence.contains("E03") == false)
        #expect(try examination().checkFont(names: Array(names.prefix(1))).map(\.mark) == [.fine])
        #expect(faults(try examination(["photo.font=\(folder.path)/none.ttf"]).checkFont(names: [])) == ["font"])
        #expect(doubts(try examination(["board.chart_js=\(folder.path)/none.js"]).checkChart()) == ["chart"])
    }

    @Test func certificatesAreHeldAgainstClockAndKey() throws {
        for name in ["one", "two"] {
            try output(
                of: "/usr/bin/openssl",
                ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
                    + ["-subj", "/CN=\(name)", "-keyout", "\(folder.path)/\(name).key"]
                    + ["-out", "\(folder.path)/\(name).crt"])
        }
        let given = ["http.tls.cert=\(folder.path)/one.crt", "http.tls.key=\(folder.path)/one.key"]
        #expect(try examination(given).checkCertificates().map(\.mark) == [.fine])
        #expect(try examination(given, now: .wall + .days(20)).checkCertificates().map(\.mark) == [.doubt])
        #expect(try examination(given, now: .wall + .days(31)).checkCertificates().map(\.mark) == [.fault])
        #expect(try examination(given, now: .wall - .days(1)).checkCertificates().map(\.mark) == [.fault])
        let foreign = [given[0], "http.tls.key=\(folder.path)/two.key"]
        #expect(try examination(foreign).checkCertificates().map(\.mark) == [.fault])
        let text = try folder.write("no.crt", "hello\n")
        #expect(try examination(["mqtt.tls.ca=\(text)"]).checkCertificates().map(\.mark) == [.fault])
        #expect(try examination(["mqtt.tls.ca=\(folder.path)/none"]).checkCertificates().map(\.mark) == [.fault])
    }

    // MARK: The board's address

    @Test func anAddressThatAnotherProgramHoldsIsTold() async throws {
        let taken = try SilentListener()
        let listening = try await examination(["http.listen=127.0.0.1:\(taken.port)"]).checkListener()
        #expect(faults(listening) == ["board"])
        #expect(listening.first?.sentence.contains("another program") == true)
        // TEST-NET-1 is nobody's.
        #expect(faults(try await examination(["http.listen=192.0.2.1:8080"]).checkListener()) == ["board"])
        taken.close()
        #expect(faults(try await examination(["http.listen=127.0.0.1:\(taken.port)"]).checkListener()) == [])
    }

    // MARK: What a broker says of itself

    @Test func theBrokersLimitsAreHeldAgainstOurs() {
        #expect(BrokerAdvice.packet(Limits.brokerPacket).mark == .fine)
        #expect(BrokerAdvice.packet(Limits.photoPayload).mark == .fault)
        #expect(BrokerAdvice.packet(Limits.brokerPacket + 1).mark == .doubt)
        #expect(BrokerAdvice.packet(nil).mark == .doubt)
        #expect(BrokerAdvice.window(Limits.receiveMaximum) == nil)
        #expect(BrokerAdvice.window(nil) == nil)
        #expect(BrokerAdvice.window(20)?.mark == .doubt)
        #expect(BrokerAdvice.qos(0)?.mark == .fault)
        #expect(BrokerAdvice.qos(1) == nil)
    }
}
