import Domain
import Foundation
import Gateway
import Synchronization
import Testing

extension Houses {
    @Suite struct OutageTests {
        private let point = "beilun/BL-P101/DE-H"

        @Test func `without a broker the service says so, and finds it when it comes`() async throws {
            let house = try await House()
            try await house.startService()
            let away = try #require(await house.health())
            #expect(away["broker"] == "away" && away["store"] == "ok")
            try await waitUntil("the reason is told") { await house.health()?["broker_error"]?.isEmpty == false }
            try await house.startBroker()
            try await house.connected()
            let now = try await house.now()
            try await house.publishing { try await $0.send([(now, 1.5)], to: point) }
            try await waitUntil("stored") { try house.stored().count == 1 }
        }

        @Test func `a broker that restarts under load loses nothing that it took`() async throws {
            let house = try await House()
            try await house.startBroker()
            try await house.startService()
            try await house.connected()
            let first = try await house.now() - .hours(1)
            let isOver = Atomic(false)
            let sender = try house.publisher("load")
            async let sent = Self.send(from: first, by: sender, to: point) { isOver.load(ordering: .acquiring) }
            for _ in 0..<3 {
                let before = try house.stored().count
                try await waitUntil("readings flow") {
                    try house.stored().count > before + 50
                }
                house.stopBroker()
                try await waitUntil("noticed") { await house.health()?["broker"] == "away" }
                try await house.startBroker()
                try await house.connected()
            }
            isOver.store(true, ordering: .releasing)
            let count = try await sent
            await sender.close()
            try await waitUntil("all \(count) are stored", within: .seconds(60)) {
                try house.stored().count >= count
            }
            let stored = try house.stored()
            #expect(stored.count == count && Set(stored.map(\.sequence)).count == count)
            #expect(try house.texts("SELECT reason FROM rejected").isEmpty)
            #expect(await house.health()?["sessions_lost"] == "0")
        }

        /// Healthy readings, eight at a time on the way; what is not acknowledged is sent again.
        private static func send(
            from first: Instant, by sender: Publisher, to point: String, until isOver: @Sendable () -> Bool
        ) async throws -> Int {
            var next = 0
            while !isOver() {
                await withTaskGroup { group in
                    for number in next..<next + 8 {
                        group.addTask {
                            let reading = (at: first + .milliseconds(number * 50), value: 1.5)
                            while (try? await sender.send([reading], to: point, from: number)) == nil {}
                        }
                    }
                }
                next += 8
                try await Task.sleep(for: .milliseconds(5))
            }
            return next
        }

        @Test func `a second service on the same data says why it will not start`() async throws {
            let house = try await House()
            try await house.startBroker()
            try await house.startService()
            let output = house.directory + "/second.log"
            let second = try Child(House.binary, house.serveArguments, output: output)
            #expect(try await second.exitCode() == 1)
            let text = try String(contentsOfFile: output, encoding: .utf8)
            #expect(text.contains("another fieldloop is running on this data directory"))
            #expect(text.contains("data.dir"))
            try await house.connected()
            #expect(try await house.stopService() == 0, "the first is none the worse, and ends when told to")
            try await house.startService()
        }
    }
}
