/// What a record says is wrong with its machine, the likeliest first, with what speaks for it.
///
/// A bearing line speaks for itself: in noise one that stands ten times above its neighbours does not happen. What turns
/// with the shaft is in every healthy machine too; it explains a vibration only where there is too much of it.
public struct Diagnosis: Sendable, Hashable {
    public var verdict: Verdict
    /// Empty unless something was found.
    public var findings: [Finding]

    public enum Verdict: String, Sendable, Codable {
        /// `findings` says what.
        case found
        /// Looked for everything that we know, and nothing there, nor on its way.
        case clean
        /// It shakes too much, or could not be looked at in full; why is not known.
        case unknown
    }

    /// What to hold the vibration against.
    public struct Norm: Sendable, Hashable {
        /// mm/s RMS from which the vibration needs an explanation (zone B/C of the machine's class).
        public var velocity: Double
        /// RMS above 1000 Hz that this point is used to, g; nil when it has shown none yet.
        public var highFrequency: Double?

        public init(velocity: Double, highFrequency: Double? = nil) {
            self.velocity = velocity
            self.highFrequency = highFrequency
        }
    }

    /// - Parameter knowsBearing: whether bearing lines were looked for.
    public init(_ features: Features, norm: Norm?, knowsBearing: Bool) {
        var findings = Finding.bearing(features)
        if let norm { findings += Finding.shaft(features, norm) }
        if let norm, findings.isEmpty { findings += Finding.lubrication(features, norm) }
        self.findings = findings.sorted { $0.confidence > $1.confidence }
        if !findings.isEmpty {
            verdict = .found
        } else if knowsBearing, features.isWhole, let norm, let velocity = features.comparableVelocity {
            verdict = velocity.rms < norm.velocity && !features.hasStirring ? .clean : .unknown
        } else {
            verdict = .unknown
        }
    }
}

extension Diagnosis {
    /// One explanation.
    public struct Finding: Sendable, Hashable {
        public var cause: Cause
        /// 0…1, of a rule of thumb and no probability: over 0.8 a mechanic may order the part, under 0.5 it is a hint.
        public var confidence: Double
        public var evidence: [Evidence]

        public enum Cause: String, Sendable, CaseIterable, Codable {
            case outerRace = "outer_race"
            case innerRace = "inner_race"
            case rollingElement = "rolling_element"
            case cage, unbalance, misalignment, looseness, lubrication
        }

        /// What speaks for it.
        public enum Evidence: Sendable, Hashable {
            /// A line of the envelope's spectrum: Hz, times above its neighbours, multiples that stand out too.
            case line(Bearing.Line, frequency: Double, ratio: Double, harmonics: Int)
            /// A multiple of the shaft's speed: its share of the velocity, as amplitude.
            case order(Double, share: Double)
            /// So many multiples of the shaft's speed are strong.
            case harmonics(Int)
            /// It lies where a motor's electrical vibration lies, at this frequency: that may be all it is.
            case mains(Double)
            /// RMS above 1000 Hz in g, and how many times what is usual here.
            case highFrequency(rms: Double, times: Double)
        }
    }
}

// MARK: - Bearings

extension Diagnosis.Finding {
    /// The line that stands out most names the part.
    fileprivate static func bearing(_ features: Features) -> [Diagnosis.Finding] {
        let rates = features.shaftRates
        let standing = features.bearingLines.filter { ($0.ratio ?? 0) >= Envelope.Line.outstanding }
        var best: [Cause: Envelope.Line] = [:]
        for line in standing where line.ratio ?? 0 > best[line.line.cause]?.ratio ?? 0 { best[line.line.cause] = line }
        // Any damage shakes the cage's rhythm into the envelope. Strikes of its own have many multiples, and some lie where
        // the others are looked for; a roller that strikes on a short way only has them too, and a line of its own above.
        let cage = best[.cage]
        let rival = best.filter { $0.key != .cage }.compactMap(\.value.ratio).max()
        let isComb = rival.map { (cage?.harmonics ?? 0) >= comb && cage?.ratio ?? 0 >= 0.75 * $0 } == true
        if rival != nil, !isComb { best[.cage] = nil }
        let ranked = best.sorted { ($0.value.ratio ?? 0) > ($1.value.ratio ?? 0) }
        guard let first = ranked.first?.value, let strongest = first.ratio else { return [] }
        return ranked.compactMap { cause, line in
            guard let ratio = line.ratio, ratio >= strongest * weakest,
                !rates.contains(where: { line.isSideband(of: first, $0) })
            else { return nil }
            let rivals = ranked.filter { $0.key != cause }.compactMap(\.value.ratio)
            let lead = ratio / (rivals.max() ?? Envelope.Line.outstanding / 2)
            let sure = confidence(ratio, line.harmonics, lead, features)
            let mains = Mains.line(near: line.frequency, resolution: features.resolution ?? 0)
            let isShared = mains != nil || isComb && (cause != .cage || lead < clearly)
            return Diagnosis.Finding(
                cause: cause, confidence: isShared ? min(sure, ambiguous) : sure,
                evidence: [
                    .line(line.line, frequency: line.frequency, ratio: ratio, harmonics: line.harmonics)
                ] + (mains.map { [.mains($0)] } ?? []))
        }
    }

