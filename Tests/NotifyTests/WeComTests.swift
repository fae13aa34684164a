import Domain
import Foundation
import Store
import Synchronization
import Testing

@testable import Notify

@Suite struct WeComTests {
    @Test func asksTheEngineerByNameWithAPersonalLink() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            try await Surroundings(wecom: url + "/robot").running(on: plant) {
                try await waitUntil("it is sent") { try await plant.fate(.wecom, .offer)?.sentAt != nil }
            }
            let heard = server.heard("/robot")
            #expect(heard.count == 1)
            let message = try JSONDecoder().decode(WeComMessage.self, from: Data(heard[0].body))
            #expect(message.msgtype == "text")
            #expect(message.text.mentionedList == ["wanglei"])
            let lines = message.text.content.split(separator: "\n")
            #expect(lines.first?.hasPrefix("【T1】B 级 北仑厂 1号泵：振动速度 3") == true)
            #expect(lines.last == "https://f.example/s/E03-T1")
        }
    }

    @Test func sendsThePlainPageWithoutPersonalLinks() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            var surroundings = try Surroundings(wecom: url + "/robot")
            surroundings.personalLink = nil
            surroundings.options.language = .en
            try await surroundings.running(on: plant) {
                try await waitUntil("it is sent") { !server.heard("/robot").isEmpty }
            }
            #expect(server.heard("/robot")[0].text.contains("Can you take it?"))
            #expect(server.heard("/robot")[0].text.contains("https://f.example/t/1"))
        }
    }

    @Test func waitsForALinkThatCanNotBeMade() async throws {
        struct NoKey: Error { let path = "/secret/path" }
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            var surroundings = try Surroundings(wecom: url + "/robot")
            surroundings.personalLink = { _, _ in throw NoKey() }
            try await surroundings.running(on: plant) {
                try await waitUntil("it has failed") { try await plant.fate(.wecom, .offer)?.attempts == 1 }
            }
            #expect(try await plant.fate(.wecom, .offer)?.error == "no personal link could be made: NoKey")
            #expect(server.heard("/robot").isEmpty)
        }
    }

    /// HTTP 200 says nothing; `errcode` does, and so does an answer without one.
    @Test func repeatsWhatTheRobotRefused() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .errcode(40008, "invalid message"), Reply(body: "<html>"), .status(502), .wecomOK)
            try await Surroundings(wecom: url + "/robot").running(on: plant) {
                try await waitUntil("it is refused") { try await plant.fate(.wecom, .offer)?.attempts == 1 }
                let fate = try #require(try await plant.fate(.wecom, .offer))
                #expect(fate.error == "errcode 40008: invalid message")
                #expect(fate.dueAt <= plant.clock.now + .seconds(5))
                try await waitUntil("it is sent") {
                    plant.clock.advance(.seconds(1))
                    return try await plant.fate(.wecom, .offer)?.sentAt != nil
                }
            }
            #expect(try await plant.fate(.wecom, .offer)?.attempts == 4)
            #expect(try await plant.fate(.wecom, .offer)?.error == nil)
        }
    }

    @Test func restsAMinuteWhenTheRobotHasHeardTooMuch() async throws {
        let plant = try TestPlant(grades: [.B, .B])
        try plant.shake(1)
        try plant.shake(2)
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .errcode(45009, "api freq out of limit"))
            try await Surroundings(wecom: url + "/robot").running(on: plant) {
                try await waitUntil("it is refused") {
                    try await !plant.store.notices(undelivered: true).isEmpty
                }
                // Later for the service, but not for the robot.
                plant.clock.advance(.seconds(61))
                try await Task.sleep(for: .milliseconds(300))
                #expect(server.heard("/robot").count == 1)
            }
            let offers = try await plant.store.notices(undelivered: true)
            #expect(offers.map(\.error) == ["errcode 45009: api freq out of limit"])
            #expect(offers.first.map { $0.dueAt - $0.createdAt } == .minutes(1))
        }
    }

    /// A person who is asked too late is asked in vain.
    @Test func doesNotSendAnOfferThatHasExpired() async throws {
        let plant = try TestPlant()
        try plant.shake(1)
        plant.clock.advance(.minutes(6))
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            let surroundings = try Surroundings(wecom: url + "/robot")
            try await surroundings.running(on: plant) {
                try await waitUntil("it has lapsed") { try await plant.fate(.wecom, .offer)?.deadAt != nil }
                try await waitUntil("the inbox has it") { surroundings.broker.published.count == 1 }
            }
            #expect(server.heard("/robot").isEmpty)
            #expect(try await plant.fate(.wecom, .offer)?.error?.contains("expired") == true)
            #expect(try await plant.fate(.wecom, .undelivered) == nil, "nobody need be told")
        }
    }

    @Test func cutsTheTextAndNeverTheLink() {
        let link = "https://f.example/s/" + String(repeating: "k", count: 80)
        #expect(content("短", link: link) == "短\n\(link)")
        // Three bytes a character, four with an accent of its own, and a family of twenty-five.
        for unit in ["泵", "e\u{301}", "👨‍👩‍👧‍👦", "x"] {
            let text = String(repeating: unit, count: 3_000)
            let cut = content(text, link: link)
            #expect(cut.utf8.count <= 2_048)
            #expect(cut.utf8.count > 2_048 - unit.utf8.count - 1, "no more than needed is cut")
            #expect(cut.hasSuffix("…\n\(link)"))
            #expect(text.hasPrefix(cut.dropLast(link.count + 2)), "cut between characters")
        }
        let fits = String(repeating: "x", count: 2_048 - link.utf8.count - 1)
        #expect(content(fits, link: link) == "\(fits)\n\(link)")
    }

    @Test func neverTellsTheRobotsKey() async throws {
        let plant = try TestPlant(grades: [.B, .B])
        try plant.shake(1)
        try await ScriptedServer.serving { server, url in
            let address = "\(url)/robot?key=\(Surroundings.robotKey)"
            server.script("/robot", .errcode(93000, "invalid webhook url \(address) (\(Surroundings.robotKey))"))
            var surroundings = try Surroundings(wecom: url + "/robot")
            try await surroundings.running(on: plant) {
                try await waitUntil("it is refused") { try await plant.fate(.wecom, .offer)?.attempts == 1 }
            }
            // And from a port where nobody listens.
            surroundings.options.wecom = try WeComRobot(url: "http://127.0.0.1:1/robot?key=\(Surroundings.robotKey)")
            try plant.shake(2)
            try await surroundings.running(on: plant) {
                try await waitUntil("nobody is there") {
                    try await plant.store.notices(undelivered: true).contains { $0.error == "could not connect" }
                }
            }
            let errors = try await plant.store.notices().compactMap(\.error).joined(separator: "\n")
            #expect(errors.contains("errcode 93000: invalid webhook url"))
            let dump = "\(surroundings.options) \(String(reflecting: surroundings.options.wecom))"
            for text in [errors, surroundings.log.text, dump] {
                #expect(!text.contains(Surroundings.robotKey))
                #expect(!text.contains("/robot"))
            }
            #expect(surroundings.log.text.contains("notice not sent yet"))
        }
    }
}

