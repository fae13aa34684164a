import Domain
import Foundation
import Gateway
import Geo
import Yams

/// The timetable of `story.yaml`: what people do while a recording plays. The file's head explains the format.
struct StoryScript: Decodable, Sendable {
    struct Expectation: Decodable, Sendable {
        var tickets: Int
        var asset: String
        var engineer: String
        var severity: String
        var photos: Int
        var outcome: String
        var diagnosis: String
    }

    /// A record of the gateway's: raw int16 samples.
    struct Waveform: Decodable, Sendable {
        var at_min: Double
        var file: String
    }

    struct WaveformHeader: Decodable, Sendable {
        var site: String
        var asset: String
        var point: String
        var sample_rate_hz: Double
        var unit: String
        var scale: Double
        var rpm: Double
    }

    struct Step: Decodable, Sendable {
        enum Deed: String, Decodable, Sendable {
            case position, accept, decline, photo, done, arrived
            case enRoute = "en_route"
            case awaitingParts = "awaiting_parts"
            case partsArrived = "parts_arrived"
        }
        enum Verdict: String, Decodable, Sendable { case ok, refused }

        var at_min: Double?
        var after: String?
        var plus_min: Double?
        var `do`: Deed
        var by: String
        var expect: Verdict?
        var note: String?
        var file: String?
        var upload: String?
        var lat: Double?
        var lon: Double?
        var datum: Datum?
        var accuracy_m: Double?
        var age_min: Double?
    }

    var telemetry: String
    var expect: Expectation
    var waveforms: [Waveform]
    var waveform_header: WaveformHeader
    var steps: [Step]

    static func load(_ folder: String) throws -> StoryScript {
        let text = try String(contentsOfFile: "\(folder)/story.yaml", encoding: .utf8)
        return try YAMLDecoder().decode(StoryScript.self, from: text)
    }

    /// Who acts: each is a user of the broker.
    var people: Set<String> { Set(steps.map(\.by)) }
}

extension StoryScript.WaveformHeader {
    /// Topic and payload of a record whose first sample is of `at`.
    func message(file path: String, at: Instant) throws -> (Topic, [UInt8]) {
        let header = """
            {"ts":\(at.milliseconds),"sample_rate_hz":\(sample_rate_hz),"unit":"\(unit)","encoding":"int16le",\
            "scale":\(scale),"rpm":\(rpm)}

            """
        let samples = try Data(contentsOf: URL(filePath: path))
        return (try Topic("fieldloop/v1/\(site)/\(asset)/\(point)/waveform"), Array(header.utf8) + samples)
    }
}

extension StoryScript.Step {
    /// `{"lat": …}` of the step's position fields; nil without them.
    func position(at now: Instant) -> String? {
        guard let lat, let lon, let datum else { return nil }
        let fixAt = now - .milliseconds(Int64((age_min ?? 0) * 60_000))
        return "{\"lat\":\(lat),\"lon\":\(lon),\"datum\":\"\(datum.rawValue)\",\"accuracy_m\":\(accuracy_m ?? 20),"
            + "\"fix_at\":\(fixAt.milliseconds)}"
    }

    /// Topic and payload of the step's message.
    func message(folder: String, offer: StoryOffer?, now: Instant) throws -> (Topic, [UInt8]) {
        switch `do` {
        case .position:
            guard let position = position(at: now) else {
                throw Recording.Invalid(description: "position without lat, lon, datum")
            }
            return (try Topic("fieldloop/v1/engineers/\(by)/position"), Array(position.utf8))
        case .photo:
            guard let file, let upload else { throw Recording.Invalid(description: "photo without file and upload") }
            let picture = try Data(contentsOf: URL(filePath: "\(folder)/\(file)"))
            let place = position(at: now).map { ",\"position\":\($0)" } ?? ""
            let head = "{\"ticket\":\(offer?.ticket ?? 0),\"captured_at\":\(now.milliseconds)\(place)}\n"
            return (try Topic("fieldloop/v1/photos/\(by)/\(upload)"), Array(head.utf8) + picture)
        default:
            let answer = StoryAnswer(
                ticket: offer?.ticket ?? 0, epoch: offer?.epoch ?? 0, answer: `do`.rawValue, reason: note)
            return (try Topic("fieldloop/v1/engineers/\(by)/answer"), Array(try JSONEncoder().encode(answer)))
        }
    }
}

private struct StoryAnswer: Encodable {
    var ticket: Int64
    var epoch: Int
    var answer: String
    var reason: String?
}

/// What an inbox says of an offer.
struct StoryOffer: Decodable, Sendable {
    var kind: String
    var ticket: Int64
    var epoch: Int
}
