/// What a waveform's samples measure.
public enum WaveformUnit: String, Sendable, CaseIterable {
    case g
    case metresPerSecondSquared = "m/s2"
    case millimetresPerSecond = "mm/s"
}

/// How samples stand in bytes.
public enum SampleEncoding: String, Sendable, CaseIterable {
    case int16le, float32le

    /// Bytes a sample.
    public var bytes: Int {
        switch self {
        case .int16le: 2
        case .float32le: 4
        }
    }
}

/// Part k of m of one recorded waveform; most records have one part.
public struct WaveformPart: Sendable, Equatable {
    public var point: PointID
    /// As the topic says; nil when it names none.
    public var site: SiteID?
    /// Of the record's first sample; with the point it names the record.
    public var at: Instant
    /// Hz.
    public var sampleRate: Double
    public var unit: WaveformUnit
    public var encoding: SampleEncoding
    /// `unit` per count; 1 for floats.
    public var scale: Double
    public var rpm: Double?
    public var sequence: Int64?
    /// Samples of the whole record.
    public var samples: Int
    /// 1…`of`.
    public var part: Int
    public var of: Int
    /// This part's samples, in order; the parts' bytes joined are the record's.
    public var bytes: [UInt8]
    public var origin: Origin?

    public init(
        point: PointID, site: SiteID?, at: Instant, sampleRate: Double, unit: WaveformUnit, encoding: SampleEncoding,
        scale: Double, rpm: Double?, sequence: Int64?, samples: Int, part: Int, of: Int, bytes: [UInt8],
        origin: Origin? = nil
    ) {
        self.point = point
        self.site = site
        self.at = at
        self.sampleRate = sampleRate
        self.unit = unit
        self.encoding = encoding
        self.scale = scale
        self.rpm = rpm
        self.sequence = sequence
        self.samples = samples
        self.part = part
        self.of = of
        self.bytes = bytes
        self.origin = origin
    }
}
