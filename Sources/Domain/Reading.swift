/// The one list of what a point can measure; the names are those of the payloads and of the API.
public enum Measure: UInt8, CaseIterable, Sendable {
    case velocityRMS, accelerationRMS, accelerationPeak, crestFactor, kurtosis, envelopePeak
    case temperature, speed, running
    /// How far the strongest line of the bearing stands above its neighbours in the envelope's spectrum.
    case envelopeRatio
    /// The mean of what a sensor calls acceleration.
    case bias

    /// The name in payloads; it states the unit.
    public var name: String {
        switch self {
        case .velocityRMS: "velocity_rms_mm_s"
        case .accelerationRMS: "acceleration_rms_g"
        case .accelerationPeak: "acceleration_peak_g"
        case .crestFactor: "crest_factor"
        case .kurtosis: "kurtosis"
        case .envelopePeak: "envelope_peak_g"
        case .temperature: "temperature_c"
        case .speed: "speed_rpm"
        case .running: "running"
        case .envelopeRatio: "envelope_ratio"
        case .bias: "bias_g"
        }
    }

    public init?(name: some StringProtocol) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// Whether a machine at rest says nothing in this measure.
    public var needsRunning: Bool {
        switch self {
        case .velocityRMS, .accelerationRMS, .accelerationPeak, .crestFactor, .kurtosis, .envelopePeak,
            .envelopeRatio:
            true
        case .temperature, .speed, .running, .bias: false
        }
    }

    /// Values outside are no measurement but a fault of the sender.
    public var plausible: ClosedRange<Double> {
        switch self {
        case .velocityRMS, .accelerationRMS, .accelerationPeak, .envelopePeak: 0...100_000
        case .crestFactor, .kurtosis, .envelopeRatio: 0...1_000_000
        case .bias: -100_000...100_000
        case .temperature: -273.15...5_000
        case .speed: 0...1_000_000
        case .running: 0...1
        }
    }
}

/// One value per measure, some absent. Missing is absent, never 0.
@frozen
public struct Measures: Sendable, Equatable {
    @usableFromInline var bits: UInt16 = 0
    @usableFromInline var values = InlineArray<11, Double>(repeating: 0)

    public init() {}

    @inlinable
    public subscript(_ measure: Measure) -> Double? {
        get { bits & measure.bit == 0 ? nil : values[Int(measure.rawValue)] }
        set {
            bits = newValue == nil ? bits & ~measure.bit : bits | measure.bit
            values[Int(measure.rawValue)] = newValue ?? 0
        }
    }

    /// Bit n: the measure with raw value n is there.
    @inlinable public var present: UInt16 { bits }
    @inlinable public var isEmpty: Bool { bits == 0 }

    public static func == (a: Measures, b: Measures) -> Bool { Measure.allCases.allSatisfy { a[$0] == b[$0] } }
}

extension Measure {
    /// In `Measures.present`.
    @inlinable public var bit: UInt16 { 1 << UInt16(rawValue) }
}

/// One value set of one point at one time. Plain bytes: nothing to count references of in a loop over millions.
public struct Reading: Sendable, Equatable {
    /// The sender's time; detection runs on it.
    public var at: Instant
    /// The sender's sequence number, if it counts.
    public var sequence: Int64?
    public var values: Measures

    public init(at: Instant, sequence: Int64? = nil, values: Measures) {
        self.at = at
        self.sequence = sequence
        self.values = values
    }

    /// What the reading says about the machine's run state; nil when it says nothing.
    public var running: Bool? {
        if let running = values[.running] { return running != 0 }
        if let speed = values[.speed] { return speed > 0 }
        return nil
    }
}

/// What one message says about one point, in order of event time.
public struct Series: Sendable, Equatable {
    public var point: PointID
    /// As the topic says; nil when it names none (a foreign format that the plant maps to the point).
    public var site: SiteID?
    public var readings: [Reading]
    /// Sequence numbers of readings that came, and were refused for what they say.
    public var refused: [Int64]
    public var extras: [Extra]
    /// Read from a waveform by us; what the sender tells itself stands before it.
    public var isDerived: Bool
    /// The message, for rejections.
    public var origin: Origin?

    public init(
        point: PointID, site: SiteID? = nil, readings: [Reading], refused: [Int64] = [], extras: [Extra] = [],
        isDerived: Bool = false, origin: Origin? = nil
    ) {
        self.point = point
        self.site = site
        self.readings = readings
        self.refused = refused
        self.extras = extras
        self.isDerived = isDerived
        self.origin = origin
    }
}

/// Fields of a reading that we do not know, as one JSON object, kept aside.
public struct Extra: Hashable, Sendable {
    public var at: Instant
    public var json: String
    public init(at: Instant, json: String) {
        self.at = at
        self.json = json
    }
}

/// A point as the store knows it: dense and stable.
public struct PointKey: Hashable, Sendable {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
}

/// What makes a stored value one and the same: delivery is at least once, storage exactly once.
public struct ValueKey: Hashable, Sendable {
    public var point: PointKey
    public var measure: Measure
    public var at: Instant
    public init(point: PointKey, measure: Measure, at: Instant) {
        self.point = point
        self.measure = measure
        self.at = at
    }
}
