/// A point with its rules and where they stand.
public struct PointState: Sendable {
    public let key: PointKey
    public let id: PointID
    /// Of the asset in `BurstState.assets`.
    public let asset: Int
    var rules: RuleSet
    /// As `rules`, one each.
    private var detectors: [Detector]
    /// Bit n: detector n is to be saved. A point has one rule of a measure and kind at most, so there are fewer than 64.
    private var changed: UInt64 = 0
    /// The newest event time recorded, of any measure: what is newer can't be a repeat.
    public internal(set) var newest: Instant?
    public internal(set) var numbering: Numbering
    /// Measures that the sender has told itself, as `Measures.present`.
    public internal(set) var told: UInt16
    /// Recorded by the burst in hand; the first `indexed` of them are in `BurstState.known`.
    var fresh: [[Reading]] = [] { didSet { if fresh.isEmpty { indexed = 0 } } }
    var indexed = 0
    var isChanged = false
    var isTouched = false

    public init(
        key: PointKey, id: PointID, asset: Int, watches: [Watch], newest: Instant? = nil,
        numbering: Numbering = Numbering(), told: UInt16 = 0
    ) {
        self.key = key
        self.id = id
        self.asset = asset
        rules = RuleSet(watches.map(\.rule))
        let known = Dictionary(watches.map { ($0.rule.id, $0.detector) }) { first, _ in first }
        detectors = rules.rules.map { known[$0.id] ?? Detector() }
        self.newest = newest
        self.numbering = numbering
        self.told = told
    }

    /// Each rule and where it stands.
    public var watches: [Watch] { zip(rules.rules, detectors).map { Watch($0, $1) } }

    /// Those that have moved since they were last saved.
    public var changes: [Watch] { watches.indices.filter { changed & 1 << $0 != 0 }.map { watch(at: $0) } }

    func watch(at index: Int) -> Watch { Watch(rules.rules[index], detectors[index]) }

    /// Of the rule at `watch`.
    subscript(episodeAt watch: Int) -> Episode? {
        get { detectors[watch].episode }
        set {
            detectors[watch].episode = newValue
            changed |= 1 << watch
        }
    }

    /// Judges what is new of one reading; says which rules' verdicts changed.
    ///
    /// - Parameters:
    ///   - now: when it came; silence runs on our own clock.
    ///   - isWorkedOn: work is planned on the machine.
    mutating func judge(
        _ news: Reading, _ moment: MachineRun.Moment, at now: Instant, isWorkedOn: Bool
    ) -> [(watch: Int, event: Detector.Event)] {
        var events: [(Int, Detector.Event)] = []
        let rules = rules
        // The sensor first: what a broken one says is not the machine's.
        var muted = MeasureKinds()
        for index in 0..<rules.machine {
            if let value = news.values[rules.terms[index].measure] {
                if rules.terms[index].isMuted(moment) {
                    stand(index, at: news.at)
                } else if let event = check(index, value, of: news, moment, at: now) {
                    events.append((index, event))
                }
            }
            if isBad(index, at: news.at) { muted.insert(rules.terms[index].measureKind) }
        }
        // What is known to be wrong is not learned.
        var faulty = MeasureKinds()
        for index in rules.machine..<detectors.count where detectors[index].hasEpisode {
            if rules.terms[index].kind != .learned { faulty.insert(rules.terms[index].measureKind) }
        }
        for index in rules.machine..<detectors.count {
            if rules.terms[index].isMuted(moment) {
                stand(index, at: news.at)
            } else if let value = news.values[rules.terms[index].measure] {
                let kind = rules.terms[index].measureKind
                guard !muted.contains(kind) else { continue }
                changed |= 1 << index
                let event = detectors[index].advance(
                    value, at: news.at, moment, by: rules.terms[index], mayLearn: !isWorkedOn && !faulty.contains(kind))
                if let event { events.append((index, event)) }
            }
        }
        return events
    }

    /// For rules that look at the sender, not at the machine.
    private mutating func check(
        _ index: Int, _ value: Double, of reading: Reading, _ moment: MachineRun.Moment, at now: Instant
    ) -> Detector.Event? {
        switch rules.terms[index].basis {
        case .sensor(let check):
            changed |= 1 << index
            return detectors[index].check(value, of: reading, moment, by: rules.terms[index], check)
        case .silence:
            let (event, isChanged) = detectors[index].hear(reading.at, at: now, saveEvery: rules.terms[index].saveEvery)
            if isChanged { changed |= 1 << index }
            return event
        case .fixed, .learned, .rate: return nil
        }
    }

    /// The machine stands still or has just started; what follows is judged afresh.
    private mutating func stand(_ index: Int, at: Instant) {
        guard !detectors[index].isFresh else { return }
        // Told late, it says nothing about what was judged since.
        if let last = detectors[index].last, at <= last { return }
        detectors[index].forget()
        changed |= 1 << index
    }

    /// Of a sensor's rule: it is at fault, or was at the reading of this time.
    private func isBad(_ index: Int, at: Instant) -> Bool {
        rules.terms[index].kind == .sensor && (detectors[index].hasEpisode || detectors[index].wasBad(at: at))
    }

    /// The sensor of such measures is at fault, or was at the reading of this time.
    func isMuted(_ kind: FaultKind, at: Instant) -> Bool {
        (0..<rules.machine).contains { rules.terms[$0].measureKind == kind && isBad($0, at: at) }
    }

    /// The sender's clock was set back: what comes now is judged, though it is dated before what came.
    mutating func rewind(to at: Instant) {
        for index in detectors.indices where detectors[index].last.map({ $0 > at }) ?? false {
            detectors[index].last = nil
            detectors[index].forget()
            changed |= 1 << index
        }
    }

    mutating func takeChanges(into effects: inout [Effect]) {
        isChanged = false
        for index in detectors.indices where changed & 1 << index != 0 {
            let rule = rules.rules[index].id
            for learned in detectors[index].takeLearned() { effects.append(.saveBaseline(key, rule, learned)) }
            if let episode = detectors[index].episode {
                effects.append(.saveEpisode(episode, key, rule, clearedAt: nil))
            }
        }
        effects.append(.savePoint(self))
        changed = 0
    }
}

/// One rule and where it stands.
public struct Watch: Sendable {
    public let rule: Rule
    public let detector: Detector

    public init(_ rule: Rule, _ detector: Detector = Detector()) {
        self.rule = rule
        self.detector = detector
    }

    /// The limits in force, if there are any yet.
    public var thresholds: Thresholds? { detector.thresholds(of: rule) }
}

/// Vibration, temperature, both or none.
private struct MeasureKinds {
    private var vibration = false
    private var temperature = false

    mutating func insert(_ kind: FaultKind) {
        if kind == .temperature { temperature = true } else { vibration = true }
    }

    func contains(_ kind: FaultKind) -> Bool { kind == .temperature ? temperature : vibration }
}
