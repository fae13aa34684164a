import Domain
import Gateway

extension Publisher {
    /// Readings of one measure at one point, as one message.
    func send(
        _ readings: [(at: Instant, value: Double)], _ measure: Measure = .velocityRMS, to point: String,
        running: Bool? = true, from sequence: Int? = nil
    ) async throws {
        let objects = readings.enumerated().map { index, reading in
            "{\"ts\":\(reading.at.milliseconds),\"\(measure.name)\":\(reading.value)"
                + (sequence.map { ",\"seq\":\($0 + index)" } ?? "") + (running.map { ",\"running\":\($0)" } ?? "") + "}"
        }
        let topic = try Topic("fieldloop/v1/\(point)/reading")
        try await publish(topic, Array("[\(objects.joined(separator: ","))]".utf8), timeout: .seconds(60))
    }

    func answer(_ answer: String, ticket: Int = 1, epoch: Int = 1, by engineer: String) async throws {
        let json = "{\"ticket\":\(ticket),\"epoch\":\(epoch),\"answer\":\"\(answer)\"}"
        try await publish(try Topic("fieldloop/v1/engineers/\(engineer)/answer"), Array(json.utf8))
    }

    /// The documented envelope: one line of JSON, a newline, the bytes.
    func photo(_ bytes: [UInt8], header: String, upload: String, by engineer: String) async throws {
        let topic = try Topic("fieldloop/v1/photos/\(engineer)/\(upload)")
        try await publish(topic, Array(header.utf8) + [0x0A] + bytes, timeout: .seconds(60))
    }
}
