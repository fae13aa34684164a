import Foundation
public import Vibration

/// An analysis as it is kept, and shown on a ticket's page: what was found, with the evidence, and what was not known.
public struct AnalysisDocument: Codable, Sendable, Equatable {
    public struct Finding: Codable, Sendable, Equatable {
        public let cause: String
        public let confidence: Double
        public let evidence: [Evidence]
    }

    /// Which fields are there follows from `kind`; see `Diagnosis.Finding.Evidence`.
    public struct Evidence: Codable, Sendable, Equatable {
        public let kind: String
        public var line: String?
        public var hz: Double?
        public var ratio: Double?
        public var harmonics: Int?
        public var order: Double?
        public var share: Double?
        public var count: Int?
        public var rms: Double?
        public var times: Double?
    }

    /// Where the speed comes from.
    public enum SpeedSource: String, Codable, Sendable { case record, machine, nominal }

    public let verdict: String
    public let findings: [Finding]
    public let doubts: [String]
    /// mm/s RMS, where it may be held against limits.
    public let velocity: Double?
    public let rpm: Double?
    public let speedSource: SpeedSource?
    /// As the table of bearings has it.
    public let bearing: String?

    public init(
        _ diagnosis: Diagnosis, _ features: Features, doubts: [String], rpm: Double?, speedSource: SpeedSource?,
        bearing: String?
    ) {
        verdict = diagnosis.verdict.rawValue
        findings = diagnosis.findings.map {
            Finding(cause: $0.cause.rawValue, confidence: $0.confidence, evidence: $0.evidence.map(Evidence.init))
        }
        self.doubts = doubts
        velocity = features.comparableVelocity?.rms
        self.rpm = rpm
        self.speedSource = speedSource
        self.bearing = bearing
    }

    public var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    init?(json: String) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let document = try? decoder.decode(AnalysisDocument.self, from: Data(json.utf8)) else { return nil }
        self = document
    }
}

extension AnalysisDocument.Evidence {
    init(_ evidence: Diagnosis.Finding.Evidence) {
        switch evidence {
        case .line(let line, let frequency, let ratio, let harmonics):
            self.init(kind: "line", line: line.code, hz: frequency, ratio: ratio, harmonics: harmonics)
        case .order(let order, let share): self.init(kind: "order", order: order, share: share)
        case .harmonics(let count): self.init(kind: "harmonics", count: count)
        case .mains(let frequency): self.init(kind: "mains", hz: frequency)
        case .highFrequency(let rms, let times): self.init(kind: "high_frequency", rms: rms, times: times)
        }
    }
}

extension Bearing.Line {
    fileprivate var code: String { self == .twiceBSF ? "twice_bsf" : rawValue }
}
