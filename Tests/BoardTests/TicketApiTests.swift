import Board
import Domain
import Foundation
import Geo
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Store
import Testing

/// The API that pages and programs share.
@Suite struct TicketApiTests {
    @Test func boardHasFiveColumnsWithRealCounts() async throws {
        let plant = try Plant()
        let ticket = try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let columns = try #require(try await browser.get("/api/board").object()["columns"] as? [[String: Any]])
            #expect(columns.map { $0["state"] as? String } == TicketState.Column.allCases.map(\.rawValue))
            #expect(columns.map { $0["count"] as? Int } == [1, 0, 0, 0, 0])
            let card = try #require((columns[0]["cards"] as? [[String: Any]])?.first)
            #expect(card["ticket"] as? Int64 == ticket.ticket.id.number)
            #expect(card["asset"] as? String == "BL-P101")
            #expect(card["state"] as? String == "offered")
            #expect(card["grade"] as? String == "A")
            #expect(card["engineer"] as? String == ticket.ticket.engineer?.text)
            #expect(card["value"] as? Double == 5.2)
            #expect(card["closed_at"] is NSNull)
        }
    }

    @Test func ticketTellsItsStory() async throws {
        let plant = try Plant()
        let ticket = try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            for path in ["/api/tickets/\(ticket.ticket.id.number)", "/api/tickets/\(ticket.ticket.id)"] {
                let whole = try await browser.get(path).object()
                let entries = try #require(whole["entries"] as? [[String: Any]])
                #expect(entries.map { $0["kind"] as? String } == ["opened", "offered", "worsened"])
                let ledger = try #require(whole["ledger"] as? [String: Any])
                #expect(ledger["chosen"] as? String == ticket.ticket.engineer?.text)
                #expect((ledger["lines"] as? [[String: Any]])?.count == 17)
                #expect((whole["episodes"] as? [[String: Any]])?.first?["raise"] as? Double == 2.8)
                #expect((whole["photos"] as? [Any])?.isEmpty == true)
                #expect(whole["proof"] is NSNull)
            }
            for path in [
                "/api/tickets/99", "/api/tickets/x", "/api/tickets/T", "/api/tickets/-1", "/api/tickets/99/trend",
            ] {
                let answer = try await browser.get(path)
                #expect(answer.status == .notFound, "\(path)")
                #expect(try answer.code() == "unknown_ticket")
                #expect(answer.headers[.contentType]?.hasPrefix("application/problem+json") == true)
            }
        }
    }

    @Test func engineerTakesItsSteps() async throws {
        let plant = try Plant()
        let ticket = try await plant.breach().ticket
        let engineer = try #require(ticket.engineer?.text)
        let site = try Site(plant)
        let path = "/api/tickets/\(ticket.id.number)/actions"
        try await site.open { browser async throws in
            let cookie = try await site.cookie(engineer, browser)
            let other = try await site.cookie(engineer == "E03" ? "E02" : "E03", browser)
            func act(_ body: String, _ cookie: String) async throws -> TestResponse {
                try await browser.post(path, body, cookie: cookie)
            }
            let jobs = try await browser.get("/api/me/tickets", cookie: cookie).object()
            let job = try #require((jobs["tickets"] as? [[String: Any]])?.first)
            #expect(job["actions"] as? [String] == ["accept", "decline", "comment"])
            #expect(try await browser.get("/api/me/tickets", cookie: other).text.contains("\"tickets\":[]"))

            #expect(try await act(#"{"action":"accept","epoch":1}"#, other).code() == "old_offer")
            #expect(try await act(#"{"action":"accept"}"#, cookie).code() == "missing_field")
            #expect(try await act(#"{"action":"accept","epoch":1}"#, cookie).status == .ok)
            // Twice in haste: what has happened already happens once.
            let again = try await act(#"{"action":"accept","epoch":1}"#, cookie)
            #expect(again.status == .ok)
            #expect(again.text.components(separatedBy: #""kind":"accepted""#).count == 2)
            #expect(try await act(#"{"action":"arrived"}"#, other).code() == "not_yours")
            let arrived = try await act(#"{"action":"arrived"}"#, cookie).object()
            #expect(arrived["state"] as? String == "diagnosing")
            #expect(arrived["actions"] as? [String] == ["awaiting_parts", "done", "comment"])

            let refused = try await act(#"{"action":"done","text":"tightened"}"#, cookie)
            #expect(refused.status == .conflict)
            #expect(try refused.code() == "still_raised")
            #expect(try (refused.object()["values"] as? [String: String])?["value"] == "5.20")
            #expect(try await act(#"{"action":"override","text":"x"}"#, cookie).status == .forbidden)
            #expect(try await browser.get("/api/outbox", cookie: cookie).code() == "supervisors_only")
        }
    }

    @Test func supervisorOverridesWithAReason() async throws {
        let plant = try Plant()
        let ticket = try await plant.breach().ticket
        let site = try Site(plant)
        let path = "/api/tickets/\(ticket.id.number)/actions"
        try await site.open { browser async throws in
            #expect(try await browser.post(path, #"{"action":"override","text":""}"#).code() == "missing_field")
            let closed = try await browser.post(path, #"{"action":"override","text":"<script>alert(1)</script>"}"#)
            #expect(closed.status == .ok)
            #expect(try closed.object()["outcome"] as? String == "overridden")
            // Kept as it was said, and no tag even where somebody reads the answer as a page.
            #expect(!closed.text.contains("<script"))
            #expect(closed.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(try await browser.get("/m").status == .forbidden)
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"action":7}"#, #"{"epoch":1}"#, #"{"action":"accept","epoch":"1"}"#,
    ]) func refusesWhatIsNotAnAction(body: String) async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let answer = try await browser.post("/api/tickets/1/actions", body)
            #expect(answer.status == .badRequest)
            #expect(try answer.code() == "bad_json")
        }
    }

    @Test func boundsBodies() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let long = String(repeating: "x", count: Limits.requestBody)
            let answer = try await browser.post("/api/tickets/1/actions", #"{"action":"comment","text":"\#(long)"}"#)
            #expect(answer.status == .contentTooLarge)
            #expect(try await browser.post("/api/tickets/1/actions", #"{"action":"dance"}"#).code() == "unknown_action")
        }
    }

    @Test func trendShowsTheBreachAndItsLimits() async throws {
        let plant = try Plant()
        try plant.feed("BL-P101", "DE-H", [Double](repeating: 1, count: 200), every: .seconds(10))
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let trend = try await browser.get("/api/tickets/1/trend").object()
            #expect(trend["raise"] as? Double == 2.8)
            #expect(trend["critical"] as? Double == 4.5)
            let slices = try #require(trend["slices"] as? [[Double]])
            #expect(slices.count <= Limits.trendSamples)
            #expect(slices.map { $0[2] }.max() == 5.2)
            #expect(try await browser.get("/api/tickets/1/trend?point=XX").code() == "bad_field")
            #expect(try await browser.get("/api/tickets/1/trend?point=%2F").code() == "bad_field")
            #expect(try await browser.get("/api/tickets/1/trend?measure=mood").code() == "bad_field")
            let still = try await browser.get("/api/tickets/1/trend?measure=temperature_c").object()
            #expect((still["slices"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func positionsNeedTheirDatum() async throws {
        let plant = try Plant()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            func tell(_ body: String) async throws -> TestResponse {
                try await browser.post("/api/me/position", body, cookie: cookie)
            }
            #expect(try await tell(#"{"lat":29.88,"lon":121.79}"#).code() == "missing_datum")
            #expect(try await tell(#"{"lat":29.88,"lon":121.79,"datum":"mars"}"#).code() == "unknown_datum")
            #expect(try await tell(#"{"lat":0,"lon":0,"datum":"wgs84"}"#).code() == "no_position")
            #expect(try await tell(#"{"lat":1e9,"lon":0,"datum":"wgs84"}"#).code() == "no_position")
            #expect(try await tell(#"{"lat":29.88,"datum":"wgs84"}"#).code() == "no_position")
            let ahead = plant.now.milliseconds + 120_000
            #expect(
                try await tell(#"{"lat":29.88,"lon":121.79,"datum":"wgs84","fix_at":\#(ahead)}"#).code()
                    == "position_in_the_future")
            #expect(
                try await tell(
                    #"{"lat":29.88,"lon":121.79,"datum":"gcj02","accuracy_m":8,"fix_at":\#(plant.now.milliseconds)}"#
                ).status == .noContent)
            let fix = try #require(try await plant.store.roster(at: plant.now).first { $0.id.text == "E03" }?.fix)
            // The Chinese datum was taken off again.
            #expect(abs(fix.place.latitude - 29.88) > 0.001)
        }
    }

    @Test func rejectedIsNewestFirstAndPrintable() async throws {
        let plant = try Plant()
        for (n, payload) in [[UInt8]("{<b>".utf8), [0xFF, 0x00, 0x41]].enumerated() {
            let origin = Origin(topic: "fieldloop/v1/x/\(n)", payload: payload, size: payload.count)
            try plant.store.perform([Input(.rejected(Rejection(.notJSON, "broken")), origin: origin)], at: plant.now)
        }
        let site = try Site(plant)
        try await site.open { browser async throws in
            let rows = try #require(try await browser.get("/api/rejected").object()["rejected"] as? [[String: Any]])
            #expect(rows.map { $0["topic"] as? String } == ["fieldloop/v1/x/1", "fieldloop/v1/x/0"])
            #expect(rows.map { $0["head"] as? String } == ["\\xff\\x00A", "{<b>"])
            #expect(rows.map { $0["bytes"] as? Int } == [3, 4])
            #expect(rows[0]["reason"] as? String == "not_json")
            let older = try await browser.get("/api/rejected?before=\(rows[0]["id"] as? Int ?? 0)").object()
            #expect((older["rejected"] as? [Any])?.count == 1)
        }
    }
}
