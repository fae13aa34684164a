import ArgumentParser
import Domain
import Foundation
import Ingest
import Store

/// Measures what readings cost from bytes in memory to the commit, the broker left out; `ops/bench/README.md` has
/// results. All else is as in the service: the same bursts, the same rules, the compactor beside.
struct IngestBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest-bench", abstract: "Measures the way of readings into the store, in a folder of its own.",
        shouldDisplay: false)
    @Argument(help: "A folder that does not exist yet; it is removed afterwards.") var folder: String
    @Option(help: "Points, each with a rule for each of the three measures sent.") var points = 200
    @Option(help: "Readings a message.") var batch = 100
    @Option(help: "Readings in all.") var readings = 10_000_000

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: folder) else { throw ValidationError("\(folder) exists") }
        let directory = try DataDirectory(folder)
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        let store = try Store(directory: directory.path)
        try BenchPlant(points: points, hasRules: true).load(into: store, by: folder + "/plant")
        let ingest = try Ingest(store: store, now: { .wall }, keepPhoto: { _ in preconditionFailure("no photos here") })
        let compactor = Task { await store.telemetry.run(now: { .wall }) { print("compaction: \($0)") } }

        var sender = BenchSender(points: points, batch: batch, messages: readings / batch)
        var (taken, bytes, bursts) = (Duration.zero, 0, [Duration]())
        while let burst = sender.next() {
            bytes += burst.reduce(0) { $0 + $1.size }
            bursts.append(try ContinuousClock().measure { try ingest.take(burst) })
            taken += bursts.last ?? .zero
        }
        compactor.cancel()
        await compactor.value
        let count = sender.sent * batch
        let rejected = try await store.rejectedCounts()
        guard rejected.isEmpty else { throw ValidationError("rejected: \(rejected)") }
        print("\(count) readings of three measures, \(batch) a message, \(bytes / sender.sent) bytes: ", terminator: "")
        print("\(Int(Double(count) / (taken / .seconds(1)))) readings/s")
        bursts.sort()
        print("bursts: \(bursts.count), median \(bursts[bursts.count / 2] / .milliseconds(1)) ms", terminator: "")
        print(", longest \((bursts.last ?? .zero) / .milliseconds(1)) ms")
        try store.close()
    }
}

/// What gateways send: each point's readings a tenth of a second apart, ending now.
private struct BenchSender {
    private let topics: [String]
    private let batch: Int
    private let messages: Int
    private(set) var sent = 0
    private let start: Instant

    init(points: Int, batch: Int, messages: Int) {
        topics = (1...points).map { "fieldloop/v1/s/M\($0)/DE-H/reading" }
        self.batch = batch
        self.messages = messages
        start = Instant.wall - .milliseconds(messages / points * batch * 100)
    }

    /// A burst, or nil at the end.
    mutating func next() -> [RawMessage]? {
        guard sent < messages else { return nil }
        var (burst, bytes) = ([RawMessage](), 0)
        while sent < messages, burst.count < Limits.burstMessages, bytes < Limits.burstBytes {
            let payload = Array(self.payload(sent / topics.count).utf8)
            burst.append(RawMessage(topic: topics[sent % topics.count], payload: payload, size: payload.count))
            bytes += payload.count
            sent += 1
        }
        return burst
    }

    private func payload(_ turn: Int) -> String {
        let readings = (turn * batch..<(turn + 1) * batch).map { number in
            let at = start + .milliseconds(number * 100)
            return """
                {"ts":\(at.milliseconds),"seq":\(number),"velocity_rms_mm_s":1.\(1000 + number * 13 % 997),\
                "acceleration_rms_g":0.\(1000 + number * 7 % 997),"temperature_c":\(40 + number % 9).\(number % 10)}
                """
        }
        return batch == 1 ? readings[0] : "[\(readings.joined(separator: ","))]"
    }
}
