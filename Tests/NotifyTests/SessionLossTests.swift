import Domain
import Foundation
import Store
import Testing

@testable import Notify

/// A lost session is told to the supervisor as everything is: by the outbox, about no ticket.
@Suite struct SessionLossTests {
    private func loss(_ plant: TestPlant, session: String = "fieldloop") -> SessionLoss {
        // 08:00 at the plant.
        SessionLoss(
            broker: "press:1883", session: session, awaySince: Instant(milliseconds: 1_767_225_600_000),
            noticedAt: plant.clock.now)
    }

    private func notices(_ plant: TestPlant) async throws -> Int {
        try await plant.store.departures(on: [.wecom], at: plant.clock.now).count
    }

    @Test func goesToTheGroupWithThePageThatShowsIt() async throws {
        let plant = try TestPlant()
        try plant.store.add(loss(plant))
        try await ScriptedServer.serving { server, url in
            server.script("/robot", .wecomOK)
            try await Surroundings(wecom: url + "/robot").running(on: plant) {
                try await waitUntil("it is sent") { try await plant.fate(.wecom, .sessionLost)?.sentAt != nil }
            }
            let message = try JSONDecoder().decode(WeComMessage.self, from: Data(server.heard("/robot")[0].body))
            #expect(message.text.mentionedList == [])
            let lines = message.text.content.split(separator: "\n")
            #expect(lines.first?.contains("press:1883 丢失了本服务的会话（fieldloop），01-01 08:00 断开之后") == true)
            #expect(lines.last == "https://f.example/intake")
        }
        #expect(try #require(try await plant.fate(.wecom, .sessionLost)).ticket == nil)
    }

    /// A broker that keeps no sessions at all must not fill the group.
    @Test func isToldAgainAfterAnHourOrOnceItWasSeenTo() async throws {
        let plant = try TestPlant()
        try plant.store.add(loss(plant))
        plant.clock.advance(.minutes(1))
        try plant.store.add(loss(plant))
        #expect(try await notices(plant) == 1)
        #expect(try await plant.store.sessionLosses(at: plant.clock.now).count == 2)
        try plant.store.add(loss(plant, session: "another"))
        #expect(try await notices(plant) == 2)
        plant.clock.advance(.minutes(60))
        try plant.store.add(loss(plant))
        #expect(try await notices(plant) == 3)

        for row in try await plant.store.sessionLosses(at: plant.clock.now) {
            #expect(try await plant.store.acknowledgeSessionLoss(row.id, at: plant.clock.now))
            #expect(try await !plant.store.acknowledgeSessionLoss(row.id, at: plant.clock.now))
        }
        try plant.store.add(loss(plant))
        #expect(try await notices(plant) == 4)
    }

    @Test func saysWhatMayBeMissingInBothLanguages() {
        var loss = SessionLoss(
            broker: "b:1", session: "s", awaySince: nil, noticedAt: Instant(milliseconds: 1_767_225_600_000))
        #expect(loss.text(in: .zh, utcOffset: 0).contains("本服务停止期间"))
        #expect(loss.text(in: .en, utcOffset: 0).contains("while the service was stopped is gone"))
        loss.awaySince = loss.noticedAt
        #expect(loss.text(in: .en, utcOffset: 5 * 3600 + 1800).contains("since 01-01 05:30 is gone"))
    }
}
