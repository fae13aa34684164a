import Glibc

/// Entropy-coded data of one restart interval, without the zeros that are stuffed behind each 0xFF.
struct EntropyData: ~Copyable {
    /// More than the longest minimum coded unit: a reader that runs over the end meets what is left of others, until it
    /// is stopped.
    private static let padding = 4096

    let bytes: UnsafeMutablePointer<UInt8>
    private(set) var count = 0

    /// The longest so far, behind which the padding was cleared.
    private var longest = -1

    init(capacity: Int) { bytes = .allocate(capacity: capacity + Self.padding) }

    deinit { bytes.deallocate() }

    /// Takes up what stands in `source` from `start` on, and returns where the marker behind it begins.
    mutating func load(_ source: UnsafeRawBufferPointer, from start: Int) -> Int {
        count = 0
        var at = start
        while at < source.count {
            let rest = source.baseAddress! + at
            let found = memchr(rest, 0xFF, source.count - at)
            let length = found.map { rest.distance(to: UnsafeRawPointer($0)) } ?? source.count - at
            memcpy(bytes + count, rest, length)
            count += length
            at += length
            guard at + 1 < source.count, source[at + 1] == 0 else { break }
            bytes[count] = 0xFF
            count += 1
            at += 2
        }
        if count > longest {
            memset(bytes + count, 0, Self.padding)
            longest = count
        }
        return at
    }
}

/// Reads bits, the highest of a byte first, and Huffman-coded blocks of them.
///
/// It looks at up to 8 bytes behind its position and never asks whether they are there: `EntropyData` has them, and who
/// calls compares `position` with the data's length after each minimum coded unit.
struct BitReader {
    /// The next bit is the highest.
    private var bits: UInt64 = 0
    /// How many of them were counted as read from the data.
    private var count: UInt64 = 0
    private var next: UnsafePointer<UInt8>
    private let start: UnsafePointer<UInt8>

    init(_ data: borrowing EntropyData) {
        start = UnsafePointer(data.bytes)
        next = start
    }

    /// In bits from the data's start.
    var position: Int { (next - start) * 8 - Int(count) }

    /// Afterwards 56 bits at least are at hand: two symbols with their extra bits.
    @inline(__always)
    private mutating func refill() {
        bits |= UInt64(bigEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self)) &>> count
        next += Int(truncatingIfNeeded: (63 &- count) &>> 3)
        count |= 56
    }

    @inline(__always)
    private mutating func drop(_ length: UInt64) {
        bits &<<= length
        count &-= length
    }

    /// A coefficient's extra bits, which `bits` begins with: ITU-T T.81 F.2.2.1, EXTEND.
    @inline(__always)
    private func extended(_ bits: UInt64, _ size: UInt64) -> Int32 {
        let value = Int32(truncatingIfNeeded: (bits &>> 1) &>> (63 &- size))
        // A number that begins with 0 is negative.
        let isNegative = ~Int64(bitPattern: bits) &>> 63
        return value &+ Int32(truncatingIfNeeded: isNegative) & (1 &- Int32(truncatingIfNeeded: 1 &<< size))
    }

    /// The difference to the DC coefficient before; nil when no code fits.
    @inline(__always)
    mutating func difference(_ table: HuffmanTable.Pointers) -> Int32? {
        refill()
        let meaning = table.meaning(of: bits)
        if meaning.isNone { return nil }
        let value = extended(bits &<< meaning.codeLength, meaning.size)
        drop(meaning.length)
        return value
    }

    /// Steps over a block's AC coefficients; false when no code fits or they are too many.
    @inline(__always)
    mutating func skip(_ table: HuffmanTable.Pointers) -> Bool {
        var k = 1
        while k < 64 {
            refill()
            let meaning = table.meaning(of: bits)
            if meaning.isNone { return false }
            drop(meaning.length)
            k &+= meaning.steps
        }
        return k == 64 || k >= HuffmanTable.Meaning.end
    }

    /// The next AC coefficient that is not 0 and how far it is from the one before, `HuffmanTable.Meaning.end` at the
    /// block's end; 0 is 16 zeros. Nil when no code fits.
    @inline(__always)
    mutating func coefficient(_ table: HuffmanTable.Pointers) -> (steps: Int, value: Int32)? {
        refill()
        let meaning = table.meaning(of: bits)
        if meaning.isNone { return nil }
        let value = extended(bits &<< meaning.codeLength, meaning.size)
        drop(meaning.length)
        return (meaning.steps, value)
    }
}
