import Domain
import GRDB

/// One measure of one point over a minute or an hour.
struct Rollup: Equatable {
    enum Span: String, CaseIterable {
        case minute, hour

        var milliseconds: Int64 { self == .minute ? 60_000 : 3_600_000 }
        var table: String { "rollup_\(rawValue)" }
    }

    let point: PointKey
    let measure: Measure
    /// When the span begins.
    let at: Int64
    var count = 0
    var lowest = Double.infinity
    var highest = -Double.infinity
    var sum = 0.0

    init(_ point: PointKey, _ measure: Measure, at: Int64) {
        self.point = point
        self.measure = measure
        self.at = at
    }

    mutating func add(_ value: Double) {
        count += 1
        lowest = min(lowest, value)
        highest = max(highest, value)
        sum += value
    }

    mutating func add(_ other: Rollup) {
        count += other.count
        lowest = min(lowest, other.lowest)
        highest = max(highest, other.highest)
        sum += other.sum
    }

    /// The minutes of a run.
    static func minutes(of point: PointKey, _ run: Run) -> [Rollup] {
        var open = InlineArray<11, Rollup?>(repeating: nil)
        var done: [Rollup] = []
        for reading in run.readings {
            let at = start(of: reading.at.milliseconds, .minute)
            for measure in Measure.allCases {
                guard let value = reading.values[measure] else { continue }
                let index = Int(measure.rawValue)
                if open[index]?.at != at {
                    if let full = open[index] { done.append(full) }
                    open[index] = Rollup(point, measure, at: at)
                }
                open[index]?.add(value)
            }
        }
        for index in open.indices { if let last = open[index] { done.append(last) } }
        return done
    }

    /// The hours of a run's minutes.
    static func hours(of minutes: [Rollup]) -> [Rollup] {
        var hours: [Rollup] = []
        var places: [Rollup.Place: Int] = [:]
        for minute in minutes {
            let place = Place(point: minute.point, measure: minute.measure, at: start(of: minute.at, .hour))
            if let known = places[place] {
                hours[known].add(minute)
            } else {
                places[place] = hours.count
                hours.append(Rollup(place.point, place.measure, at: place.at))
                hours[hours.count - 1].add(minute)
            }
        }
        return hours
    }

    private struct Place: Hashable {
        let point: PointKey
        let measure: Measure
        let at: Int64
    }

    static func start(of milliseconds: Int64, _ span: Span) -> Int64 {
        let rest = milliseconds % span.milliseconds
        return milliseconds - (rest < 0 ? rest + span.milliseconds : rest)
    }

    /// Joins the stored row of the same span.
    func save(_ db: Database, _ span: Span) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO \(span.table) (point, measure, at, count, lowest, highest, sum) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (point, measure, at) DO UPDATE SET count = count + excluded.count,
                    lowest = min(lowest, excluded.lowest), highest = max(highest, excluded.highest),
                    sum = sum + excluded.sum
                """
        ).execute(arguments: [point.number, Int(measure.rawValue), at, count, lowest, highest, sum])
    }
}
