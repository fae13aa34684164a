import Domain
import Foundation
import Testing

@testable import Photos

@Suite(
    "Data that break behind a sound header",
    .enabled(if: fontPresent && Tools.present, "needs fonts-wqy-microhei, libjpeg-turbo-progs"))
struct BadDataTests {
    let font: StampFont
    let photo: [UInt8]
    let progressive: [UInt8]

    init() throws {
        font = try StampFont()
        photo = try StampTests.picture(200, 168).jpeg("-quality", "60")
        progressive = try StampTests.picture(200, 168).jpeg("-quality", "60", "-progressive")
    }

    func outcome(_ jpeg: [UInt8]) -> Result<StampedPhoto, PhotoRefusal> {
        do throws(PhotoRefusal) {
            return .success(try stamp(jpeg: jpeg, caption: ["王磊 E007"], font: font))
        } catch {
            return .failure(error)
        }
    }

    @Test("Cut inside the picture's data, with an end marker put behind the cut")
    func truncated() {
        let start = photo.indices.first { photo[$0] == 0xFF && photo[$0 + 1] == 0xDA }!
        for length in stride(from: start + 12, to: photo.count - 24, by: 61) {
            guard case .failure(let why) = outcome(photo[..<length] + [0xFF, 0xD9]) else {
                Issue.record("cut at \(length) was stamped")
                continue
            }
            #expect(["truncated", "corrupt"].contains(why.code))
        }
    }

    @Test("A size larger than the data fill")
    func promised() {
        #expect(outcome(Crafted.resized(photo, width: 9_000, height: 9_000)) == .failure(.truncated))
        guard case .failure = outcome(Crafted.resized(progressive, width: 4_000, height: 4_000)) else {
            Issue.record("a picture without data was stamped")
            return
        }
    }

    @Test("Quantisation tables that nothing can be divided by")
    func divisors() {
        let table = photo.indices.first { photo[$0] == 0xFF && photo[$0 + 1] == 0xDB }! + 5
        var zero = photo
        zero[table + 9] = 0
        #expect(outcome(zero) == .failure(.corrupt("a quantisation table holds an impossible value")))
        var wide = [UInt8](repeating: 0, count: 128)
        for i in 0..<64 { wide[2 * i + 1] = 16 }
        wide[20] = 0xFF
        let sixteenBit = Crafted.segment(0xDB, [0x10] + wide)
        let frame = Crafted.frame(of: photo) - 4
        // 16-bit entries are legal, and kept as they are.
        guard case .success(let copy) = outcome(photo[..<frame] + sixteenBit + photo[frame...]) else {
            Issue.record("a 16-bit table was refused")
            return
        }
        #expect(quantisers(of: copy.bytes).contains(wide))
    }

    @Test("A hundred thousand Huffman tables that nobody uses, as many strips of a thumbnail", .timeLimit(.minutes(1)))
    func bombs() {
        let tables = Crafted.segment(0xC4, [UInt8](repeating: 0, count: 3_800 * 17))
        let many = (0..<30).reduce(into: [UInt8]()) { all, _ in all += tables }
        guard case .success(let copy) = outcome(Crafted.inserting(many, into: photo)) else {
            Issue.record("refused")
            return
        }
        #expect(copy.method == .splice)
        // The second directory at 14: strips whose offsets and lengths are read from the same numbers.
        let strips = 16_000
        func entry(_ tag: Int) -> [UInt8] { Crafted.word(tag) + [0, 4] + long(strips) + long(48) }
        var exif = Array("MM".utf8) + [0, 42] + long(8) + [0, 0] + long(14) + [0, 2] + entry(0x0111) + entry(0x0117)
        exif += [UInt8](repeating: 0, count: 48 - exif.count)
        for i in 0..<strips { exif += long(i + 64) }
        let segment = Crafted.exif(exif)
        let strange = (0..<100).reduce(into: [UInt8]()) { all, _ in all += segment }
        guard case .success = outcome(Crafted.inserting(strange, into: photo)) else {
            Issue.record("refused")
            return
        }
    }

    private func long(_ value: Int) -> [UInt8] { Crafted.word(value >> 16) + Crafted.word(value & 0xFFFF) }

    @Test("A component that no scan carries")
    func missingScan() throws {
        let header = try JPEGHeader(progressive)
        #expect(header.scans > 2)
        // The first scan alone, of a file whose scans are one component each.
        let script = FileManager.default.temporaryDirectory.appending(path: "scans-\(UUID().uuidString)")
        try Data("0;\n1;\n2;\n".utf8).write(to: script)
        defer { try? FileManager.default.removeItem(at: script) }
        let separate = try Tools.run("jpegtran", ["-copy", "none", "-scans", script.path], photo)
        let scans = separate.indices.filter {
            $0 + 1 < separate.count && separate[$0] == 0xFF && separate[$0 + 1] == 0xDA
        }
        #expect(scans.count == 3)
        guard case .success = outcome(separate) else {
            Issue.record("a file of three scans was refused")
            return
        }
        guard case .failure(let why) = outcome(separate[..<scans[1]] + [0xFF, 0xD9]) else {
            Issue.record("a picture without its colours was stamped")
            return
        }
        #expect(why.code == "corrupt")
    }

    @Test("Random damage never ends in anything but a copy that opens or a reason", .timeLimit(.minutes(5)))
    func damage() throws {
        var random = SplitMix(seed: 20_260_105)
        var stamped = 0
        for round in 0..<400 {
            var jpeg = round.isMultiple(of: 2) ? photo : progressive
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                jpeg[Int.random(in: 2..<jpeg.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if case .success(let copy) = outcome(jpeg) {
                stamped += 1
                if stamped.isMultiple(of: 8) { _ = try Pixels(jpeg: copy.bytes) }
            }
        }
        #expect(stamped > 0 && stamped < 400)
    }
}

/// Sebastiano Vigna's SplitMix64: the same damage each time.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
