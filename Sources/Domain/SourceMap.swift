/// Which of our points and measures a foreign sender's metric is: `sources.csv` of the plant, and a convention for
/// senders that could be named after us.
public struct SourceMap: Sendable, Equatable {
    public enum Format: String, Sendable, CaseIterable {
        /// Sender `group/node/device` (or `group/node`), metric name.
        case sparkplug
        /// Sender = base name without its last `:` or `/`, metric = name; or no sender and the full name.
        case senml
        /// Sender = device name, metric = key.
        case thingsboard
        /// Sender as the profile finds it, metric = axis (empty where there is none).
        case profile
    }

    /// What a metric is to us: `ours = sent, converted from its unit into the measure's × scale`.
    public struct Target: Hashable, Sendable {
        public var point: PointID
        /// Where the point must stand for the sender to speak for it; nil where somebody mapped the one to the other.
        public var site: SiteID?
        /// nil for profiles, where the profile says it, and for waveforms.
        public var measure: Measure?
        /// The metric is an array of samples (Sparkplug only); `unit` is theirs, `scale` of that unit is one count.
        public var isWaveform: Bool
        /// The unit of what is sent; wins over what the message says. nil: as the message says, else the measure's own.
        public var unit: String?
        /// Multiplies the value after its conversion.
        public var scale: Double
        /// Hz, of a waveform; wins over what the message says.
        public var sampleRate: Double?

        public init(
            point: PointID, measure: Measure?, isWaveform: Bool = false, unit: String? = nil, scale: Double = 1,
            sampleRate: Double? = nil
        ) {
            self.point = point
            self.measure = measure
            self.isWaveform = isWaveform
            self.unit = unit
            self.scale = scale
            self.sampleRate = sampleRate
        }
    }

    private struct Key: Hashable {
        var format: Format
        var sender: String
        var metric: String
    }
    private var targets: [Key: Target] = [:]
    /// Of the plant. A Sparkplug group of such a name is that site, and speaks for no other by convention: the broker's
    /// access list tells gateways apart by it.
    public var sites: Set<SiteID> = []

    public init() {}

    /// As the plant file says.
    public subscript(format: Format, sender: String, metric: String) -> Target? {
        get { targets[Key(format: format, sender: sender, metric: metric)] }
        set { targets[Key(format: format, sender: sender, metric: metric)] = newValue }
    }

    /// As the plant file says, else by convention: the last three levels of sender and metric together, cut at `/` and
    /// `:`, are `{asset}/{point}/{measure}`. So a Sparkplug device `line1/gw7/BL-P101` with a metric
    /// `DE-H/velocity_rms_mm_s` needs no row. nil: nobody said what it is.
    public func target(format: Format, sender: String, metric: String) -> Target? {
        if let mapped = self[format, sender, metric] { return mapped }
        guard format != .profile, var target = Self.conventional(sender, metric) else { return nil }
        if format == .sparkplug, let group = SiteID(sender.prefix { $0 != "/" }), sites.contains(group) {
            target.site = group
        }
        return target
    }

    private static func conventional(_ sender: String, _ metric: String) -> Target? {
        let isCut = { (c: Character) in c == "/" || c == ":" }
        var levels = metric.split(whereSeparator: isCut)
        guard let measure = levels.popLast().flatMap(Measure.init(name:)) else { return nil }
        if levels.count < 2 { levels = sender.split(whereSeparator: isCut) + levels }
        guard levels.count >= 2, let point = Name<PointID>(levels[levels.count - 1]),
            let asset = AssetID(levels[levels.count - 2])
        else { return nil }
        return Target(point: PointID(asset: asset, name: point), measure: measure)
    }
}

extension WaveformUnit {
    /// What senders call the unit of samples, and how many of ours one of theirs is; nil: no unit of vibration.
    public static func named(_ unit: String) -> (unit: WaveformUnit, factor: Double)? {
        if let own = WaveformUnit(rawValue: unit) { return (own, 1) }
        if let factor = Units.convert(1, from: unit, to: .accelerationRMS) { return (.g, factor) }
        return Units.convert(1, from: unit, to: .velocityRMS).map { (.millimetresPerSecond, $0) }
    }
}
