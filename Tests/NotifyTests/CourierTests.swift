import Domain
import Foundation
import Store
import Testing

@testable import Notify

@Suite struct CourierTests {
    @Test func publishesAnOfferToTheEngineersInbox() async throws {
        let plant = try TestPlant(grades: [.A])
        try plant.shake(1)
        let surroundings = try Surroundings()
        try await surroundings.running(on: plant) {
            try await waitUntil("it is sent") { try await plant.fate(.inbox, .offer)?.sentAt != nil }
        }
        let published = surroundings.broker.published
        #expect(published.map(\.topic) == ["fieldloop/v1/engineers/E03/inbox"])
        let message = try #require(try JSONSerialization.jsonObject(with: Data(published[0].payload)) as? [String: Any])
        let fate = try #require(try await plant.fate(.inbox, .offer))
        #expect(message["id"] as? String == "n-\(fate.id)")
        #expect(message["kind"] as? String == "offer")
        #expect(message["ticket"] as? Int == 1)
        #expect(message["epoch"] as? Int == 1)
        #expect(message["asset"] as? String == "P1")
        #expect(message["asset_name"] as? String == "1号泵")
        #expect(message["site"] as? String == "beilun")
        #expect(message["severity"] as? String == "warning")
        #expect(message["grade"] as? String == "A")
        #expect(message["why"] as? String == "振动速度 3.25 mm/s > 2.80 mm/s")
        #expect(message["expires_at"] as? Int64 == (plant.clock.now + .minutes(5)).milliseconds)
        #expect((message["text_zh"] as? String)?.contains("请接单") == true)
        #expect((message["text_en"] as? String)?.contains("Can you take it?") == true)
        let position = try #require(message["position"] as? [String: Any])
        #expect(position["datum"] as? String == "wgs84")
        #expect(position["lat"] as? Double == 29.8783)
        #expect(position["lon"] as? Double == 121.7902)
    }

    @Test func repeatsWhatTheBrokerDidNotTake() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        let surroundings = try Surroundings()
        surroundings.broker.fail(2)
        try await surroundings.running(on: plant) {
            try await waitUntil("it has failed") { try await plant.fate(.inbox, .offer)?.error == "Away()" }
            try await waitUntil("it is sent") {
                plant.clock.advance(.seconds(1))
                return try await plant.fate(.inbox, .offer)?.sentAt != nil
            }
        }
        #expect(surroundings.broker.published.count == 3)
        #expect(Set(surroundings.broker.published.map(\.payload)).count == 1, "the same bytes, under the same id")
        #expect(try await plant.fate(.inbox, .offer)?.attempts == 3)
    }

    @Test func owesNothingToAChannelThatIsNotConfigured() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        #expect(try await Set(plant.store.notices().map(\.channel)) == ["inbox", "webhook", "wecom"])
        try await Surroundings().running(on: plant) {
            try await waitUntil("the others are gone") {
                let notices = try await plant.store.notices()
                return notices.map(\.channel) == ["inbox"] && notices[0].sentAt != nil
            }
        }
    }

    @Test func oneThatHangsHoldsNoOtherBack() async throws {
        let plant = try TestPlant(grades: [.B, .B])
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", Reply(delay: .seconds(120)))
            server.script("/robot", .wecomOK)
            var surroundings = try Surroundings(webhook: url + "/hook", wecom: url + "/robot")
            surroundings.options.timeout = .seconds(60)
            try await surroundings.running(on: plant) {
                try await waitUntil("the webhook hangs") { server.heard("/hook").count == 1 }
                try plant.shake(2)
                try await waitUntil("both offers are out") {
                    surroundings.broker.published.count == 2 && server.heard("/robot").count == 2
                }
            }
            #expect(server.heard("/hook").count == 1)
        }
    }

    /// A day of trying, then the supervisor hears of it by what still works: once, though two notices died.
    @Test func givesUpAfterADayAndTellsTheSupervisor() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/hook", .status(500))
            server.script("/robot", .wecomOK)
            let surroundings = try Surroundings(webhook: url + "/hook", wecom: url + "/robot")
            try await surroundings.running(on: plant) {
                try await waitUntil("both have failed") {
                    try await plant.store.notices().count { $0.channel == "webhook" && $0.error == "HTTP 500" } == 2
                }
                plant.clock.advance(.hours(24) - .seconds(6))
                try await waitUntil("not yet given up") { try await plant.fate(.webhook, .offer)?.attempts ?? 0 >= 2 }
                #expect(try await plant.fate(.webhook, .offer)?.deadAt == nil)
                plant.clock.advance(.seconds(6))
                try await waitUntil("the supervisor is told") { server.heard("/robot").count == 2 }
                try await waitUntil("both are dead") {
                    try await plant.store.notices().count { $0.deadAt != nil } == 2
                }
            }
            let dead = try await plant.store.notices().filter { $0.deadAt != nil }
            #expect(Set(dead.map(\.kind)) == ["opened", "offer"])
            #expect(dead.allSatisfy { $0.channel == "webhook" && $0.error == "HTTP 500" })
            let told = server.heard("/robot").filter { $0.text.contains("未能送达") }
            #expect(told.count == 1)
            #expect(told.allSatisfy { $0.text.contains("https://f.example/t/1") })
            #expect(try await plant.fate(.webhook, .undelivered) == nil, "not by the channel that failed")
        }
    }
}

@Suite struct RetryTests {
    @Test func ceilingDoublesFromFiveSecondsToAnHour() {
        #expect(
            [0, 1, 2, 9, 10, 1_000_000].map { Jitter.ceiling(attempt: $0) }
                == [.seconds(5), .seconds(10), .seconds(20), .seconds(2560), .hours(1), .hours(1)])
    }

    @Test func delaysSpreadUnderTheCeilingAndRepeatWithTheSeed() {
        let (a, b, other) = (Jitter(seed: 1), Jitter(seed: 1), Jitter(seed: 2))
        let delays = (0..<1_000).map { _ in a.delay(attempt: 3) }
        #expect(delays == (0..<1_000).map { _ in b.delay(attempt: 3) })
        #expect(delays != (0..<1_000).map { _ in other.delay(attempt: 3) })
        #expect(delays.allSatisfy { $0 >= .zero && $0 <= .seconds(40) })
        #expect(delays.contains { $0 < .seconds(4) } && delays.contains { $0 > .seconds(36) })
        let mean = delays.reduce(.zero, +) / 1_000
        #expect(mean > .seconds(18) && mean < .seconds(22))
    }

    @Test func readsHTTPDates() {
        #expect(Instant(httpDate: "Wed, 21 Oct 2015 07:28:00 GMT") == Instant(milliseconds: 1_445_412_480_000))
        #expect(Instant(httpDate: "Wed, 21 Oct 2015 07:28:00 GMT ") == nil)
        #expect(Instant(httpDate: "tomorrow") == nil)
    }
}
