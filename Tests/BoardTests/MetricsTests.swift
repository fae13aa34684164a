import Crypto
import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import Store
import Synchronization
import Testing

@testable import Board

/// The numbers: written as Prometheus reads them, of what is so, and for whom.
@Suite struct MetricsTests {
    @Test func textIsEscaped() {
        let metric = Metric(
            "a_total", "one\\two\nthree \"four\"", .counter, [.init(1, ("x", "a\\b\n\"c\"")), .init(0.5, ("x", "好"))])
        #expect(
            [metric].text == #"""
                # HELP a_total one\\two\nthree "four"
                # TYPE a_total counter
                a_total{x="a\\b\n\"c\""} 1
                a_total{x="好"} 0.5

                """#)
        let odd = [Double.infinity, -.infinity, .nan, 1e300, -2, 1e15].map { Metric.Sample($0) }
        #expect(
            [Metric("b", "", .gauge, odd)].text.split(separator: "\n").dropFirst(2).map { $0.dropFirst(2) }
                == ["+Inf", "-Inf", "NaN", "1e+300", "-2", "1000000000000000"])
    }

    @Test func classesHoldThoseBeforeThem() throws {
        let histogram = Histogram(bounds: [0.1, 1])
        for seconds in [0.05, 0.1, 0.5, 7] { histogram.add(seconds) }
        let lines = [histogram.metric("h", "")].text.split(separator: "\n")
        #expect(lines.contains(#"h_bucket{le="0.1"} 2"#))
        #expect(lines.contains(#"h_bucket{le="1.0"} 3"#))
        #expect(lines.contains(#"h_bucket{le="+Inf"} 4"#))
        #expect(lines.contains("h_sum 7.65"))
        #expect(lines.contains("h_count 4"))
        #expect(throws: Unknown.self) { try histogram.time { throw Unknown(what: "disk") } }
        #expect([histogram.metric("h", "")].text.contains("h_count 5"))
    }

    @Test func countWhatIsThere() async throws {
        let plant = try Plant()
        try await plant.breach()
        try plant.reject(.notJSON)
        try plant.reject(.notJSON)
        try plant.reject(.unknownUnit)
        try plant.feed(numbered: [1, 2, 5])
        plant.pass(.seconds(90))
        let site = try Site(plant, metrics: [.gauge("fieldloop_burst_messages", "of the test", 17)])
        try await site.open { browser async throws in
            _ = try await browser.post("/signin", "token=guess&next=%2F", headers: [:])
            let text = try await browser.get("/metrics").text
            for line in [
                #"fieldloop_rejected_total{reason="not_json"} 2"#,
                #"fieldloop_rejected_total{reason="unknown_unit"} 1"#,
                "fieldloop_gaps_open 1", "fieldloop_gap_missing 2", "fieldloop_event_lag_seconds 90",
                "fieldloop_readings_total 10", "fieldloop_journal_readings 10",
                #"fieldloop_tickets{state="offered"} 1"#, "fieldloop_burst_messages 17",
                #"fieldloop_sign_ins_total{way="token",outcome="refused"} 1"#, "fieldloop_outbox_dead 0",
                #"fieldloop_tickets{state="closed"} 0"#,
            ] {
                #expect(text.contains("\n\(line)\n"), "\(line)")
            }
            #expect(!text.contains("BL-P101"))
        }
    }

    /// Numbers alone, but how busy a plant is concerns nobody outside.
    @Test func areForTheMachineAndForWhoHoldsTheToken() async throws {
        let site = try Site(Plant(), metricsToken: "the-scraper")
        let scraper: HTTPFields = [.authorization: "Bearer the-scraper"]
        try await site.open { browser async throws in
            #expect(try await browser.get("/metrics", [:]).status == .unauthorized)
            #expect(try await browser.get("/metrics", [.authorization: "Bearer guess"]).status == .unauthorized)
            let cookie = try await site.cookie("E03", browser)
            #expect(try await browser.get("/metrics", cookie: cookie).status == .unauthorized)
            let answer = try await browser.get("/metrics", scraper)
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(try await browser.get("/metrics").status == .ok)
            // It opens nothing else.
            #expect(try await browser.get("/api/board", scraper).status == .unauthorized)
            #expect(try await browser.post("/api/tickets/1/actions", "{}", headers: scraper).status == .unauthorized)
        }
        try await site.open(.live) { browser async throws in
            #expect(try await browser.get("/metrics", [:]).status == .ok)
            let proxied: HTTPFields = [HTTPField.Name("X-Forwarded-For")!: "203.0.113.7"]
            #expect(try await browser.get("/metrics", proxied).status == .unauthorized)
        }
    }

    @Test func withoutATokenNoneOpens() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            #expect(try await browser.get("/metrics", [.authorization: "Bearer "]).status == .unauthorized)
        }
    }
}

/// Alive, and ready.
@Suite struct HealthTests {
    @Test func aliveMeansThatARowWasWritten() async throws {
        let plant = try Plant()
        try await Site(plant).open { browser async throws in
            let answer = try await browser.get("/healthz", [:])
            #expect(answer.status == .ok)
            #expect(try answer.object()["store"] as? String == "ok")
            #expect(try plant.store.setting("beat") == String(plant.now.milliseconds))
        }
    }

    @Test func aStoreThatTakesNoWritesIsNeither() async throws {
        let plant = try Plant()
        try await Site(plant).open { browser async throws in
            try plant.store.close()
            let health = try await browser.get("/healthz", [:])
            #expect(health.status == .serviceUnavailable)
            #expect(try health.object()["store"] as? String == "broken")
            #expect(try await browser.get("/readyz", [:]).reasons() == ["store"])
        }
    }

    @Test func readyNamesWhatIsMissing() async throws {
        let plant = try Plant()
        let isThere = Mutex(true)
        let isCaughtUp = Mutex(true)
        let site = try Site(
            plant,
            link: Site.Link(
                brokers: { [.at("press:1883"), .at("paint:1883", isConnected: isThere.withLock { $0 })] },
                isCaughtUp: { isCaughtUp.withLock { $0 } }))
        try await site.open { browser async throws in
            #expect(try await browser.get("/readyz", [:]).status == .ok)
            isCaughtUp.withLock { $0 = false }
            isThere.withLock { $0 = false }
            let answer = try await browser.get("/readyz", [:])
            #expect(answer.status == .serviceUnavailable)
            #expect(try answer.reasons() == ["broker", "backlog"])
            #expect(answer.text.contains("paint:1883") && answer.text.contains("is away"))
            let health = try await browser.get("/healthz", [:])
            #expect(health.status == .ok)
            let states = try #require(try health.object()["brokers"] as? [[String: Any]])
            #expect(states.map { $0["state"] as? String } == ["connected", "away"])
        }
        let full = try Site(plant) { $0.diskLimit = .max }
        try await full.open { browser async throws in
            #expect(try await browser.get("/readyz", [:]).reasons() == ["disk"])
        }
    }
}
