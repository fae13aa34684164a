import ArgumentParser
import Domain
import Store

struct Link: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a one-time sign-in link for an engineer's phone.",
        discussion: "Whoever opens it first is signed in as that engineer. It works once, within 24 hours.")
    @OptionGroup var options: SettingsOptions
    @Argument(help: "The engineer's id, as in engineers.csv.") var engineer: String

    func run() throws {
        let settings = try options.load()
        let directory = try DataDirectory(settings["data.dir"])
        let store = try Store(directory: directory.path)
        defer { try? store.close() }
        guard let id = EngineerID(engineer), try store.hasEngineer(id) else {
            throw ValidationError("There is no engineer “\(engineer)”; see engineers.csv of the import.")
        }
        // Where the service was last reached, unless somebody says otherwise here.
        let known = settings.optional("http.public_url") == nil ? try store.setting("public_url") : nil
        let url = try known ?? settings.publicURL()
        print(personalLink(url, id, nil, try directory.linkKey(), .wall))
    }
}
