import ArgumentParser
import Domain
import Foundation
import Ingest
import Store

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Source profiles: what makers' sensors send, and what comes out of it.",
        subcommands: [ProfileTest.self, ProfileList.self])
}

struct ProfileTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Shows what a profile makes of a payload, and why not more.",
        discussion: """
              fieldloop profile test fixtures/profiles/ifm-vvb.yaml --payload sample.json
              fieldloop profile test banner-qm30.yaml --payload '{"ts": 1767225600, …}' --plant fixtures/plant
              fieldloop profile test ncd-vibration-raw.yaml --payload hex:7f000a… --topic ncd/gw1/00:13:a2/raw
              mosquitto_sub -t 'ifm/#' -C 1 | fieldloop profile test ifm-vvb.yaml --payload -

            With --plant the points are those of its sources.csv; without, each sender and axis stands for itself. \
            Fails when nothing came out or something was refused.
            """)
    @Argument(help: "The profile, a YAML file.") var file: String
    @Option(
        help: """
            A file, - for standard input, or JSON, as the broker delivers it; hex:… or base64:…: the sensor's bytes, which \
            are put into the message as the profile's senders do.
            """)
    var payload: String
    @Option(help: "The topic that it came on; made up when it is not given.") var topic: String?
    @Option(help: "A folder with sources.csv.") var plant: String?

    func run() throws {
        let profile: Profile
        do { profile = try Profile(file: file) } catch { throw ValidationError("\(error)") }
        let bytes = try payloadBytes(of: profile)
        guard bytes.count <= Limits.readingPayload else {
            throw ValidationError("\(bytes.count) bytes; a message may have \(Limits.readingPayload)")
        }
        let sources = try plant.map(plantSources)
        let topic = topic ?? profile.topic.example
        var report = ProfileReport(profile, topic: topic)
        do throws(Rejection) {
            report.add(try account(profile, bytes, topic, sources))
        } catch {
            report.add(error)
        }
        print(report.text)
        if report.hasFailed { throw ExitCode.failure }
    }

    private func account(
        _ profile: Profile, _ payload: [UInt8], _ topic: String, _ sources: SourceMap?
    ) throws(Rejection) -> Profile.Account {
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
        let (now, origin) = (Instant.wall, Origin(topic: topic, payload: payload, size: payload.count))
        let map = sources ?? SourceMap()
        let account = try profile.account(payload, topic: levels, sources: map, now: now, origin: origin)
        if sources != nil { return account }
        // Once more, with what was unmapped standing for itself.
        var own = SourceMap()
        for case .unmapped(let sender, let metric) in account.findings.map(\.outcome) {
            let point = PointID(asset: AssetID(stored: sender), name: Name(stored: metric.isEmpty ? "-" : metric))
            own[.profile, sender, metric] = SourceMap.Target(point: point, measure: nil)
        }
        return try profile.account(payload, topic: levels, sources: own, now: now, origin: origin)
    }

    private func plantSources(_ folder: String) throws -> SourceMap {
        var map = SourceMap()
        for row in try CSV(String(contentsOfFile: "\(folder)/sources.csv", encoding: .utf8)).rows
        where row["format"] == SourceMap.Format.profile.rawValue {
            let point = PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["point"]))
            map[.profile, row["sender"], row["metric"]] = SourceMap.Target(point: point, measure: nil)
        }
        return map
    }

    private func payloadBytes(of profile: Profile) throws -> [UInt8] {
        if payload == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        for (prefix, isHex) in [("hex:", true), ("base64:", false)] where payload.hasPrefix(prefix) {
            let text = payload.dropFirst(prefix.count).utf8
            guard let bytes = isHex ? ByteText.hex(text) : ByteText.base64(text) else {
                throw ValidationError("--payload: what follows \(prefix) is not \(prefix.dropLast())")
            }
            return profile.asSent(bytes)
        }
        if payload.hasPrefix("{") || payload.hasPrefix("[") { return Array(payload.utf8) }
        guard let data = FileManager.default.contents(atPath: payload) else {
            throw ValidationError(
                "--payload: there is no file \(payload); - is standard input, {…} JSON, hex:… and base64:… bytes")
        }
        return [UInt8](data)
    }
}

struct ProfileList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the profiles of a folder with what they subscribe to.")
    @Argument(help: "A folder with profiles.") var folder: String

    func run() throws {
        let profiles: Profiles
        do { profiles = try Profiles(directory: folder) } catch { throw ValidationError("\(error)") }
        for profile in profiles.all { print("\(profile.name): \(profile.title)\n    \(profile.topic.filter)") }
    }
}
