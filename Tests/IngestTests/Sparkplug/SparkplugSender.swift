import Domain

@testable import Ingest

/// Writes Sparkplug's protobuf by hand, so that the tests do not believe the generated code.
enum Wire {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
    static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }
    static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(value.count)) + value
    }
    static func text(_ field: UInt64, _ value: String) -> [UInt8] { bytes(field, Array(value.utf8)) }
    static func double(_ field: UInt64, _ value: Double) -> [UInt8] {
        varint(field << 3 | 1) + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    static func float(_ field: UInt64, _ value: Float) -> [UInt8] {
        varint(field << 3 | 5) + (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }

    static func payload(seq: UInt64? = nil, at: UInt64? = 1_767_225_600_000, _ metrics: [UInt8]...) -> [UInt8] {
        (at.map { number(1, $0) } ?? []) + metrics.flatMap { bytes(2, $0) } + (seq.map { number(3, $0) } ?? [])
    }
    /// - Parameter value: its field, written.
    static func metric(
        _ name: String? = nil, alias: UInt64? = nil, at: UInt64? = nil, type: UInt64? = nil, unit: String? = nil,
        _ value: [UInt8]
    ) -> [UInt8] {
        var metric = (name.map { text(1, $0) } ?? []) + (alias.map { number(2, $0) } ?? [])
        metric += (at.map { number(3, $0) } ?? []) + (type.map { number(4, $0) } ?? [])
        if let unit { metric += properties(("engUnit", text(8, unit))) }
        return metric + value
    }
    /// A metric's property set; each value is its field, written.
    static func properties(_ pairs: (key: String, value: [UInt8])...) -> [UInt8] {
        bytes(9, pairs.flatMap { text(1, $0.key) } + pairs.flatMap { bytes(2, $0.value) })
    }
    static func template(isDefinition: Bool = false, _ members: [UInt8]...) -> [UInt8] {
        bytes(18, text(1, "1.0") + members.flatMap { bytes(2, $0) } + text(4, "Kind") + number(5, isDefinition ? 1 : 0))
    }
    /// - Parameter rows: of cells, each its field, written; empty for null.
    static func dataSet(_ columns: [(name: String, type: UInt64)], _ rows: [[[UInt8]]]) -> [UInt8] {
        let table = number(1, UInt64(columns.count)) + columns.flatMap { text(2, $0.name) }
        return bytes(
            17,
            table + columns.flatMap { number(3, $0.type) }
                + rows.flatMap { bytes(4, $0.flatMap { bytes(1, $0) }) })
    }
    static func dataSet(_ columns: [(name: String, type: UInt64)], _ rows: [[UInt8]]...) -> [UInt8] {
        dataSet(columns, rows)
    }
    static func bdSeq(_ value: UInt64) -> [UInt8] { metric("bdSeq", type: 4, number(11, value)) }
    static let null = number(7, 1)
}

/// A host, and a node that talks to it; the device is named after an asset of ours.
struct SparkplugScene {
    var host = SparkplugHost()
    var sources = SourceMap()
    var now = Foreign.now

    mutating func take(_ kind: String, _ payload: [UInt8], device: String? = nil, isRetained: Bool = false) throws
        -> SparkplugHost.Outcome
    {
        let topic = "spBv1.0/G/\(kind)/N" + (device.map { "/\($0)" } ?? "")
        let origin = Origin(topic: topic, payload: payload, size: payload.count)
        return try host.take(
            topic.split(separator: "/"), payload, origin: origin, sources: sources, at: now, isRetained: isRetained)
    }

    /// As after a crash: what was stored is all that is left.
    mutating func restart() { host = SparkplugHost(stored: host.changes().compactMapValues { $0 }) }

    /// NBIRTH 0, DBIRTH 1 of P1: velocity as alias 1 in in/s, temperature as alias 2, an Int16.
    @discardableResult
    mutating func born(bdSeq: UInt64 = 7) throws -> [SparkplugHost.Outcome] {
        let velocity = Wire.metric(
            "DE-H/velocity_rms_mm_s", alias: 1, type: 10, unit: "in/s", Wire.double(13, 0.1))
        let temperature = Wire.metric("DE-H/temperature_c", alias: 2, type: 2, Wire.number(10, 45))
        return [
            try take("NBIRTH", Wire.payload(seq: 0, Wire.bdSeq(bdSeq))),
            try take("DBIRTH", Wire.payload(seq: 1, velocity, temperature), device: "P1"),
        ]
    }

    mutating func velocity(_ inches: Double, seq: UInt64, at: UInt64 = 1_767_225_600_100) throws
        -> SparkplugHost.Outcome
    {
        try take("DDATA", Wire.payload(seq: seq, at: at, Wire.metric(alias: 1, Wire.double(13, inches))), device: "P1")
    }
}
