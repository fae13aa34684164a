import Board
import Domain
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Store
import Synchronization
import Testing

/// Who gets in, and what those outside can do: nothing.
@Suite struct SignInTests {
    @Test func tokenOpensASession() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            #expect(try await browser.get("/", [:]).headers[.location] == "/signin?next=/")
            let form = try await browser.get("/signin?next=/t/3", [:])
            #expect(form.status == .ok)
            #expect(form.text.contains("value=\"/t/3\""))

            let wrong = try await browser.post("/signin", "token=guess&next=%2F", headers: [:])
            #expect(wrong.status == .unauthorized)
            #expect(wrong.cookie == nil)

            let right = try await browser.post("/signin", "token=\(Site.token)&next=%2Ft%2F3", headers: [:])
            #expect(right.status == .seeOther)
            #expect(right.headers[.location] == "/t/3")
            let header = try #require(right.headers[.setCookie])
            for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] { #expect(header.contains(flag), "\(flag)") }
            #expect(!header.contains(Site.token))

            let cookie = try #require(right.cookie)
            #expect(try await browser.get("/api/me", cookie: cookie).object()["role"] as? String == "supervisor")
            _ = try await browser.post("/signout", cookie: cookie)
            #expect(try await browser.get("/api/me", cookie: cookie).object()["role"] as? String == "anonymous")
        }
    }

    @Test(arguments: ["//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "/a\r\nX: y"])
    func staysHereAfterwards(next: String) async throws {
        let site = try Site(Plant())
        let escaped = next.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try await site.open { browser async throws in
            let answer = try await browser.post("/signin", "token=\(Site.token)&next=\(escaped)", headers: [:])
            #expect(answer.headers[.location] == "/")
        }
    }

    @Test func triesAreCounted() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            let began = ContinuousClock.now
            var tries = 0
            while try await browser.post("/signin", "token=x", headers: [:]).status == .unauthorized { tries += 1 }
            // One more for each span that has passed meanwhile.
            let spans = Int(began.duration(to: .now) / Limits.signInEvery) + 1
            #expect((Limits.signInBurst...(Limits.signInBurst + spans)).contains(tries))
            #expect(try await browser.post("/signin", "token=\(Site.token)", headers: [:]).status == .tooManyRequests)
        }
    }

    /// A shift that comes in behind one proxy has one address, and none of them guesses.
    @Test func rightKeysAreNoTries() async throws {
        let site = try Site(Plant())
        try await site.open { browser async throws in
            for _ in 0..<(Limits.signInBurst * 3) {
                let entered = try await browser.post("/signin", "token=\(Site.token)&next=%2F", headers: [:])
                #expect(entered.status == .seeOther)
                _ = try await site.cookie("E03", browser)
            }
        }
    }

    @Test func sessionsEnd() async throws {
        let plant = try Plant()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            #expect(try await browser.get("/api/me/tickets", cookie: cookie).status == .ok)
            plant.pass(Limits.sessionFor)
            #expect(try await browser.get("/api/me/tickets", cookie: cookie).status == .unauthorized)
        }
    }

    /// A token or a secret that leaked is worth nothing once it was rotated, and nor is what it opened.
    @Test func sessionsEndWithWhatOpenedThem() async throws {
        let plant = try Plant()
        func role(_ cookie: String, _ site: Site) async throws -> String {
            let role = Mutex("")
            try await site.open { browser async throws in
                let answer = try await browser.get("/api/me", cookie: cookie).object()["role"] as? String
                role.withLock { $0 = answer ?? "" }
            }
            return role.withLock { $0 }
        }
        let cookies = Mutex<[String]>([])
        let site = try Site(plant)
        try await site.open { browser async throws in
            let entered = try await browser.post("/signin", "token=\(Site.token)&next=%2F", headers: [:])
            let both = [try #require(entered.cookie), try await site.cookie("E03", browser)]
            cookies.withLock { $0 = both }
        }
        let (supervisor, engineer) = cookies.withLock { ($0[0], $0[1]) }
        // Started again, nothing has changed.
        let again = try Site(plant)
        #expect(try await role(supervisor, again) == "supervisor")
        let rotated = try Site(plant, token: "another")
        #expect(try await role(supervisor, rotated) == "anonymous")
        #expect(try await role(engineer, rotated) == "engineer")
        let resigned = try Site(plant, token: "another", secret: [UInt8](repeating: 8, count: 32))
        #expect(try await role(engineer, resigned) == "anonymous")
    }

    /// Chat apps fetch a link to preview it; only the button uses it up, and only once.
    @Test func linkWorksOnce() async throws {
        let site = try Site(Plant())
        let link = "/l/\(site.link("E03"))?t=12"
        try await site.open { browser async throws in
            for _ in 0..<3 {
                let page = try await browser.get(link, [.acceptLanguage: "zh-CN"])
                #expect(page.status == .ok)
                #expect(page.cookie == nil)
                #expect(page.text.contains("王磊"))
            }
            let first = try await browser.post(link, headers: [:])
            #expect(first.status == .seeOther)
            #expect(first.headers[.location] == "/m?t=12")
            let cookie = try #require(first.cookie)
            #expect(try await browser.get("/api/me", cookie: cookie).object()["engineer"] as? String == "E03")

            let second = try await browser.post(link, headers: [:])
            #expect(second.status == .forbidden)
            #expect(second.cookie == nil)
            #expect(try await browser.get(link, [:]).status == .forbidden)
            // Tapped again in the chat, or twice in haste, by the one who is in already.
            #expect(try await browser.get(link, cookie: cookie).headers[.location] == "/m?t=12")
            #expect(try await browser.post(link, cookie: cookie).headers[.location] == "/m?t=12")
        }
    }

    @Test func badLinksLeadNowhere() async throws {
        let plant = try Plant()
        let site = try Site(plant)
        let expired = site.link("E03", validFor: .hours(1))
        let unknown = site.link("E99")
        let forged = site.link("E03") + "x"
        plant.pass(.hours(2))
        try await site.open { browser async throws in
            for token in [expired, unknown, forged, "x", "..."] {
                for answer in [
                    try await browser.get("/l/\(token)", [:]), try await browser.post("/l/\(token)", headers: [:]),
                ] {
                    #expect(answer.status == .forbidden, "\(token)")
                    #expect(answer.cookie == nil)
                    #expect(answer.text.contains("<html"))
                }
            }
        }
    }

    @Test func theButtonStaysHere() async throws {
        let site = try Site(Plant())
        let link = site.link("E03")
        try await site.open { browser async throws in
            for address in ["/l/\(link)?t=12", "//l/\(link)?t=12", "//l/\(link)?t=12&lang=zh"] {
                let page = try await browser.get(address, [:]).text
                #expect(page.contains("action=\"/l/\(link)?t=12\""), "\(address)")
            }
        }
    }

    @Test func linkOpensTheLanguageOfTheBrowser() async throws {
        let site = try Site(Plant())
        let link = "/l/\(site.link("E03"))"
        try await site.open { browser async throws in
            #expect(try await browser.get(link, [.acceptLanguage: "en-GB"]).text.contains("Sign in as Wang Lei"))
            let chosen = try await browser.get(link + "?lang=zh", [.acceptLanguage: "en-GB"])
            #expect(chosen.text.contains("以 王磊 的身份登录"))
            #expect(chosen.headers[values: .setCookie].contains { $0.hasPrefix("lang=zh") })
            let kept = try await browser.get(link, [.acceptLanguage: "en-GB", .cookie: "lang=zh"])
            #expect(kept.text.contains("以 王磊 的身份登录"))
        }
    }
}
