import Domain

extension Profile.Field {
    /// One entry of `fields`.
    ///
    /// | key | |
    /// | --- | --- |
    /// | `field` | path in the JSON, `a.{axis}.b` or a list of keys; array elements by index |
    /// | `name` | what people call it, where it stands in bytes |
    /// | `at`, `type`, `record` | or the byte, the number's type (`uint8` … `float32`) and the record's tags |
    /// | `axis` | `true` where bytes repeat for every axis, each `stride` further |
    /// | `measure` | one of ours; without it the field is known and not taken |
    /// | `unit` | after `scale`; needed unless the measure is a ratio |
    /// | `scale` | a factor, or `{field or at, codes: {0: 0.001, …}}` where the payload says it |
    /// | `statistic` | `rms`, `peak` or `derived_peak`; needed for velocity and acceleration |
    /// | `kurtosis` | `pearson` (3 for noise) or `excess` (0 for noise; 3 is added); needed for kurtosis |
    /// | `band` | `[10, 1000]`, Hz |
    /// | `invalid` | raw values that mean “none” |
    /// | `zero_group` | fields of one group that are all 0 on an axis were not reported |
    ///
    /// A measured peak becomes an RMS by no rule that holds for machines, so `peak` goes to `acceleration_peak_g` and
    /// `envelope_peak_g` only. A *derived* peak is a sensor's RMS × √2, and is divided by √2 again.
    init(_ node: inout ProfileNode) throws(BadProfile) {
        let name = try node.text("name")
        place = try node.place()
        measure = try node.measure()
        unit = try node.text("unit")
        scale = try node.scale()
        statistic = try node.choice("statistic")
        kurtosis = try node.choice("kurtosis")
        band = try node.band()
        invalid = try node.numbers("invalid")
        zeroGroup = try node.text("zero_group")
        hasAxis = try node.flag("axis")
        switch place {
        case .path(let path):
            hasAxis = path.hasAxis
            label = path.text
        case .bytes(let at, let type, let tags):
            let record =
                tags.isEmpty ? "" : " of record " + tags.map { "0x" + String($0, radix: 16) }.joined(separator: "/")
            label = "\(name ?? type.rawValue) at \(at)\(record)"
        }
        if let measure { try check(measure, node) }
    }

    private func check(_ measure: Measure, _ node: ProfileNode) throws(BadProfile) {
        switch measure {
        case .velocityRMS, .accelerationRMS:
            guard statistic == .rms || statistic == .derivedPeak else {
                throw node.bad("\(measure.name) needs statistic: rms or derived_peak; a measured peak is no RMS")
            }
        case .accelerationPeak, .envelopePeak:
            guard statistic == .peak else { throw node.bad("\(measure.name) needs statistic: peak") }
        case .kurtosis:
            guard kurtosis != nil else { throw node.bad("kurtosis needs its convention: pearson or excess") }
        default:
            guard statistic == nil else { throw node.bad("\(measure.name) has no statistic") }
        }
        let isRatio = [.crestFactor, .kurtosis, .running, .envelopeRatio].contains(measure)
        guard let unit else {
            if isRatio { return }
            throw node.bad("“unit” of \(measure.name) is missing")
        }
        guard Units.knows(unit, for: measure) else { throw node.bad("“\(unit)” is no unit of \(measure.name)") }
    }
}

extension ProfileNode {
    /// `field`, or `at` with `type` and `record`.
    mutating func place() throws(BadProfile) -> Profile.Place {
        if let path = try optionalPath("field") { return .path(path) }
        guard let at = try integer("at"), let type = try choice("type") as NumberType? else {
            throw bad("“field”, or “at” with “type” (\(NumberType.allCases.map(\.rawValue).joined(separator: ", ")))")
        }
        guard abs(at) <= Limits.readingPayload else { throw bad("“at” is beyond any payload") }
        let tags = try numbers("record").map { UInt8(exactly: $0) }
        guard !tags.contains(nil) else { throw bad("“record” has tags of one byte") }
        return .bytes(at: at, type, tags: tags.compactMap { $0 })
    }

    mutating func path(_ key: String) throws(BadProfile) -> FieldPath {
        guard let path = try optionalPath(key) else { throw bad("“\(key)” is missing") }
        return path
    }

    mutating func optionalPath(_ key: String) throws(BadProfile) -> FieldPath? {
        let texts = try texts(key)
        guard let first = texts.first else { return nil }
        // A list where a key has a dot in it.
        let steps =
            texts.count > 1 ? texts : first.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        return FieldPath(steps: steps)
    }

    mutating func measure() throws(BadProfile) -> Measure? {
        guard let name = try text("measure") else { return nil }
        guard let measure = Measure(name: name) else {
            throw bad("“\(name)” is no measure: one of \(Measure.allCases.map(\.name).joined(separator: ", "))")
        }
        return measure
    }

    mutating func scale() throws(BadProfile) -> Profile.Scale {
        if let inBand = try map(
            "scale",
            { (node) throws(BadProfile) in Profile.Scale.inBand(try node.place(), codes: try node.factors("codes")) })
        {
            return inBand
        }
        let factor = try number("scale") ?? 1
        guard factor != 0 else { throw bad("“scale” is 0") }
        return .factor(factor)
    }

    mutating func band() throws(BadProfile) -> ClosedRange<Double>? {
        let ends = try numbers("band")
        if ends.isEmpty { return nil }
        guard ends.count == 2, 0 <= ends[0], ends[0] < ends[1] else { throw bad("“band” is [lowest, highest] in Hz") }
        return ends[0]...ends[1]
    }

    mutating func sender() throws(BadProfile) -> Profile.Sender {
        let field = try map("sender") { (node) throws(BadProfile) in Profile.Sender.field(try node.path("field")) }
        if let field { return field }
        return .template(try text("sender") ?? "{device}")
    }

    mutating func zone() throws(BadProfile) -> Int {
        guard let text = try text("zone") else { return 0 }
        guard let at = Instant(iso8601: "1970-01-01T00:00\(text)") else { throw bad("“zone” is like +08:00") }
        return -Int(at.milliseconds / 1000)
    }
}
