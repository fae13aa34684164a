/// The rules of a point, with what is asked of them at each reading.
final class RuleSet: Sendable {
    /// Those of the sensor and its sender stand before those of the machine.
    let rules: [Rule]
    let terms: [Terms]
    /// Where those of the machine begin.
    let machine: Int

    init(_ rules: [Rule]) {
        let ofSender = rules.filter { !$0.kind.isOfMachine }
        self.rules = ofSender + rules.filter(\.kind.isOfMachine)
        terms = self.rules.map(Terms.init)
        machine = ofSender.count
    }
}

extension RuleSet: Hashable {
    static func == (a: RuleSet, b: RuleSet) -> Bool { a === b || a.rules == b.rules }
    func hash(into hasher: inout Hasher) { hasher.combine(rules) }
}

/// A rule without its words: plain bytes, nothing to count references of at each reading. Times in milliseconds.
struct Terms {
    let basis: Rule.Basis
    let confirmation: Confirmation
    let severity: Severity
    let measure: Measure
    let kind: Rule.Kind
    /// Whose sensor it is about: vibration's or temperature's.
    let measureKind: FaultKind
    let hold: Int64
    /// Of a rate: its time constant.
    let span: Int64
    private let needsRunning: Bool
    private let settling: Int64
    /// Of a silence: how often it is worth a write that something was heard.
    let saveEvery: Int64

    init(_ rule: Rule) {
        (basis, confirmation, severity) = (rule.basis, rule.confirmation, rule.severity)
        (measure, kind, measureKind) = (rule.measure, rule.kind, FaultKind(rule.measure))
        hold = rule.hold.milliseconds
        if case .rate(_, let over) = rule.basis { span = over.milliseconds } else { span = 0 }
        (needsRunning, settling) = (rule.measure.needsRunning, rule.settling.milliseconds)
        if case .silence(let after) = rule.basis {
            saveEvery = (after / Heard.precision).milliseconds
        } else {
            saveEvery = 0
        }
    }

    /// The machine is at rest, or starting: what it shows says nothing.
    func isMuted(_ moment: MachineRun.Moment) -> Bool {
        guard needsRunning else { return false }
        return moment.isRunning == false || moment.runningFor.map { $0.milliseconds < settling } == true
    }
}
