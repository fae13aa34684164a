import ArgumentParser

@main
struct Fieldloop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fieldloop",
        abstract: "Closes the loop of a maintenance team: from a shaking machine to a closed ticket.",
        discussion: """
            A first run, with a broker on 127.0.0.1:1883:

              fieldloop import fixtures/data fixtures/plant     the plant: sites, machines, people, limits
              fieldloop serve                                   the service, board on http://127.0.0.1:8080
              fieldloop doctor                                  what is missing, and what to do about it
              fieldloop replay recording.csv --rate 60          a recording, sixty times as fast

            `ops/run` does all of this. `fieldloop settings` lists every setting.
            """,
        subcommands: [
            Serve.self, Import.self, Doctor.self, Replay.self, Export.self, ImportReadings.self, ProfileCommand.self,
            AnalyzeCommand.self, BacktestCommand.self, StampCommand.self, Link.self, Story.self, ListSettings.self,
            StorageBench.self, IngestBench.self, VibrationBench.self, DecideBench.self, StampBench.self,
        ])
}

/// Where a command finds its settings.
struct SettingsOptions: ParsableArguments {
    @Option(help: "A YAML file; see ops/fieldloop.example.yaml.")
    var config: String?

    @Option(name: .customLong("set"), help: "key=value; wins over environment and file. May be repeated.")
    var assignments: [String] = []

    @Option(name: .customLong("data"), help: "Short for --set data.dir=…")
    var data: String?

    func load() throws -> Settings {
        try Settings(file: config, assignments: assignments + (data.map { ["data.dir=\($0)"] } ?? []))
    }
}

struct ListSettings: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Lists every setting with its value and what it is for.")
    @OptionGroup var options: SettingsOptions

    func run() throws {
        let settings = try options.load()
        for key in Settings.keys {
            let value = settings[key.name]
            print("\(key.name) = \(value.isEmpty ? "(empty)" : value)\n    \(key.help)\n    \(key.environment)")
        }
    }
}
