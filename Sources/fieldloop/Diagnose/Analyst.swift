import Board
import Domain
import Foundation
import Logging
import Store
import Vibration

/// Looks at every waveform that has been stored, one at a time, beside the service: what it says of the machine becomes
/// readings, a diagnosis, and part of the ticket.
struct Analyst: Sendable {
    private let store: Store
    private let log: Logger
    private let now: @Sendable () -> Instant
    private let analyser = Analyser()
    private let queue = DispatchQueue(label: "fieldloop.analyst", qos: .utility)

    init(store: Store, log: Logger, now: @escaping @Sendable () -> Instant) {
        (self.store, self.log, self.now) = (store, log, now)
    }

    /// Works until the task is cancelled; a waveform that was under way is looked at again at the next start.
    func run() async {
        for await _ in store.waveformsCame.stream() {
            while !Task.isCancelled {
                do {
                    guard let pending = try await store.pendingAnalysis() else { break }
                    try await take(pending)
                } catch {
                    log.error("a waveform's analysis is tried again", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
            if Task.isCancelled { return }
        }
    }

    private func take(_ pending: PendingAnalysis) async throws {
        let reading = await offThread { WaveformReading(pending, analyser) }
        let record = AnalysisRecord(
            waveform: pending.facts.id, verdict: reading.diagnosis.verdict.rawValue, cause: reading.cause?.cause,
            confidence: reading.cause?.confidence, highFrequency: reading.analysis.features.highFrequencyRMS,
            document: try reading.document.json)
        let analysis = WaveformAnalysis(
            point: pending.point, at: pending.facts.at, values: reading.values, diagnosis: reading.cause)
        do {
            _ = try await store.perform(Input(.analysis(analysis, record)), at: now())
        } catch  where Store.isUndecidable(error) {
            log.error(
                "a waveform's analysis is left out; please report this",
                metadata: ["waveform": "\(pending.facts.id)", "error": "\(error)"])
            try await store.skipAnalysis(of: pending.facts.id)
        }
    }

    /// What a ticket's page draws; nil when its waveforms are gone.
    func spectra(of ticket: TicketID) async throws -> TicketSpectra {
        let (before, after) = try await store.spectra(of: ticket)
        return TicketSpectra(before: try await spectrum(before), after: try await spectrum(after))
    }

    private func spectrum(_ waveform: PointedWaveform?) async throws -> TicketSpectra.Spectrum? {
        guard let waveform, let pending = try await store.pendingAnalysis(of: waveform) else { return nil }
        return await offThread {
            let reading = WaveformReading(pending, analyser)
            guard let velocity = SpectrumPanel.velocity(reading.analysis) else { return nil }
            let envelope = SpectrumPanel.envelope(reading.analysis)
            return TicketSpectra.Spectrum(
                at: waveform.at, point: waveform.point.name, rpm: reading.speed?.rpm, velocity: .init(velocity),
                envelope: envelope.map { .init($0) }, band: reading.analysis.features.envelope?.band)
        }
    }

    private func offThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: work()) } }
    }
}

/// A waveform with everything that can be read from it.
struct WaveformReading: Sendable {
    let analysis: Analysis
    let diagnosis: Diagnosis
    let speed: (rpm: Double, source: AnalysisDocument.SpeedSource)?
    let document: AnalysisDocument
    private let isAcceleration: Bool
    private let count: Int
    private let isNominal: Bool
    private let at: Instant

    private static let fewestSamples = 256

    /// A motor slips, and one on a converter turns as it is told: what rests on the nameplate is never sure.
    private static let surestByNameplate = 0.7

