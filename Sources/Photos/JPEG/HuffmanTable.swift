/// One Huffman table of a file, ready to decode and to encode with: ITU-T T.81, annexes C and F.
///
/// A class, since its memory is handed to hot loops as bare pointers.
final class HuffmanTable {
    /// DC tables code sizes of differences, AC tables runs of zeros and sizes.
    enum Kind { case dc, ac }

    /// What the next bits mean, packed: nothing (0), or from the lowest bits up: 6 of the length of code and extra bits
    /// together, 8 of the steps through the block, 4 of the extra bits, 5 of the code's length.
    struct Meaning {
        /// Ends a block from wherever it stands.
        static let end: UInt32 = 128

        var packed: UInt32

        var isNone: Bool { packed == 0 }
        var length: UInt64 { UInt64(packed & 63) }
        var steps: Int { Int(packed >> 6 & 255) }
        var size: UInt64 { UInt64(packed >> 14 & 15) }
        var codeLength: UInt64 { UInt64(packed >> 18) }

        init(packed: UInt32) { self.packed = packed }

        /// Nil for what no baseline picture of 8-bit samples says.
        init?(symbol: UInt8, codeLength: Int, _ kind: Kind) {
            let (run, size) = (UInt32(symbol >> 4), UInt32(symbol & 15))
            var steps = run + 1
            switch kind {
            case .dc: guard symbol <= 11 else { return nil }
            case .ac where size == 0:
                guard run == 0 || run == 15 else { return nil }
                if run == 0 { steps = Self.end }
            case .ac: guard size <= 10 else { return nil }
            }
            packed = UInt32(codeLength) + size | steps << 6 | size << 14 | UInt32(codeLength) << 18
        }
    }

    /// The meanings by the next 11 bits; behind them, by the next 16 bits, those of longer codes.
    private let meanings: UnsafeMutableBufferPointer<UInt32>
    /// The first 16 bits that begin a longer code: such codes stand at the end.
    private let firstLong: Int
    /// By symbol: the code and, in the lowest 5 bits, its length; 0 where the table has none.
    private let codes: UnsafeMutableBufferPointer<UInt32>

    private static let shortBits = 11

    /// Nil where libjpeg would find fault with the table, or might.
    init?(_ kind: Kind, counts: ArraySlice<UInt8>, symbols: ArraySlice<UInt8>) {
        guard let lengths = Self.codeLengths(counts, symbols.count),
            // A difference has no run.
            kind == .ac || symbols.allSatisfy({ $0 < 16 })
        else { return nil }
        var code = 0
        var assigned: [(code: Int, length: Int, symbol: UInt8)] = []
        for (length, symbol) in zip(lengths, symbols) {
            if let last = assigned.last { code = (code + 1) << (length - last.length) }
            // The code of all ones is none.
            guard code < 1 << length - 1 else { return nil }
            assigned.append((code, length, symbol))
        }
        let short = assigned.last { $0.length <= Self.shortBits }
        firstLong = short.map { ($0.code + 1) << (16 - $0.length) } ?? 0
        meanings = .allocate(capacity: 1 << Self.shortBits + 1 << 16 - firstLong)
        meanings.initialize(repeating: 0)
        codes = .allocate(capacity: 256)
        codes.initialize(repeating: 0)
        for (code, length, symbol) in assigned {
            codes[Int(symbol)] = UInt32(code << 5 | length)
            guard let meaning = Meaning(symbol: symbol, codeLength: length, kind) else { continue }
            let isShort = length <= Self.shortBits
            let spare = isShort ? Self.shortBits - length : 16 - length
            let first = isShort ? code << spare : 1 << Self.shortBits + code << spare - firstLong
            meanings[first..<first + 1 << spare].update(repeating: meaning.packed)
        }
    }

    deinit {
        meanings.deallocate()
        codes.deallocate()
    }

    private static func codeLengths(_ counts: ArraySlice<UInt8>, _ symbols: Int) -> [Int]? {
        let lengths = zip(1..., counts).flatMap { length, count in repeatElement(length, count: Int(count)) }
        return lengths.count == symbols && symbols <= 256 ? lengths : nil
    }

    /// Pointers into a table, valid as long as the table lives.
    struct Pointers {
        fileprivate let meanings: UnsafePointer<UInt32>
        fileprivate let firstLong: Int
        fileprivate let codes: UnsafePointer<UInt32>

        /// What `bits`, whose next is the highest, mean.
        @inline(__always)
        func meaning(of bits: UInt64) -> Meaning {
            let short = meanings[Int(truncatingIfNeeded: bits >> (64 - UInt64(HuffmanTable.shortBits)))]
            return short != 0 ? Meaning(packed: short) : longMeaning(of: bits)
        }

        @inline(never)
        private func longMeaning(of bits: UInt64) -> Meaning {
            let next = Int(bits >> 48)
            return Meaning(packed: next < firstLong ? 0 : meanings[1 << HuffmanTable.shortBits + next - firstLong])
        }

        /// The code for a symbol; nil where the table has none.
        @inline(__always)
        func code(for symbol: Int) -> (bits: UInt64, length: Int)? {
            let code = codes[symbol]
            return code == 0 ? nil : (UInt64(code >> 5), Int(code & 31))
        }
    }

    var pointers: Pointers {
        Pointers(meanings: meanings.baseAddress!, firstLong: firstLong, codes: codes.baseAddress!)
    }
}
