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

extension WaveformPart {
    /// Of the whole record.
    public var recordBytes: Int { samples * encoding.bytes }

    /// Why this part is not taken, whatever else is stored: it contradicts the plant, the clock or itself.
    public func refusal(site: SiteID, at now: Instant, _ policy: Policy) -> Rejection? {
        if let own = self.site, own != site { return rejected(.wrongSite, "it stands in \(site)") }
        if at > now + policy.aheadAtMost {
            return rejected(.inTheFuture, "that is ahead of \(now.iso8601); check the sender's clock")
        }
        if at < now - policy.rejectAfter {
            let days = policy.rejectAfter.milliseconds / 86_400_000
            return rejected(.tooOld, "that is older than \(days) days (ts is milliseconds since 1970)")
        }
        if of < 1 || !(1...of).contains(part) { return rejected(.badWaveform, "part \(part) of \(of)") }
        let (size, overflow) = samples.multipliedReportingOverflow(by: encoding.bytes)
        if overflow || size > Limits.openWaveformBytes { return rejected(.tooLarge, "\(samples) samples") }
        if bytes.isEmpty || bytes.count > size || of == 1 && bytes.count != size {
            return rejected(.badWaveform, "\(bytes.count) bytes; \(samples) samples have \(size)")
        }
        return nil
    }

    /// Whether `other` describes the same record.
    public func hasHeader(of other: WaveformPart) -> Bool {
        of == other.of && samples == other.samples && encoding == other.encoding && unit == other.unit
            && sampleRate == other.sampleRate && scale == other.scale && rpm == other.rpm
    }

    public func rejected(_ reason: RejectionReason, _ detail: String) -> Rejection {
        Rejection(reason, "waveform of \(point) at \(at.iso8601): \(detail)", origin: origin)
    }
}
