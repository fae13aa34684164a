import Board
import Domain
import Foundation
import Geo
import Store
import Synchronization
import Testing

/// A store in a folder of its own with the fixtures' plant, and a clock that the test turns.
final class Plant: Sendable {
    let store: Store
    let folder: String
    private let clock: Mutex<Instant>

    /// Begins on a Monday, 2026-03-02 02:00 UTC, which is 10:00 in Ningbo: the day shift is on.
    init(startingAt start: Instant = Instant(milliseconds: 1_772_416_800_000)) throws {
        folder = NSTemporaryDirectory() + "board-\(UUID().uuidString)"
        store = try Store(directory: folder)
        clock = Mutex(start)
        let fixtures = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("fixtures").path
        let report = try store.importPlant(from: ["\(fixtures)/data", "\(fixtures)/plant"])
        #expect(report.errors == [])
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var now: Instant { clock.withLock { $0 } }
    func pass(_ time: Duration) { clock.withLock { $0 = $0 + time } }

    /// Readings of one point, `every` apart; the clock goes along.
    func feed(
        _ asset: String, _ point: String, _ values: [Double], every: Duration = .seconds(30), running: Bool = true
    ) throws {
        guard let site = sites[String(asset.prefix(2))] else { throw Unknown(what: asset) }
        for value in values {
            pass(every)
            var measures = Measures()
            measures[.velocityRMS] = value
            measures[.running] = running ? 1 : 0
            let series = Series(
                point: PointID(asset: AssetID(stored: asset), name: Name(stored: point)), site: SiteID(stored: site),
                readings: [Reading(at: now, values: measures)])
            try store.perform([Input(.readings([series]))], at: now)
        }
    }

    /// A pump that goes bad: one ticket, offered to somebody.
    @discardableResult
    func breach(_ asset: String = "BL-P101", _ point: String = "DE-H", peak: Double = 5.2) async throws -> TicketFacts {
        try feed(asset, point, [1.1, 1.2, 1.1, peak * 0.7, peak, peak, peak])
        return try #require(try await newest())
    }

    func newest() async throws -> TicketFacts? {
        try await store.board(at: now).flatMap(\.cards).max { $0.ticket.id < $1.ticket.id }
    }

    @discardableResult
    func act(_ ticket: TicketID, _ action: Action, by actor: Actor) async throws -> Refusal? {
        try await store.perform(Input(.action(ticket, action, by: actor)), at: now)
    }

    func position(of engineer: String, _ latitude: Double, _ longitude: Double) async throws {
        guard let place = Coordinate(latitude: latitude, longitude: longitude) else { throw Unknown(what: "place") }
        let report = PositionReport(
            engineer: EngineerID(stored: engineer), place: place, rawLatitude: latitude, rawLongitude: longitude,
            datum: .wgs84, accuracy: 12, fixAt: now)
        _ = try await store.perform(Input(.position(report)), at: now)
    }
}

struct Unknown: Error { var what: String }

private let sites = ["BL": "beilun", "YZ": "yinzhou", "ZH": "zhenhai", "CX": "cixi", "YY": "yuyao", "FH": "fenghua"]
