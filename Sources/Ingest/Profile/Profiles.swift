public import Domain
import Foundation

/// The profiles of a plant: every `*.yaml` of one directory.
public struct Profiles: Sendable {
    public let all: [Profile]

    public init(_ all: [Profile] = []) { self.all = all }

    /// - Parameter directory: a folder with profiles, as `fixtures/profiles`.
    /// - Throws: the first file that is none, with its line.
    public init(directory: String) throws(BadProfile) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            throw BadProfile(description: "\(directory): no folder that can be read")
        }
        var all: [Profile] = []
        for name in names.filter({ $0.hasSuffix(".yaml") }).sorted() {
            let profile = try Profile(file: "\(directory)/\(name)")
            if let twin = all.first(where: { $0.topic.filter == profile.topic.filter }) {
                throw BadProfile(description: "\(name): \(twin.name) has the topic \(profile.topic.text), too")
            }
            all.append(profile)
        }
        guard all.count <= Limits.profiles else {
            throw BadProfile(description: "\(directory): more than \(Limits.profiles) profiles")
        }
        self.all = all
    }

    /// What to subscribe to.
    public var filters: [String] { all.map(\.topic.filter) }

    /// The first profile whose topic this is.
    public subscript(topic: [Substring]) -> Profile? { all.first { $0.topic.match(topic) != nil } }

    public func decode(
        _ payload: [UInt8], topic: [Substring], sources: SourceMap, now: Instant, origin: Origin
    ) throws(Rejection) -> Decoded {
        guard let profile = self[topic] else {
            throw Rejection(.noProfile, "no topic of ours, and no profile of ingest.profiles has it")
        }
        return try profile.decode(payload, topic: topic, sources: sources, now: now, origin: origin)
    }
}

extension Profile {
    /// - Throws: what is wrong with the file, with its line.
    public init(file: String) throws(BadProfile) {
        let yaml: String
        do { yaml = try String(contentsOfFile: file, encoding: .utf8) } catch {
            throw BadProfile(description: "\(file): no text that can be read")
        }
        try self.init(yaml: yaml, name: file)
    }
}
