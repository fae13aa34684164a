import Foundation
import Store
import Vibration

/// An analysis as text for people and JSON for programs.
struct AnalysisReport {
    let file: String
    let recording: Vibration.Recording
    let bearing: BearingTable.Entry?
    let zones: Shipped.Zones
    let analysis: Analysis
    let diagnosis: Diagnosis

    private var features: Features { analysis.features }

    /// nil where the velocity may not be held against limits.
    private var zone: Shipped.Zones.Zone? { features.comparableVelocity.map { zones.zone(of: $0.rms) } }

    /// The likeliest cause, else the verdict.
    private var verdict: String { diagnosis.findings.first?.cause.rawValue ?? diagnosis.verdict.rawValue }

    /// For a picture: the file and what was found in it.
    var heading: String {
        let name = URL(filePath: file).lastPathComponent
        let speed = recording.rpm.map { ", \(short($0)) rpm" } ?? ""
        return "\(name)\(speed): \(diagnosisLines[0])"
    }

    // MARK: - JSON

    /// What could not be told is null; `validity` lists why.
    var json: String {
        get throws {
            var fields: [String: Any] = [
                "file": file, "sample_rate_hz": orNull(recording.sampleRate), "n_samples": recording.samples.count,
                "rpm": orNull(recording.rpm), "diagnosis": verdict, "zone": zone?.rawValue ?? NSNull(),
                "zone_class": zones.machineClass, "zone_source": zones.source,
                "confidence": diagnosis.findings.first?.confidence ?? NSNull(),
                "validity": features.doubts.map(\.code).sorted(),
                "bearing": bearing?.designation ?? NSNull(), "bearing_source": bearing?.source ?? NSNull(),
                "findings": diagnosis.findings.map { finding in
                    [
                        "cause": finding.cause.rawValue, "confidence": finding.confidence,
                        "evidence": finding.evidence.map(\.sentence),
                    ]
                },
            ]
            for (name, value) in columns { fields[name] = orNull(value) }
            let data = try JSONSerialization.data(
                withJSONObject: fields, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// JSON has no NaN.
    private func orNull(_ value: Double?) -> Any { value.flatMap { $0.isFinite ? $0 : nil } ?? NSNull() as Any }

    private var columns: [String: Double?] {
        let (shape, envelope) = (features.statistics, features.envelope)
        var columns: [String: Double?] = [
            "mean_g": shape?.mean, "acc_rms_g": shape?.rms, "acc_peak_g": shape?.peak, "acc_p2p_g": shape?.peakToPeak,
            "crest": shape?.crest, "kurtosis": shape?.kurtosis, "excess_kurtosis": shape?.excessKurtosis,
            "skewness": shape?.skewness, "clipped_share": shape == nil ? nil : features.clippedShare,
            "vel_rms_welch_mm_s": features.velocity?.rms, "vel_welch_L": features.velocity.map { Double($0.segment) },
            "vel_rms_hann_mm_s": features.wholeVelocity?.hann, "vel_rms_rect_mm_s": features.wholeVelocity?.rectangular,
            "hf_rms_g": features.highFrequencyRMS, "peak_block": features.peakBlock.map(Double.init),
            "env_rms_g": envelope?.rms, "env_mean_g": envelope?.mean, "env_peak_g": envelope?.peak,
            "env_lo_hz": envelope?.band.lowerBound, "env_hi_hz": envelope?.band.upperBound,
        ]
        for rank in 1...5 {
            let peak = features.peaks.indices.contains(rank - 1) ? features.peaks[rank - 1] : nil
            columns["pk\(rank)_hz"] = .some(peak?.frequency)
            columns["pk\(rank)_g"] = .some(peak?.amplitude)
        }
        for number in 1...3 {
            let order = features.orders.first { $0.order == Double(number) }
            columns["order\(number)_hz"] = .some(order?.frequency)
            columns["order\(number)_vel_rms_mm_s"] = .some(order?.velocityRMS)
        }
        for name in Bearing.Line.allCases {
            let line = envelope?.lines.first { $0.line == name }
            columns["\(name.column)_hz"] = .some(line?.expected)
            columns["\(name.column)_env_hz"] = .some(line?.frequency)
            columns["\(name.column)_env_g"] = .some(line?.amplitude)
            columns["\(name.column)_env_ratio"] = .some(line?.ratio)
        }
        return columns
    }

    // MARK: - Text

    var text: String {
        var lines = ["\(file): \(recording.samples.count) samples at \(short(recording.sampleRate)) Hz"]
        if let rpm = recording.rpm { lines[0] += ", \(short(rpm)) rpm" }
        lines += shapeLines + velocityLines + orderLines + envelopeLines + [""] + diagnosisLines
        let doubts = Doubt.allCases.filter(features.doubts.contains)
        if !doubts.isEmpty { lines += ["", "To be read with care:"] + doubts.map { "  \($0.sentence)" } }
        return lines.joined(separator: "\n")
    }

    private var shapeLines: [String] {
        guard let shape = features.statistics else { return [] }
        var text = "acceleration   rms \(short(shape.rms)) g, peak \(short(shape.peak)) g"
        if let crest = shape.crest, let kurtosis = shape.kurtosis {
            text += ", crest \(short(crest)), kurtosis \(short(kurtosis))"
        }
        if let high = features.highFrequencyRMS { text += "; above 1 kHz \(short(high)) g" }
        let peaks = features.peaks.map { "\(short($0.frequency)) Hz (\(short($0.amplitude)) g)" }
        return [text] + (peaks.isEmpty ? [] : ["largest lines  " + peaks.joined(separator: ", ")])
    }

    private var velocityLines: [String] {
        guard let velocity = features.velocity else { return [] }
        let band = "\(short(velocity.band.lowerBound))–\(short(velocity.band.upperBound)) Hz"
        let judged = zone.map { "zone \($0.rawValue) of \(zones.machineClass)" } ?? "no zone"
        return ["velocity       rms \(short(velocity.rms)) mm/s, \(band): \(judged)"]
    }

    private var orderLines: [String] {
        let shown = features.orders.filter { (1...3).contains($0.order) }
        if shown.isEmpty { return [] }
        return [
            "shaft          "
                + shown.map { "\(short($0.order))× \(short($0.velocityRMS)) mm/s" }.joined(separator: ", ")
        ]
    }

    private var envelopeLines: [String] {
        guard let envelope = features.envelope else { return [] }
        let band = "\(short(envelope.band.lowerBound))–\(short(envelope.band.upperBound)) Hz"
        var lines = ["envelope       \(band), rms \(short(envelope.rms)) g, peak \(short(envelope.peak)) g"]
        lines += envelope.lines.map { line in
            let name = line.line.column.uppercased()
            let padded = name.padding(toLength: 5, withPad: " ", startingAt: 0)
            return "  \(padded) \(short(line.frequency)) Hz, \(short(line.ratio ?? 0)) × its neighbours"
        }
        return lines
    }

    private var diagnosisLines: [String] {
        switch diagnosis.verdict {
        case .clean: return ["Nothing found: clean, as far as this record shows."]
        case .unknown: return ["Not known: this record does not say what, if anything, is wrong."]
        case .found:
            return diagnosis.findings.flatMap { finding in
                ["\(finding.cause.words), confidence \(Int((finding.confidence * 100).rounded())) %"]
                    + finding.evidence.map { "  \($0.sentence)" }
            }
        }
    }
}

/// Four digits.
func short(_ value: Double) -> String { String(format: "%.4g", value) }

extension Bearing.Line {
    /// In the names of columns.
    var column: String { self == .twiceBSF ? "bsf2" : rawValue }
}

extension Diagnosis.Finding.Cause {
    fileprivate var words: String {
        let text = rawValue.replacingOccurrences(of: "_", with: " ")
        switch self {
        case .outerRace, .innerRace, .rollingElement, .cage: return "Bearing, \(text)"
        default: return text.prefix(1).uppercased() + text.dropFirst()
        }
    }
}

extension Diagnosis.Finding.Evidence {
    fileprivate var sentence: String {
        switch self {
        case .line(let line, let frequency, let ratio, let harmonics):
            "\(line.column.uppercased()) \(short(frequency)) Hz stands \(short(ratio)) times above its neighbours, "
                + "with \(harmonics) multiple\(harmonics == 1 ? "" : "s")"
        case .order(let order, let share): "\(short(order))× is \(Int((share * 100).rounded())) % of the velocity"
        case .harmonics(let count): "\(count) multiples of the shaft's speed are strong"
        case .mains(let frequency):
            "a motor's electrical vibration lies at \(short(frequency)) Hz too: it may be all that this is"
        case .highFrequency(let rms, let times):
            "\(short(rms)) g above 1 kHz, \(short(times)) times what is usual here"
        }
    }
}

extension Doubt {
    /// `under_one_second`.
    var code: String {
        rawValue.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
    }

    fileprivate var sentence: String {
        switch self {
        case .empty: "There are no samples."
        case .notFinite: "A sample is infinite or no number; look at how the file was written."
        case .noSampleRate: "The sample rate is none; give --rate in samples a second."
        case .flat: "The samples hardly differ: a dead sensor or a broken cable."
        case .clipped: "Samples stick at the ends of the range: peaks and kurtosis are too low. Use a wider range."
        case .quantised: "The samples have only a few values: too wide a range, or a dead sensor."
        case .offset: "The samples never cross zero: gravity on a DC sensor, or a bias fault."
        case .underOneSecond: "Shorter than a second: 10 Hz can't be told apart, so there is no zone."
        case .narrowBand: "Sampled below 2 kHz: the velocity does not reach 1000 Hz, so there is no zone."
        case .lowBandwidth: "Sampled below 10 kHz: a bearing rings higher, so that nothing found says little."
        case .unconfirmedSpeed: "Nothing stands out once a turn at the speed given: it may be another. Check --rpm."
        case .fewTurns: "Fewer than 16 turns of the shaft: orders and bearing lines run into each other."
        case .cut: "The record is longer than what is analysed; the rest was left out."
        case .noSpeed: "The speed is not known: nothing about the shaft or the bearing. Give --rpm."
        case .noBand: "Nothing is sampled in the envelope's band; give another --envelope-band."
        }
    }
}
