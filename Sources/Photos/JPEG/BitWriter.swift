import Glibc

/// Writes entropy-coded data: bits, the highest of a byte first, with a zero stuffed behind each 0xFF.
struct BitWriter: ~Copyable {
    private(set) var bytes: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// Bits that don't fill a word yet, the last one lowest.
    private var word: UInt64 = 0
    /// How many more fit.
    private var free = 64

    init(capacity: Int) {
        self.capacity = capacity
        bytes = .allocate(capacity: capacity)
    }

    deinit { bytes.deallocate() }

    /// Makes room for `more` bytes before stuffing; nothing below asks again.
    mutating func reserve(_ more: Int) {
        let wanted = count + 2 * (more + 8)
        guard wanted > capacity else { return }
        capacity = max(wanted, capacity + capacity / 4)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        memcpy(larger, bytes, count)
        bytes.deallocate()
        bytes = larger
    }

    /// At most 32 bits; those above `length` are 0.
    @inline(__always)
    mutating func put(_ bits: UInt64, _ length: Int) {
        if length < free {
            word = word &<< UInt64(truncatingIfNeeded: length) | bits
            free &-= length
        } else {
            let over = length &- free
            store(word &<< UInt64(truncatingIfNeeded: free) | bits &>> UInt64(truncatingIfNeeded: over), 8)
            word = bits
            free = 64 &- over
        }
    }

    /// The upper `length` bytes of a word.
    @inline(__always)
    private mutating func store(_ word: UInt64, _ length: Int) {
        // Whether some byte is 0xFF: of its complement, which is 0, the subtraction borrows.
        let rest = ~word
        if length == 8, (rest &- 0x0101_0101_0101_0101) & ~rest & 0x8080_8080_8080_8080 == 0 {
            UnsafeMutableRawPointer(bytes + count).storeBytes(of: word.bigEndian, as: UInt64.self)
            count &+= 8
        } else {
            stuff(word, length)
        }
    }

    private mutating func stuff(_ word: UInt64, _ length: Int) {
        for i in 0..<length {
            let byte = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * i))
            bytes[count] = byte
            count += 1
            if byte == 0xFF {
                bytes[count] = 0
                count += 1
            }
        }
    }

    /// Copies the bits of a range of `data`.
    mutating func copy(_ range: Range<Int>, of data: borrowing EntropyData) {
        reserve(range.count / 8 + 16)
        var at = range.lowerBound
        // Up to the end of the word, then word by word.
        if free < 64, at + free <= range.upperBound {
            let head = free
            put(data.bits(at, head / 2), head / 2)
            put(data.bits(at + head / 2, head - head / 2), head - head / 2)
            at += head
        }
        if free == 64 {
            while at + 64 <= range.upperBound {
                store(data.bits(at, 32) << 32 | data.bits(at + 32, 32), 8)
                at += 64
            }
        }
        while at < range.upperBound {
            let length = min(32, range.upperBound - at)
            put(data.bits(at, length), length)
            at += length
        }
    }

    /// Fills the last byte with ones.
    mutating func align() {
        let length = free % 8
        put(1 << UInt64(length) - 1, length)
        guard free < 64 else { return }
        store(word << UInt64(free), (64 - free) / 8)
        word = 0
        free = 64
    }

    /// Appends whole bytes as they are; the writer stands at a byte's end.
    mutating func append(_ raw: UnsafeRawBufferPointer) {
        reserve(raw.count)
        guard let start = raw.baseAddress else { return }
        memcpy(bytes + count, start, raw.count)
        count += raw.count
    }
}

extension EntropyData {
    /// At most 32 bits from `position` on.
    @inline(__always)
    fileprivate func bits(_ position: Int, _ length: Int) -> UInt64 {
        let word = UnsafeRawPointer(bytes + position / 8).loadUnaligned(as: UInt64.self).bigEndian
        return ((word << UInt64(position % 8)) >> 1) >> UInt64(63 - length)
    }
}

extension BitWriter {
    /// Codes a DC difference (T.81 F.1.2.1); false when the table has no code for it.
    @inline(__always)
    mutating func put(difference: Int32, _ table: HuffmanTable.Pointers) -> Bool {
        put(difference, zeros: 0, table)
    }

    /// Codes an AC coefficient that is not 0 behind a run of zeros (F.1.2.2).
    @inline(__always)
    mutating func put(coefficient: Int32, zeros: Int, _ table: HuffmanTable.Pointers) -> Bool {
        var zeros = zeros
        while zeros > 15 {
            guard put(0, zeros: 15, table) else { return false }
            zeros &-= 16
        }
        return put(coefficient, zeros: zeros, table)
    }

    /// Codes that all coefficients up to the block's end are 0.
    @inline(__always)
    mutating func putEnd(_ table: HuffmanTable.Pointers) -> Bool { put(0, zeros: 0, table) }

    @inline(__always)
    private mutating func put(_ value: Int32, zeros: Int, _ table: HuffmanTable.Pointers) -> Bool {
        let size = Int32.bitWidth &- value.magnitude.leadingZeroBitCount
        guard let code = table.code(for: zeros << 4 | size) else { return false }
        // A negative number is told one less, so that it begins with 0.
        let extra = UInt64(truncatingIfNeeded: value < 0 ? value &- 1 : value) & (1 &<< UInt64(size) &- 1)
        put(code.bits &<< UInt64(size) | extra, code.length &+ size)
        return true
    }
}
