/// What rules would have done with readings that are stored. The decisions are those of the service; the clock is the
/// readings' own.
///
/// - Readings come in order of event time, so none is late; a burst is at most a minute of them and is decided on when
///   its newest was measured.
/// - People are not replayed, their tickets' ends are: where a live ticket of a fault ended, the one that is open here
///   ends the same way. One that never was live stays open, and takes all that follows at this fault.
/// - A silence counts while anything else is heard: when nothing comes for `Policy.silentTogether`, nobody may have
///   been listening.
public struct Backtest: Sendable {
    public private(set) var tickets: [PastTicket] = []
    public private(set) var episodes: [PastEpisode] = []
    /// Readings taken.
    public private(set) var readings = 0
    /// Event time of the newest that was decided on.
    public private(set) var until: Instant?

    private var state: BurstState
    private let policy: Policy
    /// Those to come, by time.
    private var ends: ArraySlice<TicketEnd>
    private var burst: [Series] = []
    private var burstBegan = Instant(milliseconds: 0)
    /// Where an episode stands in `episodes`.
    private var episodeIndex: [EpisodeID: Int] = [:]
    private var pointOf: [PointKey: PointID] = [:]
    /// What may fall silent, and after how long.
    private let listenedTo: [(point: Int, after: Duration)]
    /// Since when there was no break in what was heard.
    private var hearingSince = Instant(milliseconds: 0)
    /// By site the newest ticket about silence.
    private var silences: [SiteID: Fault] = [:]

    /// - Parameters:
    ///   - state: every point with its rules and nothing learned, every machine without tickets.
    ///   - ends: of the tickets that were.
    public init(_ state: BurstState, ends: [TicketEnd], _ policy: Policy) {
        self.state = state
        self.policy = policy
        self.ends = ends.sorted { $0.at < $1.at }[...]
        var listenedTo: [(Int, Duration)] = []
        for (index, point) in state.points.enumerated() {
            pointOf[point.key] = point.id
            let spans = point.watches.compactMap { watch -> Duration? in
                if case .silence(let span) = watch.rule.basis { span } else { nil }
            }
            if let span = spans.min() { listenedTo.append((index, span)) }
        }
        self.listenedTo = listenedTo
    }

    /// Event time; more than this never stands in one burst.
    public static let burstSpan = Duration.minutes(1)

    /// Takes the next reading by event time.
    public mutating func take(_ point: PointID, _ reading: Reading) {
        if reading.at - burstBegan >= Self.burstSpan { decide() }
        while let end = ends.first, end.at < reading.at {
            decide()
            close(end)
            ends.removeFirst()
        }
        if burst.isEmpty { burstBegan = reading.at }
        if burst.last?.point == point {
            burst[burst.count - 1].readings.append(reading)
        } else {
            burst.append(Series(point: point, readings: [reading]))
        }
    }

    /// Decides on what was taken last.
    ///
    /// - Parameter at: tickets end until then; nil: until the newest reading.
    public mutating func finish(at: Instant? = nil) {
        decide()
        guard let last = at ?? until else { return }
        while let end = ends.first, end.at <= last {
            close(end)
            ends.removeFirst()
        }
    }

    private mutating func decide() {
        guard let now = burst.last?.readings.last?.at else { return }
        if until.map({ now - $0 > policy.silentTogether }) ?? true { hearingSince = burstBegan }
        until = now
        readings += burst.reduce(0) { $0 + $1.readings.count }
        follow(Decide.readings(burst, &state, at: now, policy), at: now)
        state.settle()
        burst.removeAll(keepingCapacity: true)
        let quiet = listenedTo.filter { listened in
            state.points[listened.point].newest.map { now - $0 >= listened.after } ?? false
        }
        guard !quiet.isEmpty else { return }
        let recent = silences.compactMapValues { state[$0] }
        let points = quiet.map { state.points[$0.point].id }
        follow(Decide.silence(points, recent, since: hearingSince, &state, at: now, policy), at: now)
        state.settle()
    }

    private mutating func follow(_ effects: [Effect], at now: Instant) {
        for effect in effects {
            switch effect {
            case .openTicket(let ticket, let breach): open(ticket, breach)
            case .saveTicket(let ticket):
                update(ticket.id) { known in
                    if ticket.severity == .critical, known.criticalAt == nil { known.criticalAt = now }
                    known.severity = ticket.severity
                }
            case .log(let id, let entry) where entry.kind == .reopened:
                update(id) { ($0.endedAt, $0.outcome, $0.reopened) = (nil, nil, $0.reopened + 1) }
            case .saveEpisode(let episode, let key, let rule, let clearedAt):
                keep(episode, at: key, rule, clearedAt: clearedAt)
            default: break
            }
        }
    }

    private mutating func open(_ ticket: Ticket, _ breach: Breach) {
        tickets.append(
            PastTicket(
                id: ticket.id, fault: ticket.fault, breach: breach, beganAt: breach.at, severity: ticket.severity,
                criticalAt: ticket.severity == .critical ? breach.at : nil))
        if ticket.fault.kind == .silence, let index = state.index(of: ticket.fault.asset) {
            silences[state.assets[index].facts.site] = ticket.fault
        }
    }

    /// Tickets are numbered from 1, without a gap.
    private mutating func update(_ id: TicketID, _ change: (inout PastTicket) -> Void) {
        let index = Int(id.number) - 1
        if tickets.indices.contains(index) { change(&tickets[index]) }
    }

    private mutating func keep(_ episode: Episode, at key: PointKey, _ rule: RuleID, clearedAt: Instant?) {
        if let index = episodeIndex[episode.id] {
            if let clearedAt { episodes[index].clearedAt = clearedAt }
        } else if let point = pointOf[key] {
            episodeIndex[episode.id] = episodes.count
            episodes.append(
                PastEpisode(point: point, rule: rule, raisedAt: episode.raisedAt, clearedAt: clearedAt))
        }
        if clearedAt != nil { episodeIndex[episode.id] = nil }
    }

    private mutating func close(_ end: TicketEnd) {
        guard var ticket = state[end.fault], ticket.state.isOpen else { return }
        ticket.state = end.outcome == .cancelled ? .cancelled : .closed
        (ticket.outcome, ticket.closedAt, ticket.proof) = (end.outcome, end.at, [:])
        state[end.fault] = ticket
        update(ticket.id) { ($0.endedAt, $0.outcome) = (end.at, end.outcome) }
    }
}
