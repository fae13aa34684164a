import Foundation

/// A growing buffer that small numbers are written to without a check a byte.
struct ByteWriter: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 4_096) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { base.deallocate() }

    /// What was written; valid until the next write.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// What was written, handed over without a copy.
    consuming func data() -> Data {
        let (base, count) = (base, count)
        discard self
        return Data(bytesNoCopy: base, count: count, deallocator: .custom { bytes, _ in bytes.deallocate() })
    }

    mutating func removeAll() { count = 0 }

    mutating func remove(downTo count: Int) { self.count = min(count, self.count) }

    /// Makes room, so that `put` may write `more` bytes.
    mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(capacity * 2, count + more)
        let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        grown.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = grown
    }

    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
        reserve(MemoryLayout<Number>.size)
        base.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func appendVarint(_ number: UInt64) {
        reserve(Self.longestVarint)
        put(number)
    }

    /// Writes over what stands at `offset`.
    mutating func store(_ number: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= count)
        base.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    static var longestVarint: Int { 10 }

    /// Seven bits a byte, the lowest first. Only after `reserve`.
    @inline(__always) mutating func put(_ number: UInt64) {
        if number < 0x80 {
            base.storeBytes(of: UInt8(truncatingIfNeeded: number), toByteOffset: count, as: UInt8.self)
            count += 1
        } else if number < 0x4000 {
            let two = UInt16(truncatingIfNeeded: number & 0x7F | 0x80 | (number >> 7) << 8)
            base.storeBytes(of: two.littleEndian, toByteOffset: count, as: UInt16.self)
            count += 2
        } else {
            putLong(number)
        }
    }

    private mutating func putLong(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count += 1
    }
}

extension ByteWriter {
    /// The differences of neighbours: zig-zag varints, a run of equals as 0 and its length less one. Steady values and
    /// steady clocks cost next to nothing.
    mutating func appendDeltas(_ numbers: UnsafeBufferPointer<Int64>) {
        reserve(numbers.count * Self.longestVarint + Self.longestVarint)
        var previous: Int64 = 0
        var zeros: UInt64 = 0
        for number in numbers {
            let delta = number &- previous
            previous = number
            if delta == 0 {
                zeros += 1
                continue
            }
            if zeros > 0 {
                putZeros(zeros)
                zeros = 0
            }
            put(UInt64(bitPattern: (delta &<< 1) ^ (delta &>> 63)))
        }
        if zeros > 0 { putZeros(zeros) }
    }

    private mutating func putZeros(_ count: UInt64) {
        put(0)
        put(count - 1)
    }
}
