import ArgumentParser
import Domain
import Store

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a plant from CSV files: sites, customers, machines, points, limits, engineers.",
        discussion: """
            Knows sites.csv, customers.csv, zone_limits.csv, bearings.csv, assets.csv, points.csv, point_limits.csv, \
            rules.csv, engineers.csv and sources.csv (which sender's metric is which point's measure); fixtures/plant and \
            fixtures/data are an example of each. Rows are added or updated by id. One bad row and nothing is changed. \
            A running service sees the change at once.
            """)
    @OptionGroup var options: SettingsOptions
    @Argument(help: "Folders with CSV files.") var folders: [String]

    func run() throws {
        let settings = try options.load()
        let store = try Store(directory: try DataDirectory(settings["data.dir"]).path)
        defer { try? store.close() }
        let report = try store.importPlant(from: folders)
        for warning in report.warnings { print("note: \(warning)") }
        for error in report.errors { print("error: \(error)") }
        guard report.errors.isEmpty else {
            print("Nothing was imported; mend what is named above and run it again.")
            throw ExitCode.failure
        }
        let counts = report.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        print("Imported \(counts.joined(separator: ", ")).")
    }
}
