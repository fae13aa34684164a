/// Why a result is missing or to be read with care.
public enum Doubt: String, Sendable, CaseIterable {
    // MARK: Nothing, or nothing by frequency
    /// No samples.
    case empty
    /// A sample is infinite or not a number: no result at all.
    case notFinite
    /// The sample rate is no rate: no result that needs frequencies.
    case noSampleRate

    // MARK: A sensor that may be at fault
    /// RMS below 1e-12 g: no crest, kurtosis, skewness, peaks or envelope.
    case flat
    /// Samples stick at the highest or lowest value: peak, crest and kurtosis are too low, harmonics are made up.
    case clipped
    /// At most 16 different values: the sensor's resolution shows, not the machine.
    case quantised
    /// The record never crosses zero: gravity, or a sensor with a bias fault.
    case offset

    // MARK: A record that is too short, too slow or too long
    /// Under 1 s: 10 Hz is not resolved, the velocity is no measure for limits.
    case underOneSecond
    /// Sampled below 2 kHz: the velocity ends at half the sample rate, not at 1000 Hz.
    case narrowBand
    /// Sampled below 10 kHz: a bearing rings higher than the record reaches, so that nothing found says little.
    case lowBandwidth
    /// Under 16 turns of the shaft: orders and bearing lines run into each other.
    case fewTurns
    /// More than 2,097,152 samples: the rest is not looked at.
    case cut

    // MARK: What was not known
    /// No speed: no orders and no bearing lines.
    case noSpeed
    /// Nothing stands out once a turn at the speed that was told: it may be another.
    case unconfirmedSpeed
    /// The envelope's band has no line in this record's spectrum: no envelope.
    case noBand
}
