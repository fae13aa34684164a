/// What foreign formats and waveforms may hold.
extension Limits {
    /// Rejections of one message that are stored one by one; the rest is counted in one more.
    public static let rejectionsPerMessage = 16
    /// What an unmapped sender's metrics are listed up to.
    public static let namedMetrics = 8

    /// A waveform's samples in one message.
    public static let waveformPart = 1 << 20
    /// A waveform's payload: header, samples, and the third that base64 adds.
    public static let waveformPayload = envelopeHeader + waveformPart / 3 * 4 + 4
    public static let waveformParts = 64
    /// Samples of one record: 64 s at 64 kHz.
    public static let waveformSamples = 4 << 20
    /// Hz: from a slow bearing logged for hours to acoustic emission.
    public static let sampleRate = 0.1...10_000_000.0

    /// A source profile's file, and what it may list.
    public static let profileFile = 64 << 10
    public static let profiles = 256
    public static let profileFields = 256
    public static let profileAxes = 16
}
