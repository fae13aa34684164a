import Domain
import Foundation

/// Sparkplug's data types, with the numbers of the specification.
enum SparkplugType: UInt32, Sendable, CaseIterable {
    case int8 = 1, int16, int32, int64, uint8, uint16, uint32, uint64, float, double
    case boolean, string, dateTime, text, uuid, dataSet, bytes, file, template, propertySet, propertySetList
    case int8Array, int16Array, int32Array, int64Array, uint8Array, uint16Array, uint32Array, uint64Array
    case floatArray, doubleArray, booleanArray, stringArray, dateTimeArray
}

/// What a metric says.
enum SparkplugValue: Equatable, Sendable {
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    case boolean(Bool)
    case text(String)
    case bytes([UInt8])
    case integers([Int64])
    case unsigneds([UInt64])
    case reals([Double])
    case booleans([Bool])
    case texts([String])

    /// Reads what was sent as `type`; as the field it came in where nobody said a type that we know.
    init(_ sent: SparkplugMetric.OneOf_Value, as type: SparkplugType?) throws(Rejection) {
        switch sent {
        case .intValue(let raw): self = try Self.whole(UInt64(raw), type, isPlain: raw <= Int32.max)
        case .longValue(let raw): self = try Self.whole(raw, type, isPlain: raw <= Int64.max)
        case .floatValue(let value): self = try Self.real(Double(value), type)
        case .doubleValue(let value): self = try Self.real(value, type)
        case .booleanValue(let value):
            guard type == .boolean || type == nil else { throw Self.wrong("a boolean", type) }
            self = .boolean(value)
        case .stringValue(let value):
            switch type {
            case nil, .string, .text, .uuid: self = .text(value)
            default: throw Self.wrong("a text", type)
            }
        case .bytesValue(let data): self = try Self.packed([UInt8](data), type)
        case .datasetValue, .templateValue: throw Self.wrong("several values", type)
        }
    }

    /// nil: nothing that can be measured.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .real(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }

    var isBoolean: Bool { if case .boolean = self { true } else { false } }

    /// A single value as JSON; nil where there is none to show.
    var json: String? {
        switch self {
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .real(let value): value.isFinite ? "\(value)" : nil
        case .boolean(let value): "\(value)"
        case .text(let text): jsonString(text)
        default: nil
        }
    }

    private static func wrong(_ sent: String, _ type: SparkplugType?) -> Rejection {
        Rejection(.wrongType, "\(sent), but its type is \(type.map { "\($0)" } ?? "unknown")")
    }

    /// Negative numbers come as two's complement in 32 or 64 bits, whatever their width: cut to the declared width, they
    /// have their sign. A float's or boolean's type with a whole number is what sloppy encoders make of 0 and 1.
    private static func whole(
        _ raw: UInt64, _ type: SparkplugType?, isPlain: Bool
    ) throws(Rejection) -> SparkplugValue {
        switch type {
        case .int8: .integer(Int64(Int8(truncatingIfNeeded: raw)))
        case .int16: .integer(Int64(Int16(truncatingIfNeeded: raw)))
        case .int32: .integer(Int64(Int32(truncatingIfNeeded: raw)))
        case .int64: .integer(Int64(truncatingIfNeeded: raw))
        case .uint8: .unsigned(raw & 0xFF)
        case .uint16: .unsigned(raw & 0xFFFF)
        case .uint32: .unsigned(raw & 0xFFFF_FFFF)
        case .uint64, .dateTime: .unsigned(raw)
        case nil where isPlain: .unsigned(raw)
        case nil: throw Rejection(.wrongType, "a whole number without a type: its sign is not known")
        case .float, .double: .real(Double(raw))
        case .boolean where raw <= 1: .boolean(raw == 1)
        default: throw wrong("the number \(raw)", type)
        }
    }

    private static func real(_ value: Double, _ type: SparkplugType?) throws(Rejection) -> SparkplugValue {
        switch type {
        case nil, .float, .double: return .real(value)
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
            guard let whole = Int64(exactly: value) else { throw wrong("the number \(value)", type) }
            return .integer(whole)
        default: throw wrong("the number \(value)", type)
        }
    }

    // MARK: - Arrays

    private static func packed(_ bytes: [UInt8], _ type: SparkplugType?) throws(Rejection) -> SparkplugValue {
        switch type {
        case nil, .bytes, .file: .bytes(bytes)
        case .int8Array: .integers(try words(bytes, Int8.self).map(Int64.init))
        case .int16Array: .integers(try words(bytes, Int16.self).map(Int64.init))
        case .int32Array: .integers(try words(bytes, Int32.self).map(Int64.init))
        case .int64Array: .integers(try words(bytes, Int64.self))
        case .uint8Array: .unsigneds(bytes.map(UInt64.init))
        case .uint16Array: .unsigneds(try words(bytes, UInt16.self).map(UInt64.init))
        case .uint32Array: .unsigneds(try words(bytes, UInt32.self).map(UInt64.init))
        case .uint64Array, .dateTimeArray: .unsigneds(try words(bytes, UInt64.self))
        case .floatArray: .reals(try words(bytes, UInt32.self).map { Double(Float(bitPattern: $0)) })
        case .doubleArray: .reals(try words(bytes, UInt64.self).map(Double.init(bitPattern:)))
        case .booleanArray: .booleans(try bits(bytes))
        case .stringArray: .texts(try texts(bytes))
        default: throw wrong("bytes", type)
        }
    }

    /// Little-endian, as the text of the specification says; its printed examples of floats are not.
    private static func words<Word: FixedWidthInteger>(
        _ bytes: [UInt8], _: Word.Type
    ) throws(Rejection) -> [Word] {
        let width = MemoryLayout<Word>.size
        guard bytes.count % width == 0 else {
            throw Rejection(.truncated, "\(bytes.count) bytes are no whole number of \(width)-byte elements")
        }
        return bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: width).map {
                Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Word.self))
            }
        }
    }

    /// Four bytes of count, then eight a byte, the highest bit first.
    private static func bits(_ bytes: [UInt8]) throws(Rejection) -> [Bool] {
        guard bytes.count >= 4 else { throw Rejection(.truncated, "a boolean array begins with four bytes of count") }
        let count = Int(try words(Array(bytes.prefix(4)), UInt32.self)[0])
        guard count <= (bytes.count - 4) * 8 else {
            throw Rejection(.truncated, "\(count) booleans in \(bytes.count - 4) bytes")
        }
        return (0..<count).map { bytes[4 + $0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
    }

    /// Each ends with a zero byte; the last one's may be missing.
    private static func texts(_ bytes: [UInt8]) throws(Rejection) -> [String] {
        var pieces = bytes.split(separator: 0, omittingEmptySubsequences: false)
        if pieces.last?.isEmpty == true { pieces.removeLast() }
        var texts: [String] = []
        for piece in pieces {
            guard let text = String(validating: piece, as: UTF8.self) else {
                throw Rejection(.badPayload, "a text of the array is not UTF-8")
            }
            texts.append(text)
        }
        return texts
    }
}