    init(_ pending: PendingAnalysis, _ analyser: Analyser) {
        let (facts, machine) = (pending.facts, pending.machine)
        at = facts.at
        speed =
            facts.rpm.map { ($0, .record) } ?? machine.toldRPM.map { ($0, .machine) }
            ?? machine.ratedRPM.map { ($0, .nominal) }
        isNominal = speed?.source == .nominal
        let samples = facts.accelerations(pending.bytes)
        isAcceleration = samples != nil
        count = samples?.count ?? 0
        let recording = Vibration.Recording(samples: samples ?? [], sampleRate: facts.sampleRate, rpm: speed?.rpm)
        analysis = analyser.analyse(recording, bearing: machine.bearing?.orders)
        let norm = machine.velocityLimit.map {
            Diagnosis.Norm(velocity: $0, highFrequency: machine.usualHighFrequency)
        }
        var diagnosis = Diagnosis(analysis.features, norm: norm, knowsBearing: machine.bearing != nil)
        if isNominal {
            if diagnosis.verdict == .clean { diagnosis.verdict = .unknown }
            for index in diagnosis.findings.indices {
                diagnosis.findings[index].confidence = min(
                    diagnosis.findings[index].confidence, Self.surestByNameplate)
            }
        }
        self.diagnosis = diagnosis
        var doubts = analysis.features.doubts.map(\.code).sorted()
        if !isAcceleration { doubts = ["no_acceleration"] }
        if machine.bearing == nil { doubts.append(machine.bearingName.isEmpty ? "no_bearing" : "unknown_bearing") }
        if isNominal { doubts.append("nominal_speed") }
        document = AnalysisDocument(
            diagnosis, analysis.features, doubts: doubts, rpm: speed?.rpm, speedSource: speed?.source,
            bearing: machine.bearing?.designation)
    }

    /// The likeliest cause.
    var cause: TicketDiagnosis? {
        diagnosis.findings.first.map {
            TicketDiagnosis(cause: $0.cause.rawValue, confidence: $0.confidence, at: at)
        }
    }

    /// What the record says in the measures that senders use. The envelope's peak is not among them: its band is chosen
    /// anew for each record.
    ///
    /// A handful of samples is no measurement, and a dead sensor's zeros would say that a machine is well.
    var values: Measures {
        var values = Measures()
        let features = analysis.features
        guard isAcceleration, count >= Self.fewestSamples, !features.doubts.contains(.flat) else { return values }
        values[.velocityRMS] = features.comparableVelocity?.rms
        if let statistics = features.statistics {
            values[.accelerationRMS] = statistics.rms
            values[.bias] = statistics.mean
            // What was clipped was higher.
            if !features.doubts.contains(.clipped) {
                values[.accelerationPeak] = statistics.peak
                values[.crestFactor] = statistics.crest
                values[.kurtosis] = statistics.kurtosis
            }
        }
        values[.envelopeRatio] = features.bearingRatio
        if speed?.source == .record { values[.speed] = speed?.rpm }
        for measure in Measure.allCases {
            if let value = values[measure], !measure.plausible.contains(value) { values[measure] = nil }
        }
        return values
    }
}

extension WaveformFacts {
    /// g; nil for a record of velocity, whose integration nobody can take back.
    func accelerations(_ bytes: Data) -> [Float]? {
        let inG: Double
        switch unit {
        case .g: inG = scale
        case .metresPerSecondSquared: inG = scale / Units.gravity
        case .millimetresPerSecond: return nil
        }
        let count = min(bytes.count / encoding.bytes, Vibration.Recording.longest)
        return bytes.withUnsafeBytes { raw in
            switch encoding {
            case .int16le:
                (0..<count).map {
                    Float(inG * Double(Int16(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self))))
                }
            case .float32le:
                (0..<count).map {
                    let bits = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
                    return Float(inG * Double(Float(bitPattern: bits)))
                }
            }
        }
    }
}

extension TicketSpectra.Lines {
    fileprivate init(_ panel: SpectrumPanel) {
        self.init(
            top: panel.top, points: panel.points.map { ($0.frequency, $0.amplitude) },
            marks: panel.marks.map { ($0.frequency, $0.name) })
    }
}
