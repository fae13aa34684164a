import Geo

@testable import Domain

/// A small plant for tests of the pure core: one pump with one point, in zone limits 2.8 / 4.5.
struct Scene {
    static let start = Instant(milliseconds: 1_767_225_600_000)
    var policy = Policy()
    var state: BurstState
    let point: PointID

    init(
        rules: [Rule] = [
            Rule(measure: .velocityRMS, basis: .fixed(Thresholds(boundaryBC: 2.8, boundaryCD: 4.5)), source: "test")
        ], grade: Grade = .A
    ) {
        let asset = Scene.asset(grade: grade)
        point = PointID(asset: asset.id, name: Name(stored: "DE-H"))
        state = BurstState()
        let index = state.add(AssetState(asset, tickets: [:]))
        state.add(PointState(key: PointKey(1), id: point, asset: index, watches: rules.map { Watch($0) }))
    }

    static func asset(grade: Grade = .A) -> AssetFacts {
        AssetFacts(
            id: AssetID(stored: "P1"), site: SiteID(stored: "beilun"),
            place: Coordinate(latitude: 29.88, longitude: 121.79)!, grade: grade, needs: Skill("pump", level: 2))
    }

    /// Minutes after the start.
    static func at(_ minutes: Double) -> Instant { start + .milliseconds(Int64(minutes * 60_000)) }

    func reading(_ minutes: Double, _ velocity: Double?, running: Bool? = true, sequence: Int64? = nil) -> Series {
        var values = Measures()
        values[.velocityRMS] = velocity
        if let running { values[.running] = running ? 1 : 0 }
        let reading = Reading(at: Scene.at(minutes), sequence: sequence, values: values)
        return Series(point: point, site: SiteID(stored: "beilun"), readings: [reading])
    }

    /// Feeds readings one a minute, live: each arrives when it was measured.
    @discardableResult
    mutating func feed(_ values: [Double], from minute: Double = 0, running: Bool? = true) -> [Effect] {
        var effects: [Effect] = []
        for (index, value) in values.enumerated() {
            let minutes = minute + Double(index)
            effects += Decide.readings(
                [reading(minutes, value, running: running)], &state, at: Scene.at(minutes), policy)
        }
        return effects
    }

    var ticket: Ticket? { state.assets[0].tickets?.values.max { $0.id < $1.id } }
    /// The first rule and where it stands.
    var watch: Watch { state.points[0].watches[0] }

    /// Puts the ticket into a state as if people had acted on it.
    mutating func setTicket(_ mutate: (inout Ticket) -> Void) {
        guard var ticket else { return }
        mutate(&ticket)
        state[ticket.fault] = ticket
    }

    static func engineer(
        _ id: String, at place: (Double, Double)? = nil, fixAge: Double = 0, depot: (Double, Double)? = (29.9, 121.8),
        skills: [String: Int] = ["pump": 2], load: Int = 0, cap: Int = 2
    ) -> Candidate {
        Candidate(
            id: EngineerID(stored: id), name: LocalName(zh: id, en: id), skills: skills,
            shift: Shift(days: Set(1...7), start: 0, end: 1440), utcOffset: 28800, load: load, loadCap: cap,
            fix: place.flatMap { Coordinate(latitude: $0.0, longitude: $0.1) }
                .map { Fix(place: $0, accuracy: 10, at: Scene.at(0) - .milliseconds(Int64(fixAge * 60_000))) },
            depot: depot.flatMap { Coordinate(latitude: $0.0, longitude: $0.1) })
    }
}

extension [Effect] {
    var opened: [Ticket] { compactMap { if case .openTicket(let ticket, _) = $0 { ticket } else { nil } } }
    var rejections: [RejectionReason] { compactMap { if case .reject(let r) = $0 { r.reason } else { nil } } }
    var entries: [Entry.Kind] { compactMap { if case .log(_, let entry) = $0 { entry.kind } else { nil } } }
    var notices: [Notice.Kind] { compactMap { if case .notify(let notice, _) = $0 { notice.kind } else { nil } } }
    /// Values, not readings.
    var recorded: Int {
        reduce(0) { count, effect in
            guard case .record(_, let readings) = effect else { return count }
            return count + readings.reduce(0) { $0 + $1.values.present.nonzeroBitCount }
        }
    }
    var timers: [Timer.Kind] { compactMap { if case .setTimer(let timer) = $0 { timer.kind } else { nil } } }
    var saved: Ticket? { compactMap { if case .saveTicket(let ticket) = $0 { ticket } else { nil } }.last }
}
