public import Domain

extension Profile {
    /// What became of one field on one axis; `fieldloop profile test` shows them all.
    public struct Finding: Sendable, Equatable {
        /// Where it stands in the payload.
        public var field: String
        public var axis: String?
        /// As sent; nil when it was not.
        public var raw: String?
        public var outcome: Outcome
    }

    public enum Outcome: Sendable, Equatable {
        case taken(PointID, Measure, Double)
        /// The payload does not have it.
        case absent
        /// It says that there is no value: a value that means “none”, or a group of zeros.
        case none(String)
        /// The profile knows it, and it is no measure of ours.
        case notOurs
        /// No row of `sources.csv` says which point it is.
        case unmapped(sender: String, metric: String)
        case refused(Rejection)
    }

    /// All that can be said about one message.
    public struct Account: Sendable, Equatable {
        public var decoded = Decoded()
        public var findings: [Finding] = []
        /// Paths of the payload that no field of the profile names, with what stands there.
        public var unread: [String] = []
    }

    /// What one message says. Pure; `topic` is the topic's levels.
    public func decode(
        _ payload: [UInt8], topic: [Substring], sources: SourceMap, now: Instant, origin: Origin
    ) throws(Rejection) -> Decoded {
        try read(payload, topic, sources, now, origin).account.decoded
    }

    /// The same, with what became of each field.
    public func account(
        _ payload: [UInt8], topic: [Substring], sources: SourceMap, now: Instant, origin: Origin
    ) throws(Rejection) -> Account {
        var (account, document) = try read(payload, topic, sources, now, origin)
        if let tree = document.tree { account.unread = unread(of: tree) }
        return account
    }

    private func read(
        _ payload: [UInt8], _ topic: [Substring], _ sources: SourceMap, _ now: Instant, _ origin: Origin
    ) throws(Rejection) -> (account: Account, document: ProfileDocument) {
        guard let levels = self.topic.match(topic) else {
            throw Rejection(.badTopic, "the topic does not match \(self.topic.text)")
        }
        let document = try ProfileDocument(payload, self)
        var account = Account()
        var gathering = Gathering(site: levels["site"].flatMap(SiteID.init), origin: origin)
        for message in try messages(of: document) where try isMeasurement(message) {
            var reader = ProfileReader(self, message, levels, sources)
            try reader.read(at: now, into: &gathering)
            account.findings += reader.findings
        }
        account.decoded = try gathering.finish()
        return (account, document)
    }

    private func messages(of document: ProfileDocument) throws(Rejection) -> [ProfileDocument] {
        guard let each else { return [document] }
        guard case .array(let elements)? = document.tree?[each.steps] else {
            throw Rejection(.wrongShape, "“\(each.text)” is no array")
        }
        guard elements.count <= Limits.readingsPerPayload else {
            throw Rejection(.tooMany, "\(elements.count) in “\(each.text)”; \(Limits.readingsPerPayload) are taken")
        }
        return elements.map(document.at)
    }

    private func isMeasurement(_ document: ProfileDocument) throws(Rejection) -> Bool {
        for condition in conditions {
            guard let value = try document.value(condition.place, nil, offset: 0)?.text,
                condition.values.contains(value)
            else { return false }
        }
        return true
    }

    private func unread(of tree: JSONTree) -> [String] {
        let root = each?.steps ?? []
        var known: Set<[String]> = []
        func note(_ path: FieldPath, within root: [String]) {
            let all = axes.isEmpty ? [nil] : axes.map(Optional.some)
            for axis in path.hasAxis ? all : [nil] { known.insert(root + path.on(axis)) }
        }
        func note(_ place: Place?) { if case .path(let path)? = place { note(path, within: root) } }
        fields.forEach { note($0.place) }
        conditions.forEach { note($0.place) }
        note(time?.place)
        for field in fields { if case .inBand(let place, _) = field.scale { note(place) } }
        if case .field(let path) = sender { note(path, within: root) }
        if let frame { known.insert(frame.path.steps) }
        return tree.leaves().compactMap { path, value in
            // An element's index, and an axis found in the payload, stand for any.
            let isKnown = known.contains { Self.matches($0, path, index: each.map { _ in root.count }) }
            return isKnown ? nil : "\(path.joined(separator: ".")) = \(value.text)"
        }
    }

    private static func matches(_ known: [String], _ path: [String], index: Int?) -> Bool {
        var path = path
        if let index, path.count > index { path.remove(at: index) }
        return known.count == path.count && zip(known, path).allSatisfy { $0 == $1 || $0 == FieldPath.axis }
    }
}

/// Reads one message by its profile.
private struct ProfileReader {
    private let profile: Profile
    private let document: ProfileDocument
    private let levels: [String: String]
    private let sources: SourceMap
    private(set) var findings: [Profile.Finding] = []
    private var axes: [Profile.Axis]
    private var sender = ""

    init(_ profile: Profile, _ document: ProfileDocument, _ levels: [String: String], _ sources: SourceMap) {
        self.profile = profile
        self.document = document
        self.levels = levels
        self.sources = sources
        axes = profile.axes
        if axes.isEmpty { axes = Self.axes(in: document, profile) }
    }

