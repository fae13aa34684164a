import ArgumentParser
import CHeap
import Domain
import Geo

/// Measures what deciding on readings costs, in memory and with every kind of rule on: no store, no broker.
/// `ops/bench/README.md` has results.
struct DecideBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide-bench", abstract: "Measures deciding on readings, with every kind of rule on.",
        shouldDisplay: false)
    @Option(help: "Points, each with ten rules.") var points = 10_000
    @Option(help: "Readings of three measures in a series.") var batch = 10
    @Option(help: "Readings in all.") var readings = 10_000_000

    func run() throws {
        let empty = Self.heap()
        var state = BurstState()
        try addMachines(to: &state)
        let before = Self.heap()
        addPoints(to: &state)
        let perSeries = points * batch
        let policy = Policy()
        // The first round learns what a point's state holds at most: windows, baselines, what is fresh.
        var (round, taken) = (0, Duration.zero)
        var opened = 0
        while round * perSeries < readings {
            let now = Self.start + .milliseconds((round + 1) * batch * Self.step)
            for first in stride(from: 0, to: points, by: Self.seriesABurst) {
                let burst = (first..<min(points, first + Self.seriesABurst)).map { series($0, round) }
                taken += ContinuousClock().measure {
                    let effects = Decide.readings(burst, &state, at: now, policy)
                    opened += effects.count { if case .openTicket = $0 { true } else { false } }
                    state.settle()
                }
            }
            round += 1
        }
        let count = round * perSeries
        let bytes = Self.heap() - before
        guard opened == 0 else { throw ValidationError("\(opened) tickets of a healthy plant") }
        print(
            "\(count) readings of three measures, \(batch) a series, \(points) points with \(rules.count) rules: ",
            terminator: "")
        print("\(Int(Double(count) / (taken / .seconds(1)))) readings/s")
        print("state: \(bytes / points) bytes a point, \(bytes / points / rules.count) a rule; ", terminator: "")
        print("its machine \((before - empty) / points)")
    }

    /// In use, large blocks of their own included.
    private static func heap() -> Int {
        let info = mallinfo2()
        return Int(info.uordblks + info.hblkhd)
    }

    private static let seriesABurst = 1_000
    /// Milliseconds between two readings of a point.
    private static let step = 1_000
    private static let start = Instant(milliseconds: 1_767_225_600_000)

    private var rules: [Rule] {
        let (velocity, acceleration, heat) = (Measure.velocityRMS, Measure.accelerationRMS, Measure.temperature)
        let learning = Learning(readings: 250)
        let (flat, hot) = (SensorCheck(flat: 120, rest: 0.25), SensorCheck(rails: -50...300, jump: 5))
        let bases: [(Measure, Rule.Basis)] = [
            (velocity, .fixed(Thresholds(boundaryBC: 2.8, boundaryCD: 4.5))), (velocity, .learned(learning)),
            (velocity, .rate(Thresholds(raise: 5, clear: 2), over: .minutes(30))),
            (velocity, .silence(after: .days(1))),
            (velocity, .sensor(flat)), (acceleration, .learned(learning)), (acceleration, .sensor(flat)),
            (heat, .fixed(Thresholds(raise: 80, clear: 75))),
            (heat, .rate(Thresholds(raise: 100, clear: 50), over: .minutes(30))), (heat, .sensor(hot)),
        ]
        return bases.map { Rule(measure: $0.0, basis: $0.1, source: "bench") }
    }

    private func addMachines(to state: inout BurstState) throws {
        guard let place = Coordinate(latitude: 30, longitude: 121) else { throw ValidationError("no place") }
        for number in 0..<points {
            let facts = AssetFacts(
                id: AssetID(stored: "M\(number)"), site: SiteID(stored: "s"), place: place, grade: .C,
                needs: Skill("pump", level: 1))
            _ = state.add(AssetState(facts, tickets: [:]))
        }
    }

    private func addPoints(to state: inout BurstState) {
        let watches = rules.map { Watch($0) }
        for number in 0..<points {
            state.add(PointState(key: PointKey(Int64(number)), id: Self.point(number), asset: number, watches: watches))
        }
    }

    private static func point(_ number: Int) -> PointID {
        PointID(asset: AssetID(stored: "M\(number)"), name: Name(stored: "DE-H"))
    }

    private func series(_ number: Int, _ round: Int) -> Series {
        let readings = (round * batch..<(round + 1) * batch).map { n in
            var values = Measures()
            values[.velocityRMS] = 1 + Double((n * 13 + number) % 997) / 10_000
            values[.accelerationRMS] = 0.3 + Double((n * 7 + number) % 997) / 10_000
            values[.temperature] = 45 + Double((n * 3 + number) % 17) / 10
            values[.running] = 1
            return Reading(at: Self.start + .milliseconds(n * Self.step), sequence: Int64(n), values: values)
        }
        return Series(point: Self.point(number), readings: readings)
    }
}
