import Domain
import Gateway
import Synchronization
import Testing

/// The promise behind "acknowledge after commit": kill the service at any time, and nothing is lost or doubled.
extension Houses {
    @Suite struct KillTests {
        private static let seed: UInt64 = 20_260_101
        private let point = "beilun/BL-P101/DE-H"

        @Test func `twelve kills lose no reading, double none, and make one ticket`() async throws {
            let house = try await House()
            try await house.startBroker()
            try await house.startService()
            try await house.connected()
            let isOver = Atomic(false)
            let first = try await house.now() - .hours(2)
            let sender = try house.publisher("numbers")
            async let sent = Self.sendNumbers(from: first, by: sender, to: point) { isOver.load(ordering: .acquiring) }
            var random = SeededRandom(seed: Self.seed)
            for _ in 0..<12 {
                let before = try house.stored().count
                try await waitUntil("readings flow") { try house.stored().count > before }
                try await Task.sleep(for: .milliseconds(random.pick(0...200)))
                house.killService()
                try await Task.sleep(for: .milliseconds(random.pick(0...100)))
                try await house.startService()
            }
            isOver.store(true, ordering: .releasing)
            let count = try await sent
            await sender.close()
            try await waitUntil("all \(count) are stored", within: .seconds(60)) {
                try house.stored().count >= count
            }
            #expect(await house.health()?["sessions_lost"] == "0")
            let stored = try house.stored()
            #expect(
                stored.count == count && stored.allSatisfy { $0.values[.velocityRMS] == $0.sequence.map(Self.value) })
            #expect(Set(stored.map(\.sequence)) == Set((0..<Int64(count)).map { $0 }), "each number once")
            #expect(try house.texts("SELECT reason FROM rejected").isEmpty)
            #expect(try house.tickets().count == 1)
            #expect(try house.texts("SELECT kind FROM ticket_entry ORDER BY id") == ["opened", "offered"])
        }

        /// In zone C, and never the same for long: that would be the sensor's fault.
        private static func value(_ number: Int64) -> Double { 3 + Double(number % 7) / 16 }

        /// Numbered readings, some at a time on the way; returns how many.
        private static func sendNumbers(
            from first: Instant, by sender: Publisher, to point: String, until isOver: @Sendable () -> Bool
        ) async throws -> Int {
            var next = 0
            while !isOver() {
                try await withThrowingTaskGroup { group in
                    for number in next..<next + 16 {
                        let at = first + .milliseconds(number * 50)
                        group.addTask { try await sender.send([(at, value(Int64(number)))], to: point, from: number) }
                    }
                    try await group.waitForAll()
                }
                next += 16
                try await Task.sleep(for: .milliseconds(5))
            }
            return next
        }

        @Test func `killed after every step, the story still ends with the same single ticket`() async throws {
            let house = try await House([
                "--clock-rate", "60", "--clock-behind", "240", "--set", "offer.minutes=120", "--set",
                "proof.minutes=2", "--set", "proof.readings=5",
            ])
            try await house.startBroker()
            try await house.startService()
            try await house.connected()
            try await house.publishing { sender in
                let start = try await house.now()
                try await sender.send((0..<4).map { (start - .seconds(4 - $0), 3.5) }, to: point)
                try await waitUntil("offered") { try house.tickets().first?.hasPrefix("offered") == true }
                let engineer = try house.engineer()
                house.killService()

                // The answer waits at the broker.
                try await sender.answer("accept", by: engineer)
                try await house.startService()
                try await waitUntil("accepted") { try house.tickets() == ["accepted \(engineer) 1"] }
                house.killService()

                try await sender.answer("arrived", by: engineer)
                try await house.startService()
                try await waitUntil("diagnosing") { try house.tickets() == ["diagnosing \(engineer) 1"] }

                try await house.runQuietly(sender, point, until: "the breach is over") {
                    try house.count("SELECT count(*) FROM episode WHERE cleared_at IS NULL") == 0
                }
                try await sender.answer("done", by: engineer)
                try await waitUntil("verifying") { try house.tickets() == ["verifying \(engineer) 1"] }
                house.killService()

                try await house.startService()
                try await house.runQuietly(sender, point, until: "closed") {
                    try house.tickets() == ["closed \(engineer) 1"]
                }
            }
            #expect(try house.texts("SELECT outcome FROM ticket") == ["verified"])
            #expect(
                try house.texts("SELECT kind FROM ticket_entry ORDER BY id") == [
                    "opened", "offered", "accepted", "arrived", "cleared", "done", "closed",
                ])
            #expect(try house.count("SELECT count(*) FROM timer") == 0)
        }

        @Test func `an offer that lapsed while the service was dead goes to the next`() async throws {
            let house = try await House(["--clock-rate", "60", "--clock-behind", "240"])
            try await house.startBroker()
            try await house.startService()
            try await house.connected()
            try await house.publishing { sender in
                let start = try await house.now()
                try await sender.send((0..<4).map { (start - .seconds(4 - $0), 3.5) }, to: point)
                try await waitUntil("offered") { try house.tickets().first?.hasPrefix("offered") == true }
                house.killService()
                let first = try house.engineer()
                // Five minutes of the service's clock are five seconds of the wall's.
                try await Task.sleep(for: .seconds(5.5))
                try await house.startService()
                try await waitUntil("offered to the next") { try house.tickets().first?.hasSuffix(" 2") == true }
                let second = try house.engineer()
                #expect(second != first)
                try await sender.answer("accept", epoch: 1, by: first)
                try await sender.answer("accept", epoch: 2, by: second)
                try await waitUntil("accepted") { try house.tickets() == ["accepted \(second) 2"] }
            }
            #expect(try house.texts("SELECT reason FROM rejected") == ["old_offer"])
            #expect(try house.texts("SELECT answer FROM assignment ORDER BY epoch") == ["expired", "accepted"])
        }
    }
}

extension House {
    /// Who has the ticket.
    func engineer() throws -> String { try #require(try texts("SELECT engineer FROM ticket").first) }

    /// The machine runs well, on the service's clock, until something has come true.
    fileprivate func runQuietly(
        _ sender: Publisher, _ point: String, until what: String, _ condition: () throws -> Bool
    ) async throws {
        try await waitUntil(what) {
            if let now = try? await now() { try await sender.send([(now, 1.2)], to: point) }
            try await Task.sleep(for: .milliseconds(60))
            return try condition()
        }
    }
}
