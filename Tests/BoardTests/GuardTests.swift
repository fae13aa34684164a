import Board
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Store
import Testing

/// What holds for every route.
@Suite struct GuardTests {
    private static let reads = [
        "/", "/engineers", "/intake", "/rejected", "/t/1", "/api/board", "/api/tickets/1", "/api/tickets/1/trend",
        "/api/rejected",
        "/api/engineers", "/api/intake", "/api/photos/1/original", "/api/photos/1/stamped", "/api/events",
    ]
    private static let writes = ["/api/tickets/1/actions", "/api/photos", "/api/me/position"]

    @Test func strangersReadNothing() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            for path in Self.reads + ["/api/outbox", "/api/me/tickets"] {
                let status = try await browser.get(path, [:]).status
                #expect(status == .unauthorized || status == .seeOther, "\(path)")
            }
            #expect(try await browser.get("/m", [:]).status == .unauthorized)
        }
    }

    @Test func whereReadingIsOpenWritingIsNot() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant) { $0.anonymousRead = true }
        try await site.open { browser async throws in
            for path in ["/", "/t/1", "/api/board", "/api/tickets/1", "/api/rejected", "/api/engineers"] {
                #expect(try await browser.get(path, [:]).status == .ok, "\(path)")
            }
            #expect(try await browser.get("/api/outbox", [:]).status == .unauthorized)
            #expect(try await browser.get("/api/tickets/1", [:]).object()["notices"] is NSNull)
            for path in Self.writes {
                let answer = try await browser.post(path, #"{"action":"comment","text":"x"}"#, headers: [:])
                #expect(answer.status == .unauthorized, "\(path)")
                #expect(try answer.code() == "sign_in")
            }
            #expect(try await browser.get("/api/tickets/1", [:]).text.contains("\"comment\"") == false)
        }
    }

    @Test func aWrongBearerIsNobody() async throws {
        let site = try Site(Plant()) { $0.anonymousRead = true }
        try await site.open { browser async throws in
            for value in ["Bearer", "Bearer ", "Bearer x", "Basic \(Site.token)", "Bearer \(Site.token)x", Site.token] {
                let answer = try await browser.get("/api/board", [.authorization: value])
                #expect(answer.status == .unauthorized, "\(value)")
            }
            let cookie: HTTPFields = [.cookie: "fieldloop=\(Site.token)"]
            #expect(try await browser.get("/api/board", cookie).status == .ok)
            #expect(try await browser.get("/api/outbox", cookie).status == .unauthorized)
        }
    }

    /// Another site can make a browser send our cookie, but not say that it came from us.
    @Test func otherSitesChangeNothing() async throws {
        let plant = try Plant()
        let ticket = try await plant.breach()
        let site = try Site(plant)
        let path = "/api/tickets/\(ticket.ticket.id.number)/actions"
        let body = #"{"action":"comment","text":"hello"}"#
        let fetchSite = try #require(HTTPField.Name("Sec-Fetch-Site"))
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            let refused: [HTTPFields] = [
                [.cookie: cookie],
                [.cookie: cookie, .origin: "https://evil.test"],
                [.cookie: cookie, .origin: "null"],
                [.cookie: cookie, .origin: "https://board.test.evil.test"],
                [.cookie: cookie, .referer: "https://evil.test/https://board.test/"],
                [.cookie: cookie, fetchSite: "cross-site", .origin: "https://board.test"],
                [.cookie: cookie, fetchSite: "same-site"],
                [.cookie: cookie, fetchSite: "none"],
            ]
            for headers in refused {
                let answer = try await browser.post(path, body, headers: headers)
                #expect(answer.status == .forbidden, "\(headers)")
                #expect(try answer.code() == "other_origin")
            }
            // Signing somebody else in unasked is an attack too.
            let login = try await browser.post(
                "/signin", "token=\(Site.token)", headers: [.origin: "https://evil.test"])
            #expect(login.status == .forbidden)

            let taken: [HTTPFields] = [
                [.cookie: cookie, .origin: "https://board.test"], [.cookie: cookie, .referer: "https://board.test/m"],
                [.cookie: cookie, fetchSite: "same-origin"], Browser.bearer,
            ]
            for headers in taken {
                #expect(try await browser.post(path, body, headers: headers).status == .ok, "\(headers)")
            }
        }
    }

    @Test func everyAnswerCarriesItsHeaders() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            for path in ["/", "/signin", "/api/board", "/nowhere", "/l/x", "/healthz"] {
                let headers = try await browser.get(path).headers
                #expect(headers[.contentSecurityPolicy]?.contains("script-src 'self'") == true, "\(path)")
                #expect(headers[.contentSecurityPolicy]?.contains("unsafe") == false)
                #expect(headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true)
                #expect(headers[.xContentTypeOptions] == "nosniff")
            }
        }
    }

    @Test func pagesHoldNoScriptOfTheirOwn() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            for path in ["/", "/engineers", "/rejected", "/signin"] {
                let text = try await browser.get(path).text
                #expect(
                    !text.contains("<script>") && !text.contains(" style=") && !text.contains(" onclick"), "\(path)")
            }
            #expect(try await browser.get("/").text.contains(#"<html lang="zh-Hans""#))
            #expect(try await browser.get("/?lang=en").text.contains(#"<html lang="en""#))
        }
    }

    @Test func filesAreKeptForGoodAndNoneOtherIsThere() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            let page = try await browser.get("/").text
            let base = try #require(page.firstMatch(of: /data-base="([^"]+)"/)?.1)
            let file = try await browser.get("\(base)/board.js", [:])
            #expect(file.status == .ok)
            #expect(file.headers[.cacheControl]?.contains("immutable") == true)
            #expect(try await browser.get("/static/old/board.js", [:]).headers[.cacheControl] == "no-cache")
            for path in [
                "\(base)/..%2Fshell.mustache", "\(base)/../../Board.swift", "\(base)/nothing.js", "/static/x/",
            ] {
                #expect(try await browser.get(path, [:]).status == .notFound, "\(path)")
            }
        }
    }

    @Test func healthTellsTheTruth() async throws {
        let plant = try Plant()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let well = try await browser.get("/healthz", [:])
            #expect(well.status == .ok)
            #expect(try well.object()["mqtt"] as? String == "connected")
            try plant.store.close()
            // The outcome of a write holds for a second.
            try await Task.sleep(for: .milliseconds(1100))
            let ill = try await browser.get("/healthz", [:])
            #expect(ill.status == .serviceUnavailable)
            #expect(try ill.object()["store"] as? String == "broken")
        }
    }
}
