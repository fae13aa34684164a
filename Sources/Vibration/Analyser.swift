import Synchronization

/// Reads features from records. Keep one and share it: it remembers the transforms of the lengths that come.
public final class Analyser: Sendable {
    private let plans = TransformPlans()
    /// Buffers of records that were analysed, for the next: fresh pages cost a fifth of the time.
    private let spare = Mutex<[Workspace]>([])
    private static let spares = 2
    /// Samples of the longest record whose buffers stay; 8 MB.
    private static let kept = 1 << 17

    public init() {}

    /// - Parameters:
    ///   - bearing: whose lines are looked for in the envelope.
    ///   - envelopeBand: Hz, about a resonance that impacts ring; nil chooses one anew for each record, so give one
    ///     where envelopes are compared over time.
    public func analyse(
        _ recording: Recording, bearing: Bearing? = nil, envelopeBand: ClosedRange<Double>? = nil
    ) -> Analysis {
        var examination = Examination(recording, plans, spare.withLock { $0.popLast() } ?? Workspace())
        examination.run(bearing, envelopeBand)
        if recording.samples.count <= Self.kept {
            spare.withLock { if $0.count < Self.spares { $0.append(examination.work) } }
        }
        return examination.analysis
    }
}

/// Transforms of real and complex records, by length.
struct TransformPlans: Sendable {
    /// 8 records of 131,072 samples and their bands; about 20 MB.
    private static let limit = 1 << 20

    let real = Plans(limit: limit) { RealTransform($0) }
    let complex = Plans(limit: limit) { ComplexTransform($0) }
}

/// One record on its way to an analysis.
private struct Examination {
    private(set) var analysis = Analysis()
    private let recording: Recording
    private let plans: TransformPlans
    private(set) var work: Workspace

    init(_ recording: Recording, _ plans: TransformPlans, _ work: Workspace) {
        (self.recording, self.plans, self.work) = (recording, plans, work)
    }

    mutating func run(_ bearing: Bearing?, _ envelopeBand: ClosedRange<Double>?) {
        analysis.features.shaftRate = recording.shaftRate
        if recording.shaftRate == nil { doubt(.noSpeed) }
        if !recording.hasSampleRate { doubt(.noSampleRate) }
        guard let centred = waveform(), recording.hasSampleRate else { return }
        let grid = Grid(length: centred.count, sampleRate: recording.sampleRate)
        if Double(grid.length) < grid.sampleRate { doubt(.underOneSecond) }
        if grid.nyquist < MeanPower.velocityBand.upperBound { doubt(.narrowBand) }
        if grid.nyquist < Self.bearingBand { doubt(.lowBandwidth) }
        guard grid.length >= Hann.fewest else { return }
        var bins = Split(count: grid.bins)
        plans.real[grid.length].forward(centred.span, into: &bins, &work)
        bins.re[0] = 0
        averages(centred, bins, grid)
        analysis.features.wholeVelocity = WholeVelocity(bins, grid)
        analysis.features.resolution = grid.resolution
        if let rate = recording.shaftRate {
            if rate < Order.fewestTurns * grid.resolution { doubt(.fewTurns) }
            analysis.features.orders = Order.all.compactMap { Order($0, shaftRate: rate, bins: bins, grid) }
            if !analysis.features.confirmsSpeed(bins, grid) { doubt(.unconfirmedSpeed) }
        }
        guard !isFlat else { return }
        envelope(bins, grid, bearing, envelopeBand)
    }

    /// Hz that a record must reach for a bearing's ringing.
    private static let bearingBand = 5_000.0

    private var isFlat: Bool { analysis.features.statistics?.isFlat ?? true }

    private mutating func doubt(_ doubt: Doubt) { analysis.features.doubts.insert(doubt) }

    /// Everything that needs no frequency.
    /// - Returns: the samples less their mean; nil when they are no record.
    private mutating func waveform() -> [Double]? {
        var samples = recording.samples
        if samples.isEmpty { doubt(.empty) }
        if samples.count > Recording.longest {
            samples.removeLast(samples.count - Recording.longest)
            doubt(.cut)
        }
        guard !samples.isEmpty else { return nil }
        // Floats cannot overflow a Double's sum: it is finite exactly when all of them are.
        let sum = samples.reduce(0.0) { $0 + Double($1) }
        guard sum.isFinite else {
            doubt(.notFinite)
            return nil
        }
        let mean = sum / Double(samples.count)
        let centred = samples.map { Double($0) - mean }
        analysis.features.statistics = Statistics(mean: mean, centred: centred)
        let sensor = SensorHealth(samples)
        analysis.features.clippedShare = sensor.clippedShare
        if isFlat { doubt(.flat) }
        if sensor.clippedShare > 0 { doubt(.clipped) }
        if sensor.isQuantised { doubt(.quantised) }
        if sensor.isOffset { doubt(.offset) }
        return centred
    }

    /// What averaged spectra show: velocity, broadband level, peaks.
    private mutating func averages(_ centred: [Double], _ bins: borrowing Split, _ grid: Grid) {
        func power(_ length: Int) -> MeanPower {
            length == grid.length
                ? MeanPower(bins, grid)
                : MeanPower(centred, sampleRate: grid.sampleRate, plans.real[length], &work)
        }
        let velocityLength = MeanPower.velocitySegment(grid.length, sampleRate: grid.sampleRate)
        let forVelocity = power(max(Hann.fewest, velocityLength))
        analysis.features.velocity = forVelocity.velocity
        analysis.features.highFrequencyRMS = forVelocity.highFrequencyRMS
        let peakLength = min(MeanPower.peakSegment, centred.count)
        let forPeaks = peakLength == forVelocity.grid.length ? forVelocity : power(peakLength)
        analysis.spectrum = forPeaks.spectrum
        analysis.features.peakBlock = peakLength
        if !isFlat { analysis.features.peaks = forPeaks.peaks }
    }

    private mutating func envelope(
        _ bins: Split, _ grid: Grid, _ bearing: Bearing?, _ wanted: ClosedRange<Double>?
    ) {
        var band = wanted ?? BandChoice.band(bins, grid, plans, &work)
        // What reaches higher than the record ends where that does.
        if band.lowerBound < grid.nyquist { band = band.lowerBound...min(band.upperBound, grid.nyquist) }
        guard let found = EnvelopeSpectrum(bins, grid, band: band, plans, &work) else { return doubt(.noBand) }
        analysis.envelopeSpectrum = Spectrum(resolution: grid.resolution, amplitudes: found.amplitudes)
        var lines: [Envelope.Line] = []
        if let bearing, let rate = recording.shaftRate {
            lines = Bearing.Line.allCases.compactMap { found.line($0, at: bearing[$0] * rate) }
        }
        analysis.features.envelope = Envelope(
            band: band, mean: found.statistics.mean, rms: found.statistics.rms, peak: found.peak, lines: lines)
    }
}
