import Domain
import Foundation

/// How a maker's sensors send what they measure: read from a YAML file (`ProfileFile.swift` names every key), so that a
/// sensor that nobody here has seen needs no code.
///
///     payload ─▶ document (JSON, bytes) ─▶ field × axis: raw ─▶ × scale ─▶ unit ─▶ measure ─▶ point of sender and axis
public struct Profile: Sendable, Equatable {
    public var name: String
    public var title: String
    public var topic: TopicPattern
    var form: PayloadForm
    /// The JSON field that holds the bytes, and how they are written there.
    var frame: Frame?
    var records: Records?
    var isBigEndian: Bool
    /// Each element of this array is a message of its own.
    var each: FieldPath?
    var conditions: [Condition]
    var sender: Sender
    /// Empty: a path's `{axis}` stands for whatever keys are there.
    var axes: [Axis]
    /// Bytes from one axis's fields to the next one's.
    var stride: Int
    /// nil: the time is that of arrival.
    var time: Time?
    var fields: [Field]

    /// The sensor's bytes as its senders put them into a message.
    public func asSent(_ bytes: [UInt8]) -> [UInt8] {
        switch form {
        case .hex: Array(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined().utf8)
        case .base64: Array(Data(bytes).base64EncodedString().utf8)
        case .json, .binary: bytes
        }
    }

    enum PayloadForm: String, CaseIterable { case json, hex, base64, binary }

    struct Frame: Equatable, Sendable {
        var path: FieldPath
        var form: PayloadForm
    }

    /// Tag, length and value, one after another.
    struct Records: Equatable, Sendable {
        /// Bytes before the first, and after the last.
        var from: Int
        var trim: Int
    }

    /// What must hold for a message to be one of measurements; others come to nothing.
    struct Condition: Equatable, Sendable {
        var place: Place
        var values: [String]
    }

    enum Sender: Equatable, Sendable {
        /// Topic levels in braces: `{gateway}/{device}`.
        case template(String)
        case field(FieldPath)
    }

    struct Axis: Equatable, Sendable {
        /// As `sources.csv` calls it.
        var name: String
        /// As the payload calls it.
        var key: String
    }

    /// Where a value stands.
    enum Place: Equatable, Sendable {
        case path(FieldPath)
        /// `at` counts from the frame's, or the record's, first byte; below 0 from its end.
        case bytes(at: Int, NumberType, tags: [UInt8])
    }

    enum TimeUnit: String, CaseIterable { case s, ms, us, iso8601 }

    struct Time: Equatable, Sendable {
        var place: Place
        var unit: TimeUnit
        /// Seconds east of UTC of a text that names no zone.
        var offset: Int
    }

    enum Scale: Equatable, Sendable {
        case factor(Double)
        /// The payload says it, as a factor or, where `codes` is not empty, as a code of one.
        case inBand(Place, codes: [Double: Double])
    }

    /// What a value is a statistic of; a peak never becomes an RMS silently.
    enum Statistic: String, CaseIterable {
        case rms, peak
        /// √2 × RMS that the sensor calls a peak: derived, not measured. Divided by √2 it is the RMS again.
        case derivedPeak = "derived_peak"
    }

    enum Kurtosis: String, CaseIterable { case pearson, excess }

    struct Field: Equatable, Sendable {
        var place: Place
        /// nil: known, and no measure of ours.
        var measure: Measure?
        var unit: String?
        var scale: Scale
        var statistic: Statistic?
        var kurtosis: Kurtosis?
        /// Hz; what the maker says, for people.
        var band: ClosedRange<Double>?
        /// Raw values that mean “none”.
        var invalid: [Double]
        /// Fields of one group that are all 0 on an axis were not reported.
        var zeroGroup: String?
        var hasAxis: Bool
        /// For people.
        var label: String
    }
}

extension Profile {
    /// What the reader of a profile should know before trusting its values.
    public var remarks: [String] {
        let velocity = fields.filter { $0.measure == .velocityRMS }
        if velocity.contains(where: { $0.band == nil }) {
            return ["the band of velocity is not stated; the ISO zones hold for 10–1000 Hz"]
        }
        if let band = velocity.compactMap(\.band).first(where: { $0 != 10...1000 }) {
            return ["velocity is measured over \(band) Hz; the ISO zones hold for 10–1000 Hz"]
        }
        return []
    }
}

/// The way to a value in JSON: keys and array indexes. `{axis}` within a key stands for the axis's key.
struct FieldPath: Equatable, Sendable {
    var steps: [String]

    static let axis = "{axis}"
    var hasAxis: Bool { steps.contains { $0.contains(Self.axis) } }
    var text: String { steps.joined(separator: ".") }

    func on(_ axis: Profile.Axis?) -> [String] {
        guard let axis else { return steps }
        return steps.map {
            $0.split(separator: Self.axis, omittingEmptySubsequences: false).joined(separator: axis.key)
        }
    }
}

/// How a number stands in bytes.
enum NumberType: String, CaseIterable {
    case uint8, int8, uint16, int16, uint32, int32, float32

    var width: Int {
        switch self {
        case .uint8, .int8: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        }
    }

    func value(_ bits: UInt32) -> Double {
        switch self {
        case .uint8, .uint16, .uint32: Double(bits)
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(bitPattern: bits))
        case .float32: Double(Float(bitPattern: bits))
        }
    }
}

/// An MQTT topic with names for its levels: `plant/{gateway}/{device}/up`. `+` is a level without a name, a last `#`
/// any number of them.
public struct TopicPattern: Sendable, Equatable {
    public let text: String
    private let levels: [Substring]

    /// nil when it is empty, too long, or its wildcards stand where MQTT has none.
    public init?(_ text: String) {
        levels = text.split(separator: "/", omittingEmptySubsequences: false)
        self.text = text
        guard !text.isEmpty, text.utf8.count <= Limits.topicLength else { return nil }
        for (index, level) in levels.enumerated() where level.contains(where: { "+#{}".contains($0) }) {
            let isName =
                level.hasPrefix("{") && level.hasSuffix("}") && level.dropFirst().dropLast().allSatisfy(\.isLetter)
            guard isName || level == "+" || level == "#" && index == levels.count - 1 else { return nil }
        }
    }

    /// What to subscribe to.
    public var filter: String { levels.map { $0.hasPrefix("{") ? "+" : $0 }.joined(separator: "/") }

    /// A topic that matches: `{device}` for its name.
    public var example: String {
        levels.map { $0.hasPrefix("{") ? $0.dropFirst().dropLast() : $0 == "+" || $0 == "#" ? "any" : $0 }.joined(
            separator: "/")
    }

    /// Whether no message would ever reach a profile of this topic: `Route` knows these before.
    var isTaken: Bool {
        let example = example.split(separator: "/", omittingEmptySubsequences: false)
        return text == "#" || example.starts(with: ["fieldloop", "v1"]) || example[0] == "spBv1.0"
            || ThingsBoardTopic(example) != nil
    }

    var names: [String] { levels.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) } }

    /// The named levels of a topic; nil when it does not match.
    public func match(_ topic: [Substring]) -> [String: String]? {
        let isOpen = levels.last == "#"
        let fixed = isOpen ? levels.dropLast() : levels[...]
        guard isOpen ? topic.count >= fixed.count : topic.count == fixed.count else { return nil }
        var named: [String: String] = [:]
        for (pattern, level) in zip(fixed, topic) {
            if pattern.hasPrefix("{") {
                named[String(pattern.dropFirst().dropLast())] = String(level)
            } else if pattern != "+", pattern != level {
                return nil
            }
        }
        return named
    }
}
