/// One record of acceleration, as a sensor sent it.
public struct Recording: Sendable {
    /// g, evenly spaced.
    public var samples: [Float]
    /// Hz; outside 1 Hz…10 MHz it is taken as a mistake.
    public var sampleRate: Double
    /// Of the shaft; nil, and anything that is no speed, when unknown.
    public var rpm: Double?

    public init(samples: [Float], sampleRate: Double, rpm: Double? = nil) {
        self.samples = samples
        self.sampleRate = sampleRate
        self.rpm = rpm
    }
}

extension Recording {
    /// Samples beyond these are not looked at: 2.7 minutes at 12.8 kHz, which take a second and 250 MB, a prime number of
    /// them three times that.
    public static let longest = 1 << 21

    var hasSampleRate: Bool { (1...1e7).contains(sampleRate) }

    /// Shaft turns a second.
    var shaftRate: Double? { rpm.flatMap { (0.01...1e6).contains($0) ? $0 / 60 : nil } }
}
