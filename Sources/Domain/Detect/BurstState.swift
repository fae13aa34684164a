/// What a burst of readings is decided on: loaded before, stored after, by the same transaction. Between bursts the
/// store may keep it; `settle` forgets what belongs to one burst only.
public struct BurstState: Sendable {
    public private(set) var points: [PointState] = []
    public private(set) var assets: [AssetState] = []
    private var pointIndex: [PointID: Int] = [:]
    private var assetIndex: [AssetID: Int] = [:]
    /// A plant has few different rules, and very many points that they are for.
    private var rules: [Rule: SharedRule] = [:]
    /// Points with something to save, in the order of their first reading.
    private var touched: [Int] = []
    /// Machines whose run has changed.
    private var ran: [Int] = []
    /// Values that the store already has under the keys of late readings.
    public var known: [ValueKey: Double] = [:]
    public var nextTicket: Int64
    public var nextEpisode: Int64

    public init(nextTicket: Int64 = 1, nextEpisode: Int64 = 1) {
        self.nextTicket = nextTicket
        self.nextEpisode = nextEpisode
    }

    public func index(of point: PointID) -> Int? { pointIndex[point] }
    public func index(of asset: AssetID) -> Int? { assetIndex[asset] }

    /// Adds a point; its asset must have been added.
    public mutating func add(_ point: PointState) {
        pointIndex[point.id] = points.count
        points.append(point)
        for index in point.watches.indices {
            let rule = point.watches[index].shared
            points[points.count - 1].watches[index].shared = rules[rule.rule, default: rule]
            rules[rule.rule] = points[points.count - 1].watches[index].shared
        }
    }

    /// - Returns: where the asset stands, for its points.
    public mutating func add(_ asset: AssetState) -> Int {
        assetIndex[asset.facts.id] = assets.count
        assets.append(asset)
        return assets.count - 1
    }

    /// For each fault the open ticket, or else the last one closed.
    public subscript(fault: Fault) -> Ticket? {
        get { index(of: fault.asset).flatMap { assets[$0].tickets?[fault] } }
        set { if let index = index(of: fault.asset) { assets[index].tickets?[fault] = newValue } }
    }

    public mutating func setTickets(_ tickets: [Fault: Ticket], ofAssetAt index: Int) {
        assets[index].tickets = tickets
    }

    /// Somebody else than `Decide.readings` has changed a ticket: to be loaded again before it is decided on.
    public mutating func forgetTickets(of asset: AssetID) {
        if let index = index(of: asset) { assets[index].tickets = nil }
    }

    /// The burst is decided: what only its own readings could repeat is forgotten.
    public mutating func settle() {
        known = [:]
        for index in touched {
            points[index].fresh = []
            points[index].isTouched = false
        }
        touched = []
    }

    private mutating func touch(_ index: Int) {
        points[index].isChanged = true
        guard !points[index].isTouched else { return }
        points[index].isTouched = true
        touched.append(index)
    }

    /// What the sender of a point tells itself is not derived.
    mutating func noteTold(_ readings: [Reading], at index: Int) {
        var told = points[index].told
        for reading in readings { told |= reading.values.present }
        if told != points[index].told {
            points[index].told = told
            touch(index)
        }
    }

    /// The newest counts.
    mutating func setDiagnosis(_ diagnosis: TicketDiagnosis, ofAssetAt index: Int) {
        if let known = assets[index].diagnosis, known.at > diagnosis.at { return }
        assets[index].diagnosis = diagnosis
    }

    public mutating func setPlannedWork(_ spans: [PlannedWork.Span], ofAssetAt index: Int) {
        assets[index].plannedWork = spans
    }

    mutating func newTicket(_ fault: Fault, grade: Grade, severity: Severity, at now: Instant) -> Ticket {
        defer { nextTicket += 1 }
        return Ticket(id: TicketID(nextTicket), fault: fault, grade: grade, severity: severity, openedAt: now)
    }

    mutating func newEpisode() -> EpisodeID {
        defer { nextEpisode += 1 }
        return EpisodeID(nextEpisode)
    }

    /// Takes what a reading says of its machine's run; says how the machine runs at it.
    mutating func run(_ reading: Reading, ofAssetAt index: Int, _ policy: Policy) -> MachineRun.Moment {
        if assets[index].run.take(reading), !assets[index].hasRun {
            assets[index].hasRun = true
            ran.append(index)
        }
        return assets[index].run.moment(of: reading, trust: policy.runTrust, speedTrust: policy.speedTrust)
    }

    /// A sender's clock was set back to `at`.
    mutating func rewind(_ index: Int, to at: Instant) {
        update(index) { $0.rewind(to: at) }
        assets[points[index].asset].run.rewind(to: at)
    }