    /// Of the strongest line: what is less is its shadow.
    private static let weakest = 0.25

    /// Multiples that what only grows and fades does not have.
    private static let comb = 4
    /// Times the next line, which then is its shadow and not the other way round.
    private static let clearly = 1.5

    /// No part is ordered on what may be a wrong speed.
    private static let likely = 0.7

    /// What two causes explain alike is no more than a hint.
    private static let ambiguous = 0.45

    /// Half for standing out at all; the rest for how far, for its harmonics, and for how far ahead of the next.
    private static func confidence(
        _ ratio: Double, _ harmonics: Int, _ lead: Double, _ features: Features
    ) -> Double {
        let height = min(1, max(0, ratio / Envelope.Line.outstanding - 1) / 4)
        let company = min(1, Double(max(0, harmonics - 1)) / 2)
        let distance = min(1, max(0, lead - 1) / 2)
        var whole = 0.45 + 0.2 * height + 0.15 * company + 0.15 * distance
        // At another speed the line may be another part's.
        if features.doubts.contains(.unconfirmedSpeed) { whole = min(whole, likely) }
        return features.doubts.isDisjoint(with: [.clipped, .quantised]) ? whole : whole / 2
    }
}

extension Bearing.Line {
    fileprivate var cause: Diagnosis.Finding.Cause {
        switch self {
        case .bpfo: .outerRace
        case .bpfi: .innerRace
        case .bsf, .twiceBSF: .rollingElement
        case .ftf: .cage
        }
    }
}

extension Envelope.Line {
    /// Strikes that grow and fade with each turn show beside their own line, one turn higher and lower.
    fileprivate func isSideband(of strongest: Envelope.Line, _ rate: Double) -> Bool {
        guard line != strongest.line else { return false }
        return (1...3).contains { harmonic in
            (-2...2).contains { turns in
                let place = Double(harmonic) * strongest.frequency + Double(turns) * rate
                return (harmonic, turns) != (1, 0) && abs(frequency - place) <= 0.003 * frequency
            }
        }
    }

    /// What stands on a multiple of the shaft's speed is the shaft's, though it lies within a bearing line's slip.
    fileprivate func isOrder(of rate: Double) -> Bool {
        let order = frequency / rate
        return order > 0.5 && abs(order - order.rounded()) < 0.004 * order && abs(frequency / expected - 1) > 0.005
    }
}

// MARK: - What turns with the shaft

extension Diagnosis.Finding {
    /// By the usual tables (ISO 13373-1:2002, annex D; Mobley, "Vibration Fundamentals", ch. 14): once a turn is
    /// unbalance, twice misalignment, many multiples looseness.
    fileprivate static func shaft(_ features: Features, _ norm: Diagnosis.Norm) -> [Diagnosis.Finding] {
        guard let velocity = features.comparableVelocity, velocity.rms >= norm.velocity,
            !features.doubts.contains(.fewTurns), features.shaftRate ?? 0 >= velocity.band.lowerBound
        else { return [] }
        let share = features.doubts.isDisjoint(with: [.clipped, .quantised]) ? 1 : 0.5
        var shares: [Double: Double] = [:]
        for order in features.orders { shares[order.order] = order.velocityRMS / velocity.rms }
        guard let once = shares[1], let twice = shares[2] else { return [] }
        let multiples = (1...10).filter { shares[Double($0)] ?? 0 >= 0.15 }
        let strongest = (1...10).max { shares[Double($0)] ?? 0 < shares[Double($1)] ?? 0 } ?? 1
        if multiples.count >= 5 || multiples.count >= 3 && shares[0.5] ?? 0 >= 0.15 {
            let named = [0.5, Double(strongest)].filter { shares[$0] ?? 0 >= 0.15 }
            return [
                Diagnosis.Finding(
                    cause: .looseness, confidence: 0.6 * share,
                    evidence: [.harmonics(multiples.count)] + named.map { .order($0, share: shares[$0] ?? 0) })
            ]
        }
        if twice >= 0.5, twice >= 0.75 * once {
            // Twice the speed of a motor with two poles is all but twice the mains' frequency.
            let line = features.orders.first { $0.order == 2 }?.frequency ?? 0
            let mains = Mains.line(near: line, resolution: features.resolution ?? 0)
            let sure = (twice > once ? 0.7 : 0.55) * share
            return [
                Diagnosis.Finding(
                    cause: .misalignment, confidence: mains == nil ? sure : min(sure, ambiguous),
                    evidence: [.order(2, share: twice), .order(1, share: once)] + (mains.map { [.mains($0)] } ?? []))
            ]
        }
        if once >= 0.75, twice < once / 3 {
            // A bent shaft and a resonance of the foundation look the same.
            return [
                Diagnosis.Finding(
                    cause: .unbalance, confidence: (once >= 0.9 ? 0.75 : 0.6) * share,
                    evidence: [.order(1, share: once)])
            ]
        }
        return []
    }

