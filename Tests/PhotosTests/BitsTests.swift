import Foundation
import Testing

@testable import Photos

@Suite("Bits of entropy-coded data")
struct BitsTests {
    private let bytes: [UInt8] = {
        var random = SplitMix(seed: 9)
        return (0..<400).map { _ in Bool.random(using: &random) ? 0xFF : .random(in: 0...255, using: &random) }
    }()

    private func stuffed(_ bytes: [UInt8]) -> [UInt8] { bytes.flatMap { $0 == 0xFF ? [0xFF, 0] : [$0] } }

    private func loaded(_ bytes: [UInt8]) -> EntropyData {
        var data = EntropyData(capacity: bytes.count)
        _ = bytes.withUnsafeBytes { data.load($0, from: 0) }
        return data
    }

    @Test("Stuffed zeros are taken out up to the marker")
    func load() {
        for count in 0..<bytes.count {
            let source = stuffed(Array(bytes[..<count])) + [0xFF, 0xD0, 1, 2]
            var data = EntropyData(capacity: source.count)
            let end = source.withUnsafeBytes { data.load($0, from: 0) }
            #expect(end == source.count - 4 && data.count == count)
            #expect(Array(UnsafeBufferPointer(start: data.bytes, count: data.count)) == Array(bytes[..<count]))
        }
    }

    @Test("Copied from any bit to any bit, behind any other, each 0xFF gets its zero")
    func seams() {
        let data = loaded(stuffed(bytes))
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        for head in 0..<72 {
            for start in 0..<17 {
                for end in [start, start + 1, start + 63, start + 64, start + 200, 8 * bytes.count - head % 8] {
                    var writer = BitWriter(capacity: 0)
                    writer.reserve(16)
                    for i in 0..<head { writer.put(UInt64(i % 3 == 0 ? 0 : 1), 1) }
                    writer.copy(start..<end, of: data)
                    writer.align()
                    var wanted = (0..<head).map { $0 % 3 == 0 ? UInt8(0) : 1 } + bits[start..<end]
                    while wanted.count % 8 > 0 { wanted.append(1) }
                    let whole = stride(from: 0, to: wanted.count, by: 8).map { at in
                        wanted[at..<at + 8].reduce(0) { $0 << 1 | $1 }
                    }
                    #expect(Array(UnsafeBufferPointer(start: writer.bytes, count: writer.count)) == stuffed(whole))
                }
            }
        }
    }

    @Test("A table without end, with too many codes, with a code of all ones, is none")
    func tables() {
        func table(_ kind: HuffmanTable.Kind, _ counts: [UInt8], _ symbols: [UInt8]) -> HuffmanTable? {
            let counts = counts + [UInt8](repeating: 0, count: 16 - counts.count)
            return HuffmanTable(kind, counts: counts[...], symbols: symbols[...])
        }
        #expect(table(.ac, [], []) != nil)
        #expect(table(.ac, [1, 1], [0, 1]) != nil)
        #expect(table(.ac, [2], [0, 1]) == nil)
        #expect(table(.ac, [1, 2], [0, 1, 2]) == nil)
        #expect(table(.ac, [1, 1], [0]) == nil)
        #expect(table(.dc, [1, 1], [0, 16]) == nil)
        #expect(table(.ac, [UInt8](repeating: 255, count: 16), [UInt8](repeating: 1, count: 4080)) == nil)
        let long = table(.ac, [UInt8](repeating: 1, count: 16), Array(0..<16))!
        #expect(long.pointers.code(for: 15)?.bits == 0xFFFE && long.pointers.code(for: 16) == nil)
        #expect(long.pointers.meaning(of: 0xFFFF << 48).isNone)
        // 14 and 15 are no sizes, 0 and 1 are.
        #expect(long.pointers.meaning(of: 0xFFFE << 48).isNone)
        #expect(long.pointers.meaning(of: 0).steps == Int(HuffmanTable.Meaning.end))
        #expect(long.pointers.meaning(of: 1 << 63).length == 3)
    }

    @Test("The transform and its inverse undo one another, and the first coefficient is eight times the mean")
    func transform() {
        var random = SplitMix(seed: 10)
        var samples = Rows<Float>(repeating: .zero)
        for row in 0..<8 {
            for column in 0..<8 { samples[row][column] = Float(Int.random(in: -128...127, using: &random)) }
        }
        let coefficients = DCT.forward(samples)
        let back = DCT.inverse(coefficients)
        var sum: Float = 0
        for row in 0..<8 {
            sum += samples[row].sum()
            let error = back[row] - samples[row]
            #expect((error * error).max() < 1e-6)
        }
        #expect(abs(coefficients[0][0] - sum / 8) < 1e-3)
        // T.81 A.3.3 for one of them, by the book.
        var wanted = 0.0
        for y in 0..<8 {
            for x in 0..<8 { wanted += Double(samples[y][x]) * cosine(2 * x + 1, 3) * cosine(2 * y + 1, 5) / 4 }
        }
        #expect(abs(Double(coefficients[5][3]) - wanted) < 1e-3)
    }

    /// cos(nkπ/16).
    private func cosine(_ n: Int, _ k: Int) -> Double { cos(Double(n * k) * .pi / 16) }
}
