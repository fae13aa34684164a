import Board
import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import Store
import Testing

/// The page on intake, and how long what was rejected stays.
@Suite struct IntakeTests {
    @Test func showsGapsAndCounts() async throws {
        let plant = try Plant()
        try plant.feed(numbered: [1, 2, 5, 9])
        try plant.reject(.badWaveform)
        let site = try Site(plant, metrics: [.counter("fieldloop_messages_total", "of the test", 3)])
        try await site.open { browser async throws in
            let intake = try await browser.get("/api/intake").object()
            let gap = try #require((intake["gaps"] as? [[String: Any]])?.first)
            #expect(gap["sender"] as? String == "BL-P101/DE-H")
            #expect(gap["holes"] as? Int == 2)
            #expect(gap["missing"] as? Int == 5)
            #expect(gap["ranges"] as? [[String]] == [["6", "8"], ["3", "4"]])
            let figures = try #require(intake["figures"] as? [String: Double])
            #expect(figures["fieldloop_messages_total"] == 3)
            #expect(figures["fieldloop_gaps_open"] == 2)
            #expect((intake["rejected"] as? [[String: Any]])?.first?["reason"] as? String == "bad_waveform")
            #expect(try await browser.get("/api/intake", [:]).status == .unauthorized)
        }
    }

    @Test func addsUpWhatEachBrokerCounts() async throws {
        let counted = [("a", 3.0), ("b", 4.0)].map { Metric.Sample($0.1, ("broker", $0.0), ("session", $0.0)) }
        let metrics = [Metric("fieldloop_messages_total", "of the test", .counter, counted)]
        let link = Site.Link(brokers: { [.at("a:1"), .at("b:2", isConnected: false)] })
        try await Site(Plant(), metrics: metrics, link: link).open { browser async throws in
            let intake = try await browser.get("/api/intake").object()
            #expect((intake["figures"] as? [String: Double])?["fieldloop_messages_total"] == 7)
            let brokers = try #require(intake["brokers"] as? [[String: Any]])
            #expect(brokers.map { $0["broker"] as? String } == ["a:1", "b:2"])
            #expect(brokers.map { $0["state"] as? String } == ["connected", "away"])
        }
    }

    @Test func aLostSessionIsShownUntilASupervisorHasSeenToIt() async throws {
        let plant = try Plant()
        try plant.store.add(SessionLoss(broker: "a:1", session: "s", awaySince: plant.now, noticedAt: plant.now))
        let site = try Site(plant)
        try await site.open { browser async throws in
            func losses(_ path: String, _ field: String) async throws -> [Int] {
                let rows = try await browser.get(path).object()[field] as? [[String: Any]]
                return try #require(rows).compactMap { $0["id"] as? Int }
            }
            #expect(try await losses("/api/intake", "losses") == [1])
            #expect(try await losses("/healthz", "session_losses") == [1])
            let path = "/api/intake/losses/1/acknowledge"
            let cookie = try await site.cookie("E03", browser)
            let headers: HTTPFields = [.cookie: cookie, .origin: "https://board.test"]
            #expect(try await browser.post(path, headers: headers).status == .forbidden)
            #expect(try await losses("/api/intake", "losses") == [1])
            #expect(try await browser.post(path).status == .noContent)
            #expect(try await browser.post(path).status == .noContent)
            #expect(try await losses("/api/intake", "losses") == [])
            #expect(try await losses("/healthz", "session_losses") == [])
        }
    }

    @Test func aLostSessionIsShownForADay() async throws {
        let plant = try Plant()
        try plant.store.add(SessionLoss(broker: "a:1", session: "s", awaySince: nil, noticedAt: plant.now))
        plant.pass(.hours(23))
        #expect(try await plant.store.sessionLosses(at: plant.now).count == 1)
        plant.pass(.hours(2))
        #expect(try await plant.store.sessionLosses(at: plant.now).isEmpty)
    }

    @Test func filledGapsAreGone() async throws {
        let plant = try Plant()
        try plant.feed(numbered: [1, 2, 5])
        try plant.feed(numbered: [3], ago: .seconds(8))
        #expect(try await plant.store.openGaps().map(\.missing) == [1])
        try plant.feed(numbered: [4], ago: .seconds(7))
        #expect(try await plant.store.openGaps().isEmpty)
    }

    @Test func reasonsAreChosenAndCountsStay() async throws {
        let plant = try Plant()
        try plant.reject(.notJSON)
        try plant.reject(.unknownUnit)
        try plant.reject(.unknownUnit)
        // Rows go, the counter does not fall.
        plant.pass(.days(31))
        try plant.reject(.truncated)
        let site = try Site(plant)
        try await site.open { browser async throws in
            func reasons(_ path: String) async throws -> [String?] {
                let rows = try await browser.get(path).object()["rejected"] as? [[String: Any]]
                return try #require(rows).map { $0["reason"] as? String }
            }
            #expect(try await reasons("/api/rejected") == ["truncated"])
            #expect(try await reasons("/api/rejected?reason=unknown_unit") == [])
            #expect(try await reasons("/api/rejected?reason=truncated") == ["truncated"])
            #expect(try await reasons("/api/rejected?reason=%27%20OR%201%3D1") == [])
            let answer = try await browser.get("/api/rejected").object()
            let counts = try #require(answer["counts"] as? [[String: Any]])
            #expect(counts.map { $0["reason"] as? String } == ["unknown_unit", "not_json", "truncated"])
            #expect(counts.map { $0["count"] as? Int } == [2, 1, 1])
            #expect(answer["kept_days"] as? Int == 30)
            #expect(try await browser.get("/intake").status == .ok)
        }
    }
}

extension TestResponse {
    /// Why the service is not ready.
    func reasons() throws -> [String] {
        try #require(try object()["reasons"] as? [[String: String]]).compactMap { $0["code"] }
    }
}

extension Plant {
    func reject(_ reason: RejectionReason) throws {
        let origin = Origin(topic: "fieldloop/v1/x", payload: Array("{".utf8), size: 1)
        try store.perform([Input(.rejected(Rejection(reason, "broken")), origin: origin)], at: now)
    }

    /// Readings of a sender that counts, a second apart.
    func feed(numbered numbers: [Int64], ago: Duration = .zero) throws {
        for number in numbers {
            pass(.seconds(1))
            var values = Measures()
            values[.velocityRMS] = 1
            let series = Series(
                point: PointID(asset: AssetID(stored: "BL-P101"), name: Name(stored: "DE-H")),
                site: SiteID(stored: "beilun"),
                readings: [Reading(at: now - ago, sequence: number, values: values)])
            try store.perform([Input(.readings([series]))], at: now)
        }
    }
}
