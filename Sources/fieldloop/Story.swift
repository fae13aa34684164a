import ArgumentParser
import Foundation

struct Story: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plays a story against a running service: a machine goes bad, people mend it, the machine proves it.",
        discussion: """
            Readings, positions, answers and photos go over the broker as the gateways and engineers that they are of. \
            The story keeps the service's time: run `serve` with --clock-rate to see two hours in two minutes.
            """)
    @OptionGroup var options: SettingsOptions
    @Argument(help: "The folder with story.yaml.") var folder: String
    @Option(help: "A folder of <user>.password files, as ops/make-passwords writes them.") var credentials: String?
    @Flag(help: "Exit 1 unless everything came as the story expects.") var check = false

    func run() async throws {
        let settings = try options.load()
        let directory = try DataDirectory(settings["data.dir"])
        let player = try await StoryPlayer(
            folder: folder, settings: settings, directory: directory, credentials: credentials)
        let problems = try await player.play()
        for problem in problems { print("not as expected: \(problem)") }
        guard problems.isEmpty else {
            if check { throw ExitCode.failure }
            return
        }
        print("The loop closed: one ticket, the right engineer, photos stamped, closed on the machine's own proof.")
    }
}