    mutating func read(at now: Instant, into gathering: inout Gathering) throws(Rejection) {
        sender = try name()
        let at = try time() ?? now
        var hasAny = false
        for field in profile.fields {
            let all = Array(axes.enumerated().map { ($0, Optional($1)) })
            for (index, axis) in field.hasAxis ? all : [(0, nil)] {
                let finding = finding(field, axis, index)
                if field.measure != nil, finding.outcome != .absent { hasAny = true }
                switch finding.outcome {
                case .taken(let point, let measure, let value):
                    gathering.put(value, measure, point, at, sender)
                case .unmapped(_, let metric):
                    gathering.unmapped(metric.isEmpty ? "no axis" : metric, json: nil, at: at, of: sender)
                case .refused(let rejection): gathering.reject(rejection)
                case .absent, .none, .notOurs: break
                }
                findings.append(finding)
            }
        }
        if !hasAny { gathering.reject(.noMeasure, "none of the fields that profile \(profile.name) names") }
    }

    private func finding(_ field: Profile.Field, _ axis: Profile.Axis?, _ index: Int) -> Profile.Finding {
        var finding = Profile.Finding(field: field.label, axis: axis?.name, raw: nil, outcome: .absent)
        if case .path(let path) = field.place { finding.field = path.on(axis).joined(separator: ".") }
        let offset = index * profile.stride
        do throws(Rejection) {
            guard let found = try document.value(field.place, axis, offset: offset) else { return finding }
            finding.raw = found.text
            guard let measure = field.measure else {
                finding.outcome = .notOurs
                return finding
            }
            guard let raw = found.number else {
                throw Rejection(.wrongType, "“\(finding.field)” is no number, and \(measure.name) is one")
            }
            if field.invalid.contains(raw) {
                finding.outcome = .none("\(found.text) means that there is none")
            } else if let group = field.zeroGroup, try isAllZero(group, axis, offset) {
                finding.outcome = .none("all of “\(group)” are 0: not reported")
            } else if let point = point(axis) {
                finding.outcome = .taken(point, measure, try value(of: raw, field, measure, point, axis, offset))
            } else {
                finding.outcome = .unmapped(sender: sender, metric: axis?.name ?? "")
            }
        } catch {
            finding.outcome = .refused(error)
        }
        return finding
    }

    /// raw × scale, from its unit into the measure's; then what kind of statistic it is.
    private func value(
        of raw: Double, _ field: Profile.Field, _ measure: Measure, _ point: PointID, _ axis: Profile.Axis?,
        _ offset: Int
    ) throws(Rejection) -> Double {
        let factor: Double
        switch field.scale {
        case .factor(let number): factor = number
        case .inBand(let place, let codes):
            guard let sent = try document.value(place, axis, offset: offset)?.number else {
                throw Rejection(.badPayload, "“\(field.label)”: its scale is missing")
            }
            guard let known = codes.isEmpty ? sent : codes[sent] else {
                throw Rejection(.badPayload, "“\(field.label)”: nobody said what scale \(sent) is")
            }
            factor = known
        }
        var target = SourceMap.Target(point: point, measure: measure, unit: field.unit)
        if field.statistic == .derivedPeak { target.scale = 0.5.squareRoot() }
        let value = raw * factor + (field.kurtosis == .excess ? 3 : 0)
        return try target.value(of: value, unit: nil, measure)
    }

    private func isAllZero(_ group: String, _ axis: Profile.Axis?, _ offset: Int) throws(Rejection) -> Bool {
        for field in profile.fields where field.zeroGroup == group {
            if try document.value(field.place, axis, offset: offset)?.number != 0 { return false }
        }
        return true
    }

    /// By the topic, else by `sources.csv`; what has no axis may stand on the row without one, or on the first axis's.
    private func point(_ axis: Profile.Axis?) -> PointID? {
        if let asset = levels["asset"].flatMap(AssetID.init) {
            let name = levels["point"] ?? axis?.name ?? axes.first?.name
            return name.flatMap(Name<PointID>.init).map { PointID(asset: asset, name: $0) }
        }
        if let target = sources[.profile, sender, axis?.name ?? ""] { return target.point }
        guard axis == nil else { return nil }
        return axes.lazy.compactMap { sources[.profile, sender, $0.name]?.point }.first
    }

    private func name() throws(Rejection) -> String {
        switch profile.sender {
        case .template(let template):
            return levels.reduce(template) { text, level in
                text.split(separator: "{\(level.key)}", omittingEmptySubsequences: false).joined(separator: level.value)
            }
        case .field(let path):
            guard let found = document.tree?[path.steps] else {
                throw Rejection(.wrongDevice, "“\(path.text)”, which says who sends, is missing")
            }
            return found.text
        }
    }

    private func time() throws(Rejection) -> Instant? {
        guard let time = profile.time else { return nil }
        guard let found = try document.value(time.place, nil, offset: 0) else {
            throw Rejection(.missingTime, "the time is missing")
        }
        let factor: Double
        switch time.unit {
        case .iso8601:
            guard let at = Instant(iso8601: found.text, offset: time.offset) else {
                throw Rejection(.missingTime, "“\(found.text.prefix(64))” is no ISO 8601 time")
            }
            return at
        case .s: factor = 1000
        case .ms: factor = 1
        case .us: factor = 0.001
        }
        guard let milliseconds = found.number.flatMap({ Int64(exactly: ($0 * factor).rounded()) }) else {
            throw Rejection(.missingTime, "“\(found.text.prefix(64))” is no time in \(time.unit.rawValue)")
        }
        return Instant(milliseconds: milliseconds)
    }

    /// The keys that stand where a path says `{axis}` alone.
    private static func axes(in document: ProfileDocument, _ profile: Profile) -> [Profile.Axis] {
        for field in profile.fields {
            guard case .path(let path) = field.place, let at = path.steps.firstIndex(of: FieldPath.axis),
                let keys = document.tree?[path.steps[..<at]]?.keys
            else { continue }
            return keys.prefix(Limits.profileAxes).map { Profile.Axis(name: $0, key: $0) }
        }
        return []
    }
}
