import Crypto
import Domain
import Foundation
import Store
import Testing

@testable import Notify

@Suite struct WebhookTests {
    /// The example of the Standard Webhooks specification and of its reference libraries.
    @Test func signsAsTheSpecificationDoes() throws {
        let endpoint = try WebhookEndpoint(url: "https://a.example/", secret: Surroundings.secret)
        let signature = endpoint.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: [
        ("ftp://a.example/", Surroundings.secret), ("a.example", Surroundings.secret),
        ("https://", Surroundings.secret),
        ("https://a.example/", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("https://a.example/", "whsec_c2hvcnQ="),
        ("https://a.example/", "whsec_!"),
    ])
    func refusesWhatIsNoEndpoint(url: String, secret: String) {
        let error = #expect(throws: InvalidChannel.self) { try WebhookEndpoint(url: url, secret: secret) }
        #expect(error?.description.contains("c2hvcnQ=") == false)
    }

    @Test func deliversSignedWithEverythingInIt() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", .status(204))
            try await Surroundings(webhook: url + "/hook").running(on: plant) {
                try await waitUntil("both notices are out") { server.heard("/hook").count == 2 }
            }
            let heard = server.heard("/hook")
            for request in heard { try expectGoodSignature(request) }
            let messages = try heard.map { try JSONDecoder().decode(WebhookMessage.self, from: Data($0.body)) }
            #expect(messages.map(\.type) == ["ticket.opened", "ticket.offer"])
            let offer = messages[1]
            #expect(offer.timestamp == plant.clock.now.iso8601)
            #expect(offer.data.id == heard[1].headers["webhook-id"])
            #expect(offer.data.engineer == "E03")
            #expect(offer.data.url == "https://f.example/t/1")
            #expect(offer.data.textEn.contains("Can you take it?"))
            #expect(offer.data.textZh.contains("请接单"))
        }
    }

    @Test func repeatsUnderTheSameIDUntilItIsTaken() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", .status(500), .status(302), .ok)
            try await Surroundings(webhook: url + "/hook").running(on: plant) {
                try await waitUntil("all is sent") {
                    plant.clock.advance(.seconds(1))
                    return try await plant.store.notices().allSatisfy { $0.sentAt != nil }
                }
            }
            let ids = server.heard("/hook").map { $0.headers["webhook-id"] }
            #expect(ids.count == 4)
            #expect(Set(ids).count == 2)
            let attempts = try await plant.store.notices().filter { $0.channel == "webhook" }.map(\.attempts)
            #expect(attempts.reduce(0, +) == 4)
        }
    }

    @Test func givesUpOnAReceiverThatIsGone() async throws {
        let plant = try TestPlant(hasEngineer: false)
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", .status(410))
            try await Surroundings(webhook: url + "/hook").running(on: plant) {
                try await waitUntil("both are dead") {
                    try await plant.store.notices().count { $0.deadAt != nil } == 2
                }
            }
            #expect(server.heard("/hook").count == 2)
            #expect(try await plant.fate(.webhook, .opened)?.error?.contains("410") == true)
        }
    }

    /// Neither the notice that was refused nor another one goes there before the time is over.
    @Test(arguments: [429, 503]) func staysAwayAsLongAsItIsAskedTo(status: Int) async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", .status(status, retryAfter: "2"), .ok)
            let start = ContinuousClock.now
            try await Surroundings(webhook: url + "/hook").running(on: plant) {
                try await waitUntil("it is tried") { try await plant.fate(.webhook, .opened)?.attempts == 1 }
                let fate = try #require(try await plant.fate(.webhook, .opened))
                #expect(fate.dueAt == plant.clock.now + .seconds(2))
                // A scaled clock must not shorten what the other side counts in real seconds.
                plant.clock.advance(.minutes(1))
                try await waitUntil("the others follow") { server.heard("/hook").count == 3 }
            }
            #expect(ContinuousClock.now - start >= .seconds(2))
        }
    }

    @Test func givesUpWaitingForAnAnswer() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", Reply(delay: .seconds(60)))
            var surroundings = try Surroundings(webhook: url + "/hook")
            surroundings.options.timeout = .milliseconds(200)
            try await surroundings.running(on: plant) {
                try await waitUntil("it has failed") { try await plant.fate(.webhook, .opened)?.attempts == 1 }
            }
            #expect(try await plant.fate(.webhook, .opened)?.error == "no answer within 200 ms")
        }
    }

    /// Being stopped is no failure of the receiver.
    @Test func leavesWhatWasUnderWayForTheNextStart() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", Reply(delay: .seconds(60)))
            try await Surroundings(webhook: url + "/hook").running(on: plant) {
                try await waitUntil("it is under way") { !server.heard("/hook").isEmpty }
            }
            let fate = try #require(try await plant.fate(.webhook, .opened))
            #expect(fate.attempts == 0 && fate.deadAt == nil && fate.error == nil)
        }
    }

    /// 2xx is 2xx, however much follows.
    @Test func doesNotReadAnEndlessAnswer() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", Reply(body: String(repeating: "x", count: 4 << 20)))
            try await Surroundings(webhook: url + "/hook").running(on: plant) {
                try await waitUntil("both are sent") {
                    try await plant.store.notices().count { $0.channel == "webhook" && $0.sentAt != nil } == 2
                }
            }
        }
    }

    private func expectGoodSignature(_ request: Heard) throws {
        let id = try #require(request.headers["webhook-id"])
        let timestamp = try #require(request.headers["webhook-timestamp"])
        let key = SymmetricKey(data: try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
        let code = HMAC<SHA256>.authenticationCode(for: Data("\(id).\(timestamp).\(request.text)".utf8), using: key)
        #expect(request.headers["webhook-signature"] == "v1," + Data(code).base64EncodedString())
        let seconds = try #require(Double(timestamp))
        #expect(abs(Date().timeIntervalSince1970 - seconds) < 60, "receivers compare it with real time")
        #expect(request.headers["content-type"]?.hasPrefix("application/json") == true)
    }
}
