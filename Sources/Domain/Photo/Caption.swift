public import Geo

/// The facts a photo's stamp states, and how they read.
public struct Caption: Hashable, Sendable {
    /// Where the photo was taken, as the phone reported it.
    public struct Position: Hashable, Sendable {
        public var place: Coordinate
        /// The receiver's own estimate, in metres.
        public var accuracy: Double?
        /// When the receiver had this fix; nil when it didn't say.
        public var fixAt: Instant?

        public init(_ place: Coordinate, accuracy: Double? = nil, fixAt: Instant? = nil) {
            self.place = place
            self.accuracy = accuracy
            self.fixAt = fixAt
        }
    }

    /// What the time on the stamp is the time of.
    public enum Moment: Hashable, Sendable {
        /// The shutter, as the phone reported it.
        case captured
        /// The photo's arrival: nobody reported when it was taken.
        case received
    }

    public var workerName: String
    public var worker: EngineerID
    public var at: Instant
    public var moment: Moment
    /// East of UTC, of the site's wall clock.
    public var offsetSeconds: Int
    public var position: Position?
    /// The nearest known place.
    public var placeName: String?
    public var ticket: TicketID?
    public var assetName: String?

    public init(
        workerName: String, worker: EngineerID, at: Instant, moment: Moment = .captured, offsetSeconds: Int,
        position: Position? = nil, placeName: String? = nil, ticket: TicketID? = nil, assetName: String? = nil
    ) {
        self.workerName = workerName
        self.worker = worker
        self.at = at
        self.moment = moment
        self.offsetSeconds = offsetSeconds
        self.position = position
        self.placeName = placeName
        self.ticket = ticket
        self.assetName = assetName
    }

    /// A fix this close to the shutter counts as taken there; an older one says so on the stamp.
    public static let freshFix = Duration.minutes(5)

    /// One fact group a line: who and which ticket, when, where, what.
    public func lines(_ language: Language) -> [String] {
        [who(language), when(language), whereabouts(language), what()].compactMap { $0 }
    }

    private func who(_ language: Language) -> String {
        let name = printable(workerName)
        let person =
            switch (name.isEmpty, language) {
            case (true, _): worker.text
            case (false, .zh): "\(name)（\(worker)）"
            case (false, .en): "\(name) (\(worker))"
            }
        guard let ticket else { return person }
        return "\(person) · \(language == .zh ? "工单" : "Ticket") \(ticket)"
    }

    private func when(_ language: Language) -> String {
        let time = "\(CivilTime(at, offsetSeconds: offsetSeconds).text) \(utcOffsetText(offsetSeconds))"
        return switch (moment, language) {
        case (.captured, _): time
        case (.received, .zh): "收到于 \(time)"
        case (.received, .en): "Received \(time)"
        }
    }

    private func whereabouts(_ language: Language) -> String {
        guard let position else { return language == .zh ? "无定位信息" : "No position" }
        var text = "\(position.place.degreesText) WGS-84"
        if let accuracy = position.accuracy, let metres = distanceText(accuracy) { text += " ±\(metres)" }
        if let age = staleness(of: position, language) { text += " · \(age)" }
        return text
    }

    private func what() -> String? {
        let parts = [placeName, assetName].compactMap { $0.map(printable) }.filter { !$0.isEmpty }
        return parts.isEmpty ? nil : parts.joined(separator: " · ")
    }

    private func staleness(of position: Position, _ language: Language) -> String? {
        guard let fixAt = position.fixAt else { return nil }
        let (gap, before) = fixAt <= at ? (at - fixAt, true) : (fixAt - at, false)
        guard gap > Self.freshFix else { return nil }
        let minutes = gap.milliseconds / 60_000
        let span =
            switch (minutes, language) {
            case (..<120, .zh): "\(minutes) 分钟"
            case (..<120, .en): "\(minutes) min"
            case (_, .zh): "\(minutes / 60) 小时"
            case (_, .en): "\(minutes / 60) h"
            }
        return switch (before, language) {
        case (true, .zh): "定位早于拍摄 \(span)"
        case (false, .zh): "定位晚于拍摄 \(span)"
        case (true, .en): "fix \(span) earlier"
        case (false, .en): "fix \(span) later"
        }
    }
}

extension Coordinate {
    /// `29.86834°N 121.54399°E`: five decimals are a metre; letters leave no doubt about the order.
    public var degreesText: String {
        let north = fixedPoint(latitude.magnitude) + (latitude < 0 ? "°S" : "°N")
        let east = fixedPoint(longitude.magnitude) + (longitude < 0 ? "°W" : "°E")
        return "\(north) \(east)"
    }
}

/// Five decimals of a value in 0…360.
private func fixedPoint(_ value: Double) -> String {
    let scaled = Int((value * 100_000).rounded())
    let decimals = String(scaled % 100_000)
    return "\(scaled / 100_000)." + String(repeating: "0", count: 5 - decimals.count) + decimals
}

/// Whole metres up to a kilometre, then kilometres; nil for what no receiver means.
private func distanceText(_ metres: Double) -> String? {
    guard metres > 0, metres < 1_000_000 else { return nil }
    return metres < 1_000 ? "\(max(1, Int(metres.rounded()))) m" : "\(Int((metres / 1_000).rounded())) km"
}

/// Names come from people and files: no line breaks, no invisible direction marks, and an end.
private func printable(_ text: String) -> String {
    let longest = 80
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator:
            if let last = kept.last, last != " " { kept.append(" ") }
        case .format, .privateUse, .surrogate, .unassigned: continue
        default: kept.append(scalar)
        }
    }
    if kept.last == " " { kept.removeLast() }
    return kept.count > longest ? String(kept.prefix(longest - 1)) + "…" : String(kept)
}