    /// As `PointState.judge`.
    mutating func judge(
        _ reading: Reading, _ moment: MachineRun.Moment, at index: Int, _ now: Instant, isWorkedOn: Bool
    ) -> [(watch: Int, event: Detector.Event)] {
        points[index].judge(reading, moment, at: now, isWorkedOn: isWorkedOn)
    }

    /// Changes a point that is saved with the burst.
    mutating func update<Result>(_ index: Int, _ change: (inout PointState) -> Result) -> Result {
        touch(index)
        return change(&points[index])
    }

    /// Counts a sender's numbers; what that changes is saved, even if nothing is recorded.
    mutating func number(at index: Int, _ count: (inout Numbering) -> Void) {
        let before = points[index].numbering
        count(&points[index].numbering)
        if points[index].numbering != before { touch(index) }
    }

    /// Notes what of the point was recorded; kept until `settle`, so that a repeat in the same burst is known as one.
    mutating func took(_ readings: [Reading], at index: Int) {
        touch(index)
        for reading in readings where points[index].newest.map({ reading.at > $0 }) ?? true {
            points[index].newest = reading.at
        }
        points[index].fresh.append(readings)
    }

    /// What is stored under `key`, the burst's own readings included.
    mutating func known(_ key: ValueKey, at index: Int) -> Double? {
        // Once for each run of late readings: what came fresh in this burst joins what the store knew.
        for reading in points[index].fresh.lazy.dropFirst(points[index].indexed).joined() {
            for measure in Measure.allCases {
                guard let value = reading.values[measure] else { continue }
                known[ValueKey(point: key.point, measure: measure, at: reading.at)] = value
            }
        }
        points[index].indexed = points[index].fresh.count
        return known[key]
    }

    /// One save a point and burst, however many readings moved it.
    mutating func takeChanges(into effects: inout [Effect]) {
        for index in touched where points[index].isChanged { points[index].takeChanges(into: &effects) }
        for index in ran {
            assets[index].hasRun = false
            effects.append(.saveRun(assets[index].facts.id, assets[index].run))
        }
        ran = []
    }
}

/// A machine, how it runs, and its tickets.
public struct AssetState: Sendable {
    public let facts: AssetFacts
    public internal(set) var run: MachineRun
    var hasRun = false
    /// nil until loaded.
    public fileprivate(set) var tickets: [Fault: Ticket]?

    /// Planned work on it: what shows meanwhile opens no ticket.
    public var plannedWork: [PlannedWork.Span]
    /// The newest that a waveform of it has told.
    public internal(set) var diagnosis: TicketDiagnosis?

    public init(
        _ facts: AssetFacts, run: MachineRun = MachineRun(), tickets: [Fault: Ticket]? = nil,
        plannedWork: [PlannedWork.Span] = [], diagnosis: TicketDiagnosis? = nil
    ) {
        self.facts = facts
        self.run = run
        self.tickets = tickets
        self.plannedWork = plannedWork
        self.diagnosis = diagnosis
    }

    /// A ticket waits for the machine's own proof.
    var isProving: Bool { tickets?.values.contains { $0.state == .verifying } == true }

    func isWorkedOn(at: Instant) -> Bool { plannedWork.contains { $0.contains(at) } }
}

