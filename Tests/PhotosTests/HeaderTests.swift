import Domain
import Photos
import Testing

@Suite("What is refused by its header, before any decoder runs")
struct HeaderTests {
    let photo: [UInt8]

    init() throws { photo = try Root.fixture("before.jpg") }

    func refusal(_ bytes: [UInt8]) -> PhotoRefusal? {
        do throws(PhotoRefusal) {
            _ = try JPEGHeader(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("The fixtures are read")
    func reads() throws {
        let header = try JPEGHeader(photo)
        #expect(header.width == 1600 && header.height == 1200 && header.coding == .baseline && header.scans == 1)
        let progressive = try JPEGHeader(try Root.fixture("nameplate.jpg"))
        #expect(progressive.coding == .progressive && progressive.scans > 1)
    }

    @Test("Other formats are named")
    func otherFormats() {
        #expect(refusal([]) == .empty)
        #expect(refusal(Array("hello".utf8)) == .notJPEG)
        #expect(refusal([0xFF]) == .truncated)
        #expect(refusal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]) == .png)
        for brand in ["heic", "heix", "mif1", "avif"] {
            #expect(refusal([0, 0, 0, 24] + Array("ftyp\(brand)".utf8) + [0, 0, 0, 0]) == .heic)
        }
        #expect(refusal(Array("RIFF1234WEBPVP8 ".utf8)) == .webp)
        #expect(refusal(Array("GIF89a".utf8)) == .gif)
        #expect(refusal([0, 0, 0, 24] + Array("ftypisom".utf8)) == .notJPEG)
    }

    @Test("Cut off anywhere")
    func truncated() {
        for length in Array(2..<700) + Array(stride(from: 700, to: photo.count, by: 997)) + [photo.count - 1] {
            #expect(refusal(Array(photo[..<length])) == .truncated, "cut at \(length)")
        }
    }

    @Test("Bytes behind the end marker are none of the picture's")
    func trailer() {
        #expect(refusal(photo + [0, 1, 2, 3]) == nil)
    }

    @Test("More bytes than a photo may have")
    func tooManyBytes() {
        let big = photo + [UInt8](repeating: 0, count: Limits.photoBytes)
        #expect(refusal(big) == .tooManyBytes(big.count))
    }

    @Test("A header that promises more pixels than may be decoded")
    func pixelBomb() {
        #expect(
            refusal(Crafted.resized(photo, width: 65_500, height: 65_500))
                == .tooManyPixels(width: 65_500, height: 65_500))
        #expect(
            refusal(Crafted.resized(photo, width: 12_000, height: 10_001))
                == .tooManyPixels(width: 12_000, height: 10_001))
        #expect(refusal(Crafted.resized(photo, width: 12_000, height: 10_000)) == nil)
        #expect(refusal(Crafted.resized(photo, width: 0, height: 10)) == .corrupt("a picture without width"))
        #expect(refusal(Crafted.resized(photo, width: 10, height: 0))?.code == "unsupported_process")
    }

    @Test("A progressive picture whose coefficients would fill the memory")
    func memoryBomb() throws {
        let progressive = try Root.fixture("nameplate.jpg")
        // 4:2:0, so 3 bytes a pixel; the scans' own bound is met first.
        #expect(refusal(Crafted.resized(progressive, width: 10_900, height: 10_900)) == nil)
        var full = Crafted.resized(progressive, width: 10_900, height: 10_900)
        full[Crafted.frame(of: full) + 7] = 0x11
        #expect(refusal(full) == .tooMuchMemory)
    }

    @Test("Thousands of segments, dozens of scans")
    func markerAndScanBombs() {
        let comments = [UInt8]((0..<1_000).map { _ in Crafted.segment(0xFE, []) }.joined())
        #expect(refusal(Crafted.inserting(comments, into: photo)) == .tooManyMarkers)
        let scan = Crafted.segment(0xDA, [1, 1, 0, 0, 63, 0])
        let scans = [UInt8]((0..<100).map { _ in scan }.joined())
        #expect(refusal(photo.dropLast(2) + scans + [0xFF, 0xD9]) == .tooManyScans)
        // Few scans, each over a large picture, cost as much.
        let some = [UInt8]((0..<20).map { _ in scan }.joined())
        let large = Crafted.resized(photo, width: 10_900, height: 10_900)
        #expect(refusal(large.dropLast(2) + some + [0xFF, 0xD9]) == .tooManyScans)
    }

    @Test("12 bits, CMYK, lossless, two frames, no frame")
    func frames() {
        let frame = Crafted.frame(of: photo)
        var twelve = photo
        twelve[frame] = 12
        #expect(refusal(twelve) == .precision(12))
        var cmyk = photo
        cmyk[frame + 5] = 4
        #expect(refusal(cmyk) == .components(4))
        var lossless = photo
        lossless[frame - 3] = 0xC3
        #expect(refusal(lossless) == .unsupportedProcess("SOF3"))
        var factors = photo
        factors[frame + 7] = 0x51
        #expect(refusal(factors)?.code == "corrupt")
        let again = Array(photo[frame - 4..<frame + 15])
        #expect(refusal(Crafted.inserting(again, into: photo)) == .corrupt("two frames"))
        #expect(refusal([0xFF, 0xD8, 0xFF, 0xD9])?.code == "corrupt")
        #expect(refusal([0xFF, 0xD8] + Crafted.segment(0xDA, [1, 1, 0, 0, 63, 0]))?.code == "corrupt")
    }

    @Test("Each reason has a code of its own, and a sentence in both languages")
    func words() {
        let all: [PhotoRefusal] = [
            .empty, .tooManyBytes(16 << 20), .notJPEG, .heic, .png, .webp, .gif, .truncated, .corrupt("x"),
            .unsupportedProcess("SOF3"), .precision(12), .components(4), .tooManyPixels(width: 1, height: 2),
            .tooManyMarkers, .tooManyScans, .tooMuchMemory, .tooSmall(width: 1, height: 2), .captionTooLong,
            .drawing("x"),
        ]
        #expect(Set(all.map(\.code)).count == all.count)
        for refusal in all {
            #expect(refusal.sentence(.en).hasSuffix("."))
            #expect(refusal.sentence(.zh).hasSuffix("。"))
        }
    }
}
