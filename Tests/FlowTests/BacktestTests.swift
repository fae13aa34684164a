import Domain
import Foundation
import GRDB
import Testing

@testable import Store

/// The story of the pump through a real store, as live operation decides it, and through the backtest afterwards.
@Suite struct BacktestTests {
    /// A played story: the store is closed, the folder stays while the value lives.
    final class Played {
        let folder = NSTemporaryDirectory() + "fieldloop-backtest-\(UUID().uuidString)"
        static let start = Instant(milliseconds: 1_767_225_600_000)
        var end = start

        static func at(_ minutes: Double) -> Instant { start + .milliseconds(Int64(minutes * 60_000)) }

        init() throws {
            let store = try Store(directory: folder)
            defer { try? store.close() }
            let fixtures = Root.url.appending(path: "fixtures").path
            let report = try store.importPlant(from: ["\(fixtures)/data", "\(fixtures)/plant"])
            try #require(report.errors.isEmpty)
            let readings = try Self.readings("\(fixtures)/telemetry/pump-story.csv")
            var people = [(42.0, Action.enRoute), (49, .arrived), (78, .done(note: "轴承"))][...]
            var engineer: EngineerID?
            for start in stride(from: 0, to: readings.count, by: 5) {
                // Half of it stands in a day's file.
                if start == 900 { try compact(store) }
                let burst = readings[start..<min(start + 5, readings.count)]
                end = try #require(burst.last?.readings.last?.at)
                try store.perform([Input(.readings(Array(burst)))], at: end)
                if engineer == nil, let ticket = try Self.offered(store) {
                    engineer = ticket.engineer
                    try act(store, .accept(epoch: ticket.epoch), by: engineer)
                }
                while let (minute, action) = people.first, Self.at(minute) <= end {
                    try act(store, action, by: engineer)
                    people.removeFirst()
                }
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        private func compact(_ store: Store) throws {
            let compactor = Compactor(pool: store.pool, files: DayFiles(beside: folder))
            while let batch = try compactor.next() { try compactor.settle(batch, try compactor.write(batch)) }
        }

        private func act(_ store: Store, _ action: Action, by engineer: EngineerID?) throws {
            let actor = Actor.engineer(try #require(engineer))
            let outcome = try store.perform([Input(.action(TicketID(1), action, by: actor))], at: end)
            #expect(outcome.refusals == [nil])
        }

        /// From the recording, in order of time.
        private static func readings(_ file: String) throws -> [Series] {
            let csv = try CSV(try String(contentsOfFile: file, encoding: .utf8))
            return try csv.rows.map { row in
                var values = Measures()
                for measure in Measure.allCases where !row[measure.name].isEmpty {
                    let text = row[measure.name]
                    values[measure] = measure == .running ? (text == "true" ? 1 : 0) : Double(text)
                }
                let at = start + .milliseconds(try #require(Int64(row["ts_offset_ms"])))
                return Series(
                    point: PointID(asset: AssetID(stored: row["asset"]), name: Name(stored: row["point"])),
                    site: SiteID(stored: row["topic_site"]),
                    readings: [Reading(at: at, sequence: Int64(row["seq"]), values: values)])
            }
        }

        private static func offered(_ store: Store) throws -> Ticket? {
            try store.pool.read { try Ticket.load($0, TicketID(1)) }
        }

        /// Of all that is stored.
        func backtest(rules text: String? = nil) throws -> Comparison {
            var files: [String] = []
            if let text {
                files = [folder + "/my-rules.csv"]
                try text.write(toFile: files[0], atomically: true, encoding: .utf8)
            }
            let past = try StoredPast(directory: folder)
            let plant = try past.plant(rules: files)
            let stored = try #require(try past.readings.extent())
            let did = try past.tickets(in: stored)
            var backtest = Backtest(plant, ends: did.ends, Policy())
            var newest = stored.lowerBound
            try past.readings.visitInOrder(from: stored.lowerBound, to: stored.upperBound) { point, reading in
                #expect(reading.at >= newest)
                newest = reading.at
                backtest.take(point, reading)
            }
            backtest.finish()
            #expect(backtest.readings == 1_800)
            return Comparison(
                would: (backtest.tickets, backtest.episodes), did: (did.tickets, try past.episodes(in: stored)),
                in: stored, heardUntil: backtest.until, plant)
        }
    }

    private static let header =
        "version,machine_class,asset,point,measure,kind,raise,clear,critical,confirm,of,hold_s,settling_s,readings,windows,"
        + "sigmas,severity,after_s,low,high,jump,drift,source\n"

    @Test func `today's rules open the very ticket that was live`() throws {
        let played = try Played()
        let comparison = try played.backtest()
        #expect(comparison.pairs.count == 1)
        let pair = try #require(comparison.pairs.first)
        let (would, did) = (try #require(pair.would), try #require(pair.did))
        #expect(would.fault == Fault(asset: AssetID(stored: "BL-P101"), kind: .vibration) && would.fault == did.fault)
        #expect(would.breach == did.breach, "the point, measure, value, limit, source and time")
        #expect(pair.differences == [] && pair.lead == .zero)
        #expect(would.severity == .critical)
        #expect(would.outcome == .verified && would.endedAt == did.endedAt && did.endedAt != nil)
        let toCritical = try #require(pair.leadBeforeCritical)
        #expect((12...14).contains(toCritical.inMinutes), "zone D at minute 50.8")
        for figures in comparison.rules {
            #expect(figures.episodes.would == figures.episodes.did && figures.tickets.would == figures.tickets.did)
        }
        #expect(comparison.rules.first?.rule.source.hasPrefix("ISO 10816-3") == true)
        #expect(comparison.rules.first?.medianLead == .zero)
    }

    @Test func `a lower limit opens earlier, and none opens nothing`() throws {
        let played = try Played()
        let lower = try played.backtest(
            rules: Self.header + "try,iso10816-3-g2-rigid,,,velocity_rms_mm_s,limit,2.0,1.8,4.5,3,5,,,,,,,,,,,,lower\n")
        let pair = try #require(lower.pairs.first)
        #expect(lower.pairs.count == 1)
        #expect(try #require(pair.lead) > .minutes(1))
        #expect(pair.would?.breach?.limit == 2 && pair.did?.breach?.limit == 2.8)
        #expect(pair.differences.contains(.limit) && pair.differences.contains(.breachAt))
        #expect(pair.would?.outcome == .verified)
        // What was live counts for the rule that stands there now.
        let figures = try #require(lower.rules.first)
        #expect(figures.rule.source == "lower (try)" && figures.tickets.would == 1 && figures.tickets.did == 1)
        #expect(figures.timeOn > .minutes(20))

        let none = try played.backtest(
            rules: Self.header + "try,,BL-P101,,velocity_rms_mm_s,none,,,,,,,,,,,,,,,,,no rule\n")
        #expect(none.pairs.count == 1 && none.pairs.first?.would == nil && none.pairs.first?.did?.id == TicketID(1))
        #expect(none.rules.first?.points == [], "it is no rule any more")
    }

    @Test func `a bad rules file names its lines and the data folder stays as it is`() throws {
        let played = try Played()
        let before = try Data(contentsOf: URL(filePath: played.folder + "/fieldloop.db"))
        let text =
            Self.header + "try,,,,velocity_rms_mm_s,limit,2,3,,,,,,,,,,,,,,,x\n\n"
            + "try,,BL-P999,,velocity_rms_mm_s,none,,,,,,,,,,,,,,,,,x\n"
        let error = #expect(throws: StoredPast.BadRules.self) { try played.backtest(rules: text) }
        #expect(error?.errors.count == 2)
        #expect(error?.errors.first?.contains("my-rules.csv:2: clear must be below raise") == true)
        #expect(error?.errors.last?.contains("my-rules.csv:4: there is no asset") == true)
        #expect(throws: StoredPast.BadRules.self) {
            try StoredPast(directory: played.folder).plant(rules: ["/none.csv"])
        }
        #expect(try Data(contentsOf: URL(filePath: played.folder + "/fieldloop.db")) == before)
    }
}
