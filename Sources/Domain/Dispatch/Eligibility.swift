/// Why an engineer can't have this job now. Cheap tests first; the first that fails is the reason.
public enum Ineligible: Hashable, Sendable, Codable {
    case offShift
    case lacksSkill(String, needed: Int, has: Int)
    case atCap(load: Int, cap: Int)
    case declinedRecently
    case noPosition

    public var code: String {
        switch self {
        case .offShift: "off_shift"
        case .lacksSkill: "lacks_skill"
        case .atCap: "at_cap"
        case .declinedRecently: "declined_recently"
        case .noPosition: "no_position"
        }
    }
}

extension Candidate {
    /// nil when this engineer may have the job.
    func ineligible(for asset: AssetFacts, at now: Instant, _ policy: Policy) -> Ineligible? {
        if !isOnShift(at: now) { return .offShift }
        if let missing = missingSkill(asset.needs) { return missing }
        if load >= loadCap { return .atCap(load: load, cap: loadCap) }
        if let declinedAt, now < declinedAt + policy.declineRests { return .declinedRecently }
        if fix == nil, depot == nil { return .noPosition }
        return nil
    }

    private func isOnShift(at now: Instant) -> Bool { shift.covers(CivilTime(now, offsetSeconds: utcOffset)) }

    private func missingSkill(_ needed: Skill) -> Ineligible? {
        let has = skills[needed.name] ?? 0
        return has >= needed.level ? nil : .lacksSkill(needed.name, needed: needed.level, has: has)
    }
}
