import Domain

/// What a topic means; parsed once, right behind the door.
enum Route: Equatable {
    case reading(SiteID, PointID)
    case waveform(SiteID, PointID)
    case photo(EngineerID, UploadID)
    case position(EngineerID)
    case answer(EngineerID)
    case senML(SiteID)
    case thingsBoard(ThingsBoardTopic)
    /// `spBv1.0/…`, split at its slashes.
    case sparkplug([Substring])
    /// What a source profile describes; the topic's levels are part of it.
    case profile([Substring])

    init(_ levels: [Substring], _ profiles: Profiles) throws(Rejection) {
        if levels.starts(with: ["fieldloop", "v1"]) {
            try self.init(ours: levels)
        } else if SparkplugTopic(levels) != nil {
            self = .sparkplug(levels)
        } else if let topic = ThingsBoardTopic(levels) {
            self = .thingsBoard(topic)
        } else if profiles[levels] != nil {
            self = .profile(levels)
        } else {
            throw Self.unknown
        }
    }

    /// `fieldloop/v1/…`.
    private init(ours levels: [Substring]) throws(Rejection) {
        if levels.count == 4, levels[3] == "senml" {
            self = .senML(try Self.name(levels[2]))
            return
        }
        guard levels.count >= 5 else { throw Self.unknown }
        let rest = levels.dropFirst(2).map { $0 }
        switch (rest.count, rest[0], rest[2]) {
        case (3, "photos", _):
            self = .photo(try Self.name(rest[1]), try Self.name(rest[2]))
        case (3, "engineers", "position"): self = .position(try Self.name(rest[1]))
        case (3, "engineers", "answer"): self = .answer(try Self.name(rest[1]))
        case (4, _, _):
            let site: SiteID = try Self.name(rest[0])
            let point = PointID(asset: try Self.name(rest[1]), name: try Self.name(rest[2]))
            switch rest[3] {
            case "reading": self = .reading(site, point)
            case "waveform": self = .waveform(site, point)
            default: throw Self.unknown
            }
        default: throw Self.unknown
        }
    }

    /// Whether no payload at all may mean something: to some edge nodes it is a death.
    var takesEmpty: Bool { if case .sparkplug = self { true } else { false } }

    private static var unknown: Rejection {
        Rejection(.badTopic, "not a topic of ours; readings go to fieldloop/v1/{site}/{asset}/{point}/reading")
    }

    private static func name<Thing>(_ level: Substring) throws(Rejection) -> Name<Thing> {
        guard let name = Name<Thing>(level) else {
            throw Rejection(.badTopic, "“\(level)” is no name: 1–\(Limits.nameLength) of A–Z a–z 0–9 . _ -")
        }
        return name
    }

    /// Payload bytes that a message of this class may have.
    var limit: Int {
        switch self {
        case .reading, .senML, .thingsBoard, .profile: Limits.readingPayload
        case .sparkplug: Limits.sparkplugPayload
        case .photo: Limits.photoPayload
        case .waveform: Limits.waveformPayload
        case .position, .answer: Limits.smallPayload
        }
    }
}
