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
                topic, payload, origin: origin, sources: plant, at: now, isRetained: head[0] > 127)
            check(outcome?.decoded)
            for part in outcome?.decoded.waveforms ?? [] {
                precondition(!part.bytes.isEmpty && part.bytes.count == part.samples * part.encoding.bytes)
                precondition(part.bytes.count <= Limits.waveformPart && part.scale > 0)
                precondition(Limits.sampleRate.contains(part.sampleRate))
            }
        }
    }

    /// The arrays `w` and `t/w` are waveforms; what is called after our measures needs no row.
    private static let plant: SourceMap = {
        var map = SourceMap()
        let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
        for metric in ["w", "t/w"] {
            map[.sparkplug, "G/N/P1", metric] = SourceMap.Target(
                point: point, measure: nil, isWaveform: true, unit: "g")
        }
        return map
    }()

    private static let topics = [
        "spBv1.0/G/NBIRTH/N", "spBv1.0/G/NDATA/N", "spBv1.0/G/NDEATH/N", "spBv1.0/G/DBIRTH/N/P1",
        "spBv1.0/G/DDATA/N/P1",
        "spBv1.0/G/DDEATH/N/P1", "spBv1.0/STATE/H", "spBv1.0/G/NCMD/N",
    ]
}