@Suite struct WeComBucketTests {
    private static let pumps = 8

    /// Twenty in any minute: five at once, then one every four seconds, and a restart gives nothing away.
    @Test func holdsOverARestart() async throws {
        let before = try TestPlant(grades: Array(repeating: .B, count: Self.pumps))
        for pump in 1...Self.pumps { try before.shake(pump) }
        let wall = TestClock()
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            var surroundings = try Surroundings(wecom: url + "/robot")
            surroundings.options.wallClock = { wall.now }
            try await surroundings.running(on: before) {
                try await waitUntil("the bucket is empty") { try await sent(before) == 5 }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(server.heard("/robot").count == 5)

            wall.advance(.milliseconds(3_900))
            let after = try before.restarted()
            try await surroundings.running(on: after) {
                try await Task.sleep(for: .milliseconds(200))
                #expect(server.heard("/robot").count == 5)
                wall.advance(.milliseconds(100))
                try await waitUntil("one more may go") { try await sent(after) == 6 }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(server.heard("/robot").count == 6)
            let waiting = try await after.store.notices().filter { $0.channel == "wecom" && $0.sentAt == nil }
            #expect(waiting.map(\.attempts) == [0, 0], "waiting for a token is no attempt")
        }
    }

    private func sent(_ plant: TestPlant) async throws -> Int {
        try await plant.store.notices().count { $0.channel == "wecom" && $0.sentAt != nil }
    }

    @Test func servesGradeAFirst() async throws {
        let plant = try TestPlant(grades: [.C, .B, .C, .B, .C, .A, .B, .A])
        for pump in 1...Self.pumps { try plant.shake(pump) }
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            try await Surroundings(wecom: url + "/robot").running(on: plant) {
                try await waitUntil("the bucket is empty") { server.heard("/robot").count == 5 }
            }
            let pumps = server.heard("/robot").compactMap { heard in
                (1...Self.pumps).first { heard.text.contains("\($0)号泵") }
            }
            #expect(pumps == [6, 8, 2, 4, 7])
        }
    }
}
