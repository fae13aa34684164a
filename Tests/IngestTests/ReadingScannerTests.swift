import Domain
import Testing

@testable import Ingest

/// The fast path answers as the strict decoder does, or not at all.
@Suite struct ReadingScannerTests {
    @Test func plainReadings() throws {
        let text =
            #" [ {"ts": 1767225600123, "seq":17, "velocity_rms_mm_s":3.21,"running" : true} ,{"ts":2,"kurtosis":3}]"#
        let readings = try #require(ReadingScanner.scan(Array(text.utf8)))
        #expect(readings.map(\.at.milliseconds) == [1_767_225_600_123, 2])
        #expect(readings[0].sequence == 17 && readings[0].values[.velocityRMS] == 3.21)
        #expect(readings[0].running == true && readings[1].values[.kurtosis] == 3)
    }

    @Test(arguments: [
        "", "[]", "{}", "[", "{", "{\"ts\":1}", "{\"ts\":1,\"kurtosis\":3", "{\"ts\":1,\"kurtosis\":3}x",
        "{\"ts\":01,\"kurtosis\":3}", "{\"ts\":1.0,\"kurtosis\":3}", "{\"ts\":1,\"kurtosis\":3.}",
        "{\"ts\":1,\"kurtosis\":.5}", "{\"ts\":1,\"kurtosis\":3e0}", "{\"ts\":1,\"kurtosis\":-}",
        "{\"ts\":1,\"kurtosis\":null}", "{\"ts\":1,\"kurtosi_\":3}", "{\"ts\":1,\"kurtosis\":-3}",
        "{\"ts\":1,\"kurtosis\":9007199254740993}", "{\"ts\":1,\"kurtosis\":0.1234567890123456789}",
        "{\"ts\":1,\"running\":2}", "{\"ts\":1,\"running\":10}", "{\"ts\":1,\"running\":tru}",
        "{\"ts\":9999999999999999999,\"kurtosis\":3}", "{\"kurtosis\":3}",
    ]) func whatIsNotPlainIsLeftToTheOther(text: String) {
        #expect(ReadingScanner.scan(Array(text.utf8)) == nil)
    }

    /// Random payloads, whole, cut short and damaged: wherever both read them, they read the same.
    @Test(arguments: [UInt64(1), 2, 3]) func agreesWithTheStrictDecoder(seed: UInt64) {
        var random = SplitMix(seed)
        var agreed = 0
        for _ in 0..<1_000 {
            var bytes = payload(&random)
            switch random.next() % 4 {
            case 0: bytes = Array(bytes.prefix(Int(random.next() % UInt64(bytes.count + 1))))
            case 1: bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            default: break
            }
            guard let fast = ReadingScanner.scan(bytes) else { continue }
            agreed += 1
            // A byte that is no JSON keeps the fast path out; a blank in front of it changes nothing.
            let strict = try? strictly(bytes)
            #expect(strict == fast, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(agreed > 200)
    }

    private func payload(_ random: inout SplitMix) -> [UInt8] {
        let objects = (0...random.next() % 3).map { _ in
            var fields = ["\"ts\":\(Int64(bitPattern: random.next()) >> Int64(random.next() % 2 == 0 ? 5 : 30))"]
            if random.next() % 2 == 0 { fields.append("\"seq\": \(random.next() % 1_000_000)") }
            for measure in Measure.allCases where random.next() % 3 == 0 {
                let number = Double(random.next() % 4_000) / [1, 10, 100, 1000][Int(random.next() % 4)]
                let text = measure == .running ? ["true", "false", "1", "0"][Int(random.next() % 4)] : "\(number)"
                fields.append("\"\(measure.name)\":\(text)")
            }
            return "{" + fields.joined(separator: random.next() % 2 == 0 ? "," : " ,\n") + "}"
        }
        return Array((objects.count == 1 ? objects[0] : "[" + objects.joined(separator: ",") + "]").utf8)
    }

    /// What `ReadingDecoder` makes of the same bytes without its fast path: an unknown field keeps that out.
    private func strictly(_ bytes: [UInt8]) throws -> [Reading] {
        let last = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
        let slow = Array(bytes[..<last]) + Array(#","x":0"#.utf8) + Array(bytes[last...])
        let decoded = try ReadingDecoder.decode(
            slow, site: SiteID(stored: "s"), point: PointID(asset: AssetID(stored: "a"), name: Name(stored: "p")),
            origin: Origin(topic: "t", payload: [], size: 0))
        // The scanner leaves the order as it came, the decoder sorts.
        let readings = decoded.series.flatMap(\.readings)
        let fast = ReadingScanner.scan(bytes) ?? []
        #expect(decoded.rejections.isEmpty)
        return fast.sorted { $0.at < $1.at } == readings ? fast : readings
    }
}

private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
