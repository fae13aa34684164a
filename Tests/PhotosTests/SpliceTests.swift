import Foundation
import Testing

@testable import Photos

@Suite("Painting coefficients", .enabled(if: Tools.present, "needs libjpeg-turbo-progs"))
struct SpliceTests {
    /// Detail enough for long codes and few zeros, or, coarsely quantised, for long runs.
    static func noise(_ width: Int, _ height: Int, channels: Int = 3, using random: inout SplitMix) -> Pixels {
        var samples = [UInt8](repeating: 0, count: width * height * channels)
        for i in samples.indices {
            let isLoud = (i / 97) % 3 == 0
            samples[i] = UInt8(clamping: 128 + Int.random(in: isLoud ? -255...255 : -9...9, using: &random))
        }
        return Pixels(width: width, height: height, channels: channels, samples: samples)
    }

    @Test(
        "Both methods give the same coefficients, whatever the sampling, size and restarts",
        arguments: [
            ["-sample", "1x1"], ["-sample", "2x1"], ["-sample", "2x2"], ["-sample", "1x2"], ["-sample", "4x1"],
            ["-sample", "4x2"], ["-sample", "1x4"], ["-sample", "2x2,2x1,1x2"], ["-sample", "3x1,1x1,1x1"],
            ["-sample", "1x1,2x2,1x1"], ["-grayscale"], ["-grayscale", "-sample", "2x2"], ["-rgb"],
        ])
    func kinds(options: [String]) async throws {
        try await aside {
            var random = SplitMix(seed: 5)
            var spliced = 0
            for round in 0..<24 {
                let width = 8 * Int.random(in: 1...9, using: &random) + round
                let height = 8 * Int.random(in: 1...6, using: &random) + Int.random(in: 1...40, using: &random)
                let quality = [3, 20, 60, 90, 100].randomElement(using: &random)!
                let restarts = ["", "0", "1", "3B", "1B"].randomElement(using: &random)!
                let all = options + ["-quality", "\(quality)"] + (restarts.isEmpty ? [] : ["-restart", restarts])
                let original = try Tools.run("cjpeg", all, Self.noise(width, height, using: &random).pnm)
                let painted = try Painted(original, Overlay(on: width, height, using: &random))
                try painted.check("round \(round): \(all) \(width) × \(height)")
                #expect((try? painted.coefficients.get()) != nil)
                if painted.splice != nil { spliced += 1 }
            }
            #expect(spliced == 24)
        }
    }

    @Test(
        "A table without the symbol that the paint needs, and every other coding, is libjpeg's",
        arguments: [
            ["-optimize"], ["-progressive"], ["-arithmetic"], ["-progressive", "-restart", "2"],
        ])
    func fallback(options: [String]) async throws {
        try await aside {
            var random = SplitMix(seed: 6)
            var fallen = 0
            for round in 0..<30 {
                let drawing = StampTests.picture(97, 70 + round)
                let original = try Tools.run("cjpeg", options + ["-quality", "40"], drawing.pnm)
                let painted = try Painted(original, Overlay(on: 97, 70 + round, using: &random))
                try painted.check("\(options) round \(round)")
                _ = try Pixels(jpeg: painted.coefficients.get())
                if painted.splice == nil { fallen += 1 }
            }
            #expect(options == ["-optimize"] ? fallen > 0 : fallen == 30)
        }
    }

    @Test(
        "A second decoder sees paint where it is laid, as exactly as the quantiser lets it",
        arguments: [
            ["-sample", "1x1"], ["-sample", "2x2"], ["-grayscale"], ["-rgb"],
        ])
    func looks(options: [String]) async throws {
        try await aside {
            var random = SplitMix(seed: 7)
            for round in 0..<8 {
                let (width, height) = (70 + round, 90 - 3 * round)
                let original = try Tools.run(
                    "cjpeg", options + ["-quality", "100"], StampTests.picture(width, height).pnm)
                let overlay = Overlay(on: width, height, using: &random)
                let painted = try Painted(original, overlay)
                let (before, after) = (try Pixels(jpeg: original), try Pixels(jpeg: painted.coefficients.get()))
                var sum = 0.0
                for y in 0..<overlay.band.height {
                    for x in 0..<overlay.band.width {
                        let i = y * overlay.band.width + x
                        let (left, top) = (x + overlay.band.left, y + overlay.band.top)
                        let kept = Double(before.lightness(left, top)) * (255 - Double(overlay.alpha[i])) / 255
                        sum += abs(kept + Double(overlay.light[i]) - Double(after.lightness(left, top)))
                    }
                }
                #expect(sum / Double(overlay.alpha.count) < 2, "round \(round)")
            }
        }
    }

    @Test("Cut after each byte, with an end marker behind the cut")
    func truncated() async throws {
        try await aside {
            var random = SplitMix(seed: 8)
            let original = try Self.noise(40, 40, using: &random).jpeg("-quality", "70", "-restart", "2B")
            let overlay = Overlay(on: 40, 40, using: &random)
            for length in try JPEGHeader(original).data[0].lowerBound..<original.count - 2 {
                let cut = Array(original[..<length] + [0xFF, 0xD9])
                guard (try? JPEGHeader(cut)) != nil else { continue }
                let painted = try Painted(cut, overlay)
                #expect(painted.splice == nil, "\(length)")
                try painted.check("cut at \(length)")
            }
        }
    }

    @Test("Flipped bits and foreign bytes: what is spliced, libjpeg takes too, and reads as the same")
    func damage() async throws {
        try await aside {
            let seed: UInt64 = 20_261_123
            var random = SplitMix(seed: seed)
            var spliced = 0
            var refused = 0
            for options in [
                ["-quality", "60"], ["-quality", "95", "-restart", "1B"], ["-quality", "30", "-sample", "1x1"],
            ] {
                let original = try Tools.run("cjpeg", options, Self.noise(61, 45, using: &random).pnm)
                let start = try JPEGHeader(original).data[0].lowerBound
                for round in 0..<1500 {
                    var jpeg = original
                    for _ in 0..<Int.random(in: 1...3, using: &random) {
                        let range = round % 4 == 0 ? 2..<start : start..<jpeg.count
                        let at = Int.random(in: range, using: &random)
                        switch Int.random(in: 0..<4, using: &random) {
                        case 0: jpeg[at] = .random(in: 0...255, using: &random)
                        case 1: jpeg[at] = [0, 0xFF, 0xD0, 0xD9].randomElement(using: &random)!
                        default: jpeg[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                        }
                    }
                    guard let header = try? JPEGHeader(jpeg), header.width < 400, header.height < 400 else { continue }
                    let painted = try Painted(jpeg, Overlay(on: header.width, header.height, using: &random))
                    try painted.check("seed \(seed), \(options), round \(round)")
                    if painted.splice != nil { spliced += 1 }
                    if case .failure(let why) = painted.coefficients {
                        refused += 1
                        #expect(["corrupt", "truncated", "unsupported_process", "too_much_memory"].contains(why.code))
                    }
                }
            }
            #expect(spliced > 100 && refused > 100, "\(spliced) spliced, \(refused) refused")
        }
    }
}
