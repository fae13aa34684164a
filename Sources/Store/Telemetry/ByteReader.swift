/// Stored bytes that are not what we wrote.
struct DamagedColumns: Error, Equatable, CustomStringConvertible {
    var what: String
    var description: String { "damaged telemetry: \(what)" }
}

/// Reads what `ByteWriter` wrote and trusts none of it: whatever the bytes, it throws and never traps.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var left: Int { bytes.count - offset }

    mutating func read<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type
    ) throws(DamagedColumns) -> Number {
        guard left >= MemoryLayout<Number>.size else { throw DamagedColumns(what: "cut off") }
        defer { offset += MemoryLayout<Number>.size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The next `count` bytes by themselves.
    mutating func slice(_ count: Int) throws(DamagedColumns) -> ByteReader {
        guard count >= 0, left >= count else { throw DamagedColumns(what: "cut off") }
        defer { offset += count }
        return ByteReader(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
    }

    /// The bytes not yet read.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[offset...]) }

    @inline(__always) mutating func varint() throws(DamagedColumns) -> UInt64 {
        if left >= 2 {
            let two = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            if two & 0x80 == 0 {
                offset += 1
                return UInt64(two & 0x7F)
            }
            if two & 0x8000 == 0 {
                offset += 2
                return UInt64(two & 0x7F | (two & 0x7F00) >> 1)
            }
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(DamagedColumns) -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count, shift < 64 {
            let byte = bytes[offset]
            offset += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
            shift += 7
        }
        throw DamagedColumns(what: "a number without an end")
    }

    /// A count of things that the caller will make room for.
    mutating func count(upTo limit: Int) throws(DamagedColumns) -> Int {
        let number = try varint()
        guard number <= UInt64(limit) else { throw DamagedColumns(what: "a count of \(number)") }
        return Int(number)
    }

    /// Fills `numbers` with what `appendDeltas` wrote.
    mutating func readDeltas(into numbers: UnsafeMutableBufferPointer<Int64>) throws(DamagedColumns) {
        var previous: Int64 = 0
        var index = 0
        while index < numbers.count {
            let code = try varint()
            if code != 0 {
                previous &+= Int64(bitPattern: code >> 1) ^ -Int64(bitPattern: code & 1)
                numbers[index] = previous
                index += 1
                continue
            }
            let zeros = try varint()
            guard zeros < UInt64(numbers.count - index) else { throw DamagedColumns(what: "a run of \(zeros)") }
            for _ in 0...Int(zeros) {
                numbers[index] = previous
                index += 1
            }
        }
    }
}
