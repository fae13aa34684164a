/// Why each candidate was or wasn't chosen; stored with every offer.
public struct Ledger: Hashable, Sendable, Codable {
    public struct Line: Hashable, Sendable, Codable {
        public var engineer: String
        public var name: LocalName
        public var arrival: Arrival?
        public var ineligible: Ineligible?
    }
    /// Eligible ones first by arrival, then the others by id.
    public var lines: [Line]
    public var chosen: String?

    /// How many fell to each reason: what a "nobody eligible" is explained with.
    public var counts: [String: Int] {
        lines.reduce(into: [:]) { counts, line in
            if let code = line.ineligible?.code { counts[code, default: 0] += 1 }
        }
    }
}

extension Ledger {
    /// Nearest eligible by arrival time; ties by id, so that the same state gives the same choice.
    public static func rank(
        _ candidates: [Candidate], for asset: AssetFacts, at now: Instant, _ policy: Policy, travel: Travel = Travel()
    ) -> Ledger {
        var eligible: [Line] = []
        var others: [Line] = []
        for candidate in candidates.sorted(by: { $0.id < $1.id }) {
            var line = Line(engineer: candidate.id.text, name: candidate.name)
            line.arrival = candidate.arrival(at: asset.place, now: now, travel: travel)
            line.ineligible =
                candidate.ineligible(for: asset, at: now, policy) ?? (line.arrival == nil ? .noPosition : nil)
            if line.ineligible == nil { eligible.append(line) } else { others.append(line) }
        }
        // The sort is stable, so equal arrivals stay in order of id.
        eligible.sort { ($0.arrival?.minutes ?? .infinity) < ($1.arrival?.minutes ?? .infinity) }
        return Ledger(lines: eligible + others, chosen: eligible.first?.engineer)
    }
}
