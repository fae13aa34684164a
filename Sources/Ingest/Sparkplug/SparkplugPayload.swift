import Domain
import SwiftProtobuf

extension SparkplugPayload {
    init(checking payload: [UInt8]) throws(Rejection) {
        self = try Self(bounded: payload, "the message")
        guard metrics.count <= Limits.sparkplugMetrics else {
            throw Rejection(.tooMany, "\(metrics.count) metrics; one message may have \(Limits.sparkplugMetrics)")
        }
        guard uuid != "SPBV1.0_COMPRESSED" else {
            throw Rejection(.badPayload, "the payload is compressed; switch compression off in the edge node")
        }
    }
}

extension SwiftProtobuf.Message {
    /// What we do not declare is skipped, not kept.
    init(bounded bytes: some SwiftProtobufContiguousBytes, _ what: @autoclosure () -> String) throws(Rejection) {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        do {
            try self.init(serializedBytes: bytes, options: options)
        } catch BinaryDecodingError.truncated {
            throw Rejection(.truncated, "\(what()) ends in the middle of a field")
        } catch {
            throw Rejection(.badPayload, "\(what()) is not protobuf of Sparkplug B: \(error)")
        }
    }
}

/// What a metric's properties say of its values.
struct SparkplugTold {
    var unit: String?
    /// Hz, of an array's samples.
    var sampleRate: Double?
    /// How its sender calls a value that is not good.
    var flaw: String?

    /// Properties that name a unit, in lower case without blanks and underscores.
    static let unitNames = ["engunit", "unit", "units", "engunits", "engineeringunit", "engineeringunits", "uom"]
    /// Likewise a sample rate.
    static let rateNames = ["rate", "frequency"].flatMap { what in
        ["sample", "sampling"].flatMap { ["\($0)\(what)", "\($0)\(what)hz"] }
    }

    fileprivate mutating func take(_ key: String, _ value: SparkplugPropertyValue) {
        switch key {
        case "quality":
            switch value.number {
            case 0: flaw = "bad (Quality 0)"
            case 500: flaw = "stale (Quality 500)"
            default: break
            }
        case _ where Self.rateNames.contains(key): sampleRate = sampleRate ?? value.number ?? Double(value.stringValue)
        default: if unit == nil, !value.stringValue.isEmpty { unit = value.stringValue }
        }
    }
}

extension SparkplugMetric {
    /// What its properties say.
    func told() throws(Rejection) -> SparkplugTold {
        var told = SparkplugTold()
        guard hasProperties else { return told }
        let set = try SparkplugPropertySet(bounded: properties, "“\(name)”: a property set")
        guard set.keys.count <= Limits.sparkplugProperties, set.values.count <= Limits.sparkplugProperties else {
            throw Rejection(.tooMany, "“\(name)” has \(set.keys.count) properties")
        }
        for (key, bytes) in zip(set.keys, set.values) {
            let plain = key.lowercased().filter { $0 != " " && $0 != "_" }
            guard
                plain == "quality" || SparkplugTold.unitNames.contains(plain)
                    || SparkplugTold.rateNames.contains(plain)
            else { continue }
            told.take(plain, try SparkplugPropertyValue(bounded: bytes, "“\(name)”: the property “\(key)”"))
        }
        return told
    }
}

extension SparkplugPropertyValue {
    /// nil: no number.
    fileprivate var number: Double? {
        if hasIntValue { return Double(intValue) }
        if hasLongValue { return Double(longValue) }
        if hasFloatValue { return Double(floatValue) }
        return hasDoubleValue ? doubleValue : nil
    }
}