    /// Much more broadband noise than usual, and nothing that strikes.
    fileprivate static func lubrication(_ features: Features, _ norm: Diagnosis.Norm) -> [Diagnosis.Finding] {
        guard let rms = features.highFrequencyRMS, let usual = norm.highFrequency, usual > 0, rms >= 3 * usual,
            let kurtosis = features.statistics?.kurtosis, kurtosis < 5
        else { return [] }
        return [
            Diagnosis.Finding(
                // Cavitation, and a higher speed, sound the same.
                cause: .lubrication, confidence: 0.4, evidence: [.highFrequency(rms: rms, times: rms / usual)])
        ]
    }
}

extension Features {
    /// How far the bearing's strongest line stands above its neighbours; nil when none could be looked for.
    ///
    /// A line that a motor's electrical vibration explains as well does not count.
    public var bearingRatio: Double? {
        bearingLines.filter { Mains.line(near: $0.frequency, resolution: resolution ?? 0) == nil }
            .compactMap(\.ratio).max()
    }

    /// Whether something turns at the speed that was told: once a turn is a line of its own.
    ///
    /// - Parameter bins: of the whole record, unwindowed.
    func confirmsSpeed(_ bins: borrowing Split, _ grid: Grid) -> Bool {
        guard let rate = shaftRate, let once = orders.first(where: { $0.order == 1 }) else { return false }
        guard abs(once.frequency - rate) <= max(0.005 * rate, resolution ?? 0) else { return false }
        // Its share of the velocity says nothing: integration lifts slow noise, and skirts reach over.
        return Hann.standsOut(at: once.frequency, times: Self.clearly, bins, grid)
    }

    /// Of a dozen lines of noise the largest is seldom over three times the median.
    private static let clearly = 4.0

    /// Whether a bearing line is halfway to standing out: in noise that does not happen, in a short record of damage it
    /// does.
    fileprivate var hasStirring: Bool {
        foreignLines.contains { $0.ratio ?? 0 >= Envelope.Line.outstanding / 2 }
    }

    /// Lines that are neither the shaft's nor a neighbour's.
    fileprivate var bearingLines: [Envelope.Line] { foreignLines.filter(\.isPeak) }

    /// Lines that are not the shaft's.
    private var foreignLines: [Envelope.Line] {
        guard let envelope, !doubts.contains(.fewTurns) else { return [] }
        let rates = shaftRates
        return envelope.lines.filter { line in !rates.contains(where: line.isOrder) }
    }

    /// As told, and as seen where once a turn stands out: a motor slips.
    fileprivate var shaftRates: [Double] {
        let once = orders.first { $0.order == 1 }
        let isSeen = (once?.velocityRMS ?? 0) >= 0.1 * (velocity?.rms ?? .infinity)
        return [shaftRate, isSeen ? once?.frequency : nil].compactMap(\.self)
    }

    /// Nothing keeps a fault from being seen.
    fileprivate var isWhole: Bool {
        doubts.isDisjoint(
            with: [
                .empty, .notFinite, .noSampleRate, .flat, .clipped, .quantised, .underOneSecond, .fewTurns, .noSpeed,
                .noBand, .lowBandwidth, .unconfirmedSpeed,
            ]) && envelope != nil
    }
}

/// Where a motor's electrical vibration lies: twice the frequency of the mains, 50 or 60 Hz, and multiples.
private enum Mains {
    static func line(near frequency: Double, resolution: Double) -> Double? {
        let slack = max(0.003 * frequency, resolution)
        return [100.0, 120, 200, 240, 300, 360].first { abs(frequency - $0) <= slack }
    }
}

extension Hann {
    /// Whether a peak stands so many times above the median of those within a fifth of its frequency.
    fileprivate static func standsOut(
        at frequency: Double, times: Double, _ bins: borrowing Split, _ grid: Grid
    ) -> Bool {
        let here = Int((frequency / grid.resolution).rounded())
        let reach = max(8, Int(0.2 * frequency / grid.resolution))
        let around = max(1, here - reach)..<min(grid.bins, here + reach + 1)
        guard around.contains(here), around.count > 8 else { return false }
        let line = power(bins, here, length: grid.length)
        var others: [Double] = []
        for k in around {
            let power = power(bins, k, length: grid.length)
            if abs(k - here) == 1, power > line { return false }
            if abs(k - here) > 2 { others.append(power) }
        }
        others.sort()
        return line >= times * times * others[others.count / 2]
    }
}