/// A point with its rules and where they stand.
public struct PointState: Sendable {
    public let key: PointKey
    public let id: PointID
    /// Of the asset in `BurstState.assets`.
    public let asset: Int
    public internal(set) var watches: [Watch]
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
        self.watches = watches
        self.newest = newest
        self.numbering = numbering
        self.told = told
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
        // The sensor first: what a broken one says is not the machine's.
        var (muted, faulty) = (MeasureKinds(), MeasureKinds())
        for index in watches.indices {
            let rule = watches[index].shared
            if rule.isOfMachine {
                // What is known to be wrong is not learned.
                if rule.kind != .learned, watches[index].detector.hasEpisode { faulty.insert(rule.measureKind) }
                continue
            }
            if let value = news.values[rule.measure] {
                if rule.isMuted(moment) {
                    watches[index].stand(at: news.at)
                } else if let event = watches[index].check(value, of: news, moment, at: now) {
                    events.append((index, event))
                }
            }
            if watches[index].isBad(at: news.at) { muted.insert(rule.measureKind) }
        }
        for index in watches.indices where watches[index].shared.isOfMachine {
            let rule = watches[index].shared
            if rule.isMuted(moment) {
                watches[index].stand(at: news.at)
            } else if let value = news.values[rule.measure], !muted.contains(rule.measureKind) {
                let mayLearn = !isWorkedOn && !faulty.contains(rule.measureKind)
                if let event = watches[index].advance(value, at: news.at, moment, mayLearn: mayLearn) {
                    events.append((index, event))
                }
            }
        }
        return events
    }

    /// The sensor of such measures is at fault, or was at the reading of this time.
    func isMuted(_ kind: FaultKind, at: Instant) -> Bool {
        watches.contains { $0.shared.measureKind == kind && $0.isBad(at: at) }
    }

    /// The sender's clock was set back: what comes now is judged, though it is dated before what came.
    mutating func rewind(to at: Instant) {
        for index in watches.indices where watches[index].detector.last.map({ $0 > at }) ?? false {
            watches[index].detector.last = nil
            watches[index].detector.forget()
            watches[index].isChanged = true
        }
    }

    mutating func takeChanges(into effects: inout [Effect]) {
        isChanged = false
        if let newest { effects.append(.saveProgress(key, newest: newest, numbering, told: told)) }
        for index in watches.indices where watches[index].isChanged {
            watches[index].isChanged = false
            let rule = watches[index].shared
            for learned in watches[index].detector.takeLearned() {
                effects.append(.saveBaseline(key, rule.id, learned))
            }
            effects.append(.saveDetector(key, rule.id, watches[index].detector, silence: rule.silence))
            if let episode = watches[index].detector.episode {
                effects.append(.saveEpisode(episode, key, rule.id, clearedAt: nil))
            }
        }
    }
}

/// A rule as many points have it, with what is asked of it at each reading; times in milliseconds.
final class SharedRule: Sendable {
    let rule: Rule
    let id: RuleID
    let measure: Measure
    let kind: Rule.Kind
    let isOfMachine: Bool
    /// Whose sensor it is about: vibration's or temperature's.
    let measureKind: FaultKind
    let hold: Int64
    /// Of a rate: its time constant.
    let span: Int64
    let silence: Duration?
    private let needsRunning: Bool
    private let settling: Duration

    init(_ rule: Rule) {
        self.rule = rule
        id = rule.id
        hold = rule.hold.milliseconds
        if case .rate(_, let over) = rule.basis { span = over.milliseconds } else { span = 0 }
        if case .silence(let after) = rule.basis { silence = after } else { silence = nil }
        (measure, kind, isOfMachine) = (rule.measure, rule.kind, rule.kind.isOfMachine)
        (measureKind, needsRunning, settling) = (FaultKind(rule.measure), rule.measure.needsRunning, rule.settling)
    }

    /// The machine is at rest, or starting: what it shows says nothing.
    func isMuted(_ moment: MachineRun.Moment) -> Bool {
        guard needsRunning else { return false }
        return moment.isRunning == false || moment.runningFor.map { $0 < settling } == true
    }
}

/// One rule and where it stands.
public struct Watch: Sendable {
    fileprivate(set) var shared: SharedRule
    public internal(set) var detector: Detector
    var isChanged = false

    public init(_ rule: Rule, _ detector: Detector = Detector()) {
        shared = SharedRule(rule)
        self.detector = detector
    }

    public var rule: Rule { shared.rule }

    /// The limits in force, if there are any yet.
    public var thresholds: Thresholds? { detector.thresholds(of: shared.rule) }

    /// Of a sensor's rule: it is at fault, or was at the reading of this time.
    fileprivate func isBad(at: Instant) -> Bool {
        shared.kind == .sensor && (detector.hasEpisode || detector.wasBad(at: at))
    }

    mutating func advance(
        _ value: Double, at: Instant, _ moment: MachineRun.Moment, mayLearn: Bool
    ) -> Detector.Event? {
        isChanged = true
        return detector.advance(value, at: at, moment, by: shared, mayLearn: mayLearn)
    }

    /// For rules that look at the sender, not at the machine.
    mutating func check(
        _ value: Double, of reading: Reading, _ moment: MachineRun.Moment, at now: Instant
    ) -> Detector.Event? {
        switch shared.rule.basis {
        case .sensor(let check):
            isChanged = true
            return detector.check(value, of: reading, moment, by: shared, check)
        case .silence(let span):
            let (event, isChanged) = detector.hear(reading.at, at: now, saveEvery: span / Heard.precision)
            if isChanged { self.isChanged = true }
            return event
        case .fixed, .learned, .rate: return nil
        }
    }

    /// The machine stands still or has just started; what follows is judged afresh.
    mutating func stand(at: Instant) {
        guard detector.over | detector.under | detector.critical != 0 else { return }
        // Told late, it says nothing about what was judged since.
        if let last = detector.last, at <= last { return }
        detector.forget()
        isChanged = true
    }
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
