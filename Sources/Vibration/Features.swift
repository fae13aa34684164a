/// What a record says about its machine. A result that the record cannot give is nil, or not in its list, and a doubt
/// says why.
public struct Features: Sendable, Hashable {
    public var doubts: Set<Doubt> = []
    public var statistics: Statistics?
    /// Of samples that stick at the highest or lowest value, three or more in a row.
    public var clippedShare = 0.0
    public var velocity: Velocity?
    public var wholeVelocity: WholeVelocity?
    /// RMS from 1000 Hz to half the sample rate, g.
    public var highFrequencyRMS: Double?
    /// The five largest lines of the acceleration from 2 Hz up, largest first.
    public var peaks: [Peak] = []
    /// Samples of each averaged spectrum that they were read from.
    public var peakBlock: Int?
    /// Hz between two lines of the whole record's spectra; nil without them.
    public var resolution: Double?
    /// Turns a second, as it was told.
    public var shaftRate: Double?
    public var orders: [Order] = []
    public var envelope: Envelope?
}

/// The features with the spectra that they were read from, for drawing.
public struct Analysis: Sendable, Hashable {
    public var features = Features()
    /// Acceleration, g.
    public var spectrum: Spectrum?
    /// Of the envelope, g.
    public var envelopeSpectrum: Spectrum?
}

extension Features {
    /// The velocity where it may be held against limits: a second or more, up to 1000 Hz.
    public var comparableVelocity: Velocity? {
        doubts.isDisjoint(with: [.underOneSecond, .narrowBand]) ? velocity : nil
    }
}
