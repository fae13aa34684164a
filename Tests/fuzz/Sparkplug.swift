import Domain

@testable import Ingest

extension Decoders {
    /// A conversation: each message is its kind, two bytes of length and the payload, one after another on one host.
    static let sparkplug: @Sendable ([UInt8]) -> Void = { bytes in
        var host = SparkplugHost(stored: [:])
        var rest = bytes[...]
        while rest.count > 3 {
            let head = Array(rest.prefix(3))
            rest = rest.dropFirst(3)
            let payload = Array(rest.prefix(Int(head[1]) << 8 | Int(head[2])))
            rest = rest.dropFirst(payload.count)
            let topic = topics[Int(head[0]) % topics.count].split(separator: "/")
            let outcome = try? host.take(
                topic, payload, origin: origin, sources: sources, at: now, isRetained: head[0] > 127)
            check(outcome?.decoded)
        }
    }

    private static let topics = [
        "spBv1.0/G/NBIRTH/N", "spBv1.0/G/NDATA/N", "spBv1.0/G/NDEATH/N", "spBv1.0/G/DBIRTH/N/P1",
        "spBv1.0/G/DDATA/N/P1",
        "spBv1.0/G/DDEATH/N/P1", "spBv1.0/STATE/H", "spBv1.0/G/NCMD/N",
    ]
}
