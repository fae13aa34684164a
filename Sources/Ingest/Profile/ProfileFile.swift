import Domain
import Yams

/// Why a profile can't be used, worded for the person who wrote it: `ncd.yaml:12: …`.
public struct BadProfile: Error, CustomStringConvertible, Equatable {
    public let description: String
}

extension Profile {
    /// Reads a profile from YAML.
    ///
    /// | key | |
    /// | --- | --- |
    /// | `title`, `source` | for people: what it is, where its facts come from |
    /// | `topic` | `plant/{gateway}/{device}/up`; `{site}`, `{asset}` and `{point}` name ours |
    /// | `payload` | `json`, `hex`, `base64` or `binary` |
    /// | `frame` | `{field, form}`: the JSON field that holds the sensor's bytes, `hex` or `base64` |
    /// | `byte_order` | `little` or `big`; needed where fields have a `type` |
    /// | `records` | `{from, trim}`: the bytes are records of tag, length and value, after `from` bytes, before `trim` |
    /// | `each` | the array whose elements are messages of their own; other paths then begin at an element |
    /// | `only_if` | list of `{field or at, is}`: other messages are none of measurements and come to nothing |
    /// | `sender` | `"{gateway}/{device}"` from the topic, or `{field}` |
    /// | `axes` | `{X: X-Axis, …}`, what `sources.csv` calls it and what the payload does; a list where both are one |
    /// | `stride` | bytes from one axis to the next |
    /// | `time` | `{field or at, unit: s, ms, us or iso8601, zone: "+08:00"}`; without it the time is that of arrival |
    /// | `fields` | see `ProfileFields.swift` |
    public init(yaml: String, name: String) throws(BadProfile) {
        guard yaml.utf8.count <= Limits.profileFile else {
            throw BadProfile(description: "\(name): larger than \(Limits.profileFile) bytes")
        }
        let node: Node?
        do { node = try Yams.compose(yaml: yaml) } catch { throw BadProfile(description: "\(name): \(error)") }
        guard let node, var reader = ProfileNode(node, file: name) else {
            throw BadProfile(description: "\(name): a profile is a list of keys; see fixtures/profiles")
        }
        try self.init(&reader, name: name)
    }

    private init(_ file: inout ProfileNode, name: String) throws(BadProfile) {
        self.name =
            name.split(separator: "/").last.map { $0.hasSuffix(".yaml") ? String($0.dropLast(5)) : String($0) } ?? name
        title = try file.text("title") ?? self.name
        _ = try file.text("source")
        guard let topic = try file.text("topic").flatMap(TopicPattern.init) else {
            throw file.bad("“topic” is missing or no topic; levels are like {device}, + or a last #")
        }
        guard !topic.isTaken else {
            throw file.bad("the topic “\(topic.text)” belongs to a format of its own, or takes everything")
        }
        self.topic = topic
        form = try file.choice("payload") ?? .json
        frame = try file.map("frame") { (node) throws(BadProfile) in
            Frame(path: try node.path("field"), form: try node.choice("form") ?? .base64)
        }
        if let form = frame?.form, form == .json || form == .binary { throw file.bad("frame: form is hex or base64") }
        records = try file.map("records") { (node) throws(BadProfile) in
            Records(from: try node.integer("from") ?? 0, trim: try node.integer("trim") ?? 0)
        }
        let order = try file.text("byte_order")
        isBigEndian = order == "big"
        each = try file.optionalPath("each")
        conditions = try file.list("only_if") { (node) throws(BadProfile) in
            Condition(place: try node.place(), values: try node.texts("is"))
        }
        axes = try file.axes()
        stride = try file.integer("stride") ?? 0
        time = try file.map("time") { (node) throws(BadProfile) in
            guard let unit = try node.choice("unit") as TimeUnit? else { throw node.bad("time: unit is missing") }
            return Time(place: try node.place(), unit: unit, offset: try node.zone())
        }
        sender = try file.sender()
        fields = try file.list("fields") { (node) throws(BadProfile) in try Field(&node) }
        try file.end()
        try check(file, order)
    }

    /// What only all keys together can be wrong about.
    private func check(_ file: ProfileNode, _ order: String?) throws(BadProfile) {
        guard (1...Limits.profileFields).contains(fields.count), axes.count <= Limits.profileAxes else {
            throw file.bad("1–\(Limits.profileFields) fields, at most \(Limits.profileAxes) axes")
        }
        guard fields.contains(where: { $0.measure != nil }) else { throw file.bad("no field has a measure") }
        let hasBytes = fields.contains { if case .bytes = $0.place { true } else { false } }
        guard !hasBytes || order == "big" || order == "little" else {
            throw file.bad("“byte_order” is little or big, and needed where fields stand in bytes")
        }
        guard hasBytes || form == .json else {
            throw file.bad("fields of a \(form.rawValue) payload have “at” and “type”")
        }
        guard !hasBytes || form != .json || frame != nil else {
            throw file.bad("fields with “at” need “frame”: the JSON field that holds the bytes")
        }
        guard (0...1024).contains(stride), records.map({ min($0.from, $0.trim) >= 0 }) ?? true else {
            throw file.bad("stride, from and trim are counts of bytes")
        }
        if topic.names.contains("point"), fields.contains(where: \.hasAxis) {
            throw file.bad("the topic names one point, the fields have axes: leave {point} out, axes are then points")
        }
    }
}
