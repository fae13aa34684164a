/// What a burst of readings is decided on: loaded before, stored after, by the same transaction. Between bursts the
/// store may keep it; `settle` forgets what belongs to one burst only.
public struct BurstState: Sendable {
    public private(set) var points: [PointState] = []
    public private(set) var assets: [AssetState] = []
    private var pointIndex: [PointID: Int] = [:]
    private var assetIndex: [AssetID: Int] = [:]
    /// A plant has few different lists of rules, and very many points that they are for.
    private var rules: [RuleSet: RuleSet] = [:]
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
        let known = rules[point.rules, default: point.rules]
        rules[known] = known
        points.append(point)
        points[points.count - 1].rules = known
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
