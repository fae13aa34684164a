import ArgumentParser
import Domain
import Foundation
import Store

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks for what is missing, and says what to do about it.",
        discussion: """
            Changes nothing, and may run beside the service; run it as the service's user. Every line begins with ✓ (as \
            it should be), ! (works, but look at it) or ✗ (mend this first). The exit code is 0 when there is no ✗.

            The broker's limits are found by running into them, on topics and in a session of doctor's own: a photo as \
            large as any goes there and back, and messages wait for a subscriber that is away. What only a crash of the \
            broker shows (persistence) stands in ops/mosquitto.conf.
            """)
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        var counts: [Finding.Mark: Int] = [:]
        func tell(_ finding: Finding) {
            counts[finding.mark, default: 0] += 1
            print(finding)
        }
        do {
            let settings = try options.load()
            for await finding in Examination(settings).findings() { tell(finding) }
        } catch {
            tell(
                .fault(
                    "settings", "\(error)", "mend the setting; `fieldloop settings --help` tells where they come from"))
        }
        let faults = counts[.fault, default: 0]
        let doubts = counts[.doubt, default: 0]
        print(faults + doubts == 0 ? "\nAll is well." : "\n\(faults) to mend, \(doubts) to look at.")
        if faults > 0 { throw ExitCode.failure }
    }
}

/// One thing that was looked at.
struct Finding: Sendable, Hashable, CustomStringConvertible {
    enum Mark: Character, Sendable, CaseIterable {
        case fine = "✓"
        case doubt = "!"
        case fault = "✗"
    }

    var mark: Mark
    /// What was looked at, in a word or two.
    var subject: String
    var sentence: String
    /// What to do about it.
    var remedy: String?

    static func fine(_ subject: String, _ sentence: String) -> Finding {
        Finding(mark: .fine, subject: subject, sentence: sentence)
    }

    static func doubt(_ subject: String, _ sentence: String, _ remedy: String) -> Finding {
        Finding(mark: .doubt, subject: subject, sentence: sentence, remedy: remedy)
    }

    static func fault(_ subject: String, _ sentence: String, _ remedy: String) -> Finding {
        Finding(mark: .fault, subject: subject, sentence: sentence, remedy: remedy)
    }

    var description: String {
        let column = 14
        let subject = subject + String(repeating: " ", count: max(1, column - subject.count))
        let line = "\(mark.rawValue) \(subject)\(sentence)"
        return remedy.map { "\(line)\n  \(String(repeating: " ", count: column))→ \($0)" } ?? line
    }
}

/// The whole look, from the settings outwards.
struct Examination: Sendable {
    let settings: Settings
    /// The moment that certificates and readings are held against.
    let now: Instant

    init(_ settings: Settings, now: Instant = .wall) {
        self.settings = settings
        self.now = now
    }

    /// Findings as they are made: the broker's may take seconds.
    func findings() -> AsyncStream<Finding> {
        AsyncStream { stream in
            let work = Task {
                let tell = { @Sendable (findings: [Finding]) in
                    for finding in findings { stream.yield(finding) }
                }
                tell(checkSettings())
                tell(checkDirectory() + checkSecrets())
                let (store, findings) = checkDatabase()
                tell(findings)
                tell(checkFont(names: store?.engineers ?? []) + checkChart() + checkCertificates())
                tell(checkClock(newestReading: store?.newestReading))
                tell(await checkBrokers())
                tell(await checkListener())
                stream.finish()
            }
            stream.onTermination = { _ in work.cancel() }
        }
    }
}
