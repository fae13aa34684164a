import Testing

@testable import Photos

/// One picture painted by both methods, and what must hold of it.
struct Painted {
    var original: [UInt8]
    var overlay: Overlay
    var splice: [UInt8]?
    var coefficients: Result<[UInt8], PhotoRefusal>

    init(_ original: [UInt8], _ overlay: Overlay) throws {
        self.original = original
        self.overlay = overlay
        let header = try JPEGHeader(original)
        splice = try? paint(original, header, overlay, by: .splice).bytes
        do throws(PhotoRefusal) {
            coefficients = .success(try paint(original, header, overlay, by: .coefficients).bytes)
        } catch {
            coefficients = .failure(error)
        }
    }

    /// What one method takes the other takes, with equal coefficients; none outside the paint differs from the
    /// original's, and what is no part of the scan is there to the byte.
    func check(_ name: Comment) throws {
        guard case .success(let copy) = coefficients else {
            if splice != nil { Issue.record("spliced what libjpeg refuses, \(coefficients): \(name)") }
            return
        }
        let (before, after) = (try Dump(original), try Dump(copy))
        #expect(after.quantisers == before.quantisers, name)
        #expect(after.changed(from: before, outside: overlay.band) == 0, name)
        guard let splice else { return }
        #expect(try Dump(splice) == after, name)
        let (header, spliced) = (try JPEGHeader(original), try JPEGHeader(splice))
        let (scan, recoded) = (header.data[0], spliced.data[0])
        #expect(original[..<scan.lowerBound] == splice[..<recoded.lowerBound], name)
        #expect(original[scan.upperBound..<header.end] == splice[recoded.upperBound...], name)
    }
}

extension Overlay {
    /// Somewhere on a picture: clear, even and speckled patches.
    init(on width: Int, _ height: Int, using random: inout SplitMix) {
        let columns = Int.random(in: 0..<width, using: &random)..<width
        let rows = Int.random(in: 0..<height, using: &random)..<height
        // Every other one reaches the corner.
        let reaches = Bool.random(using: &random)
        let (wide, high) = (columns.count, rows.count)
        let band = PixelRect(
            left: columns.lowerBound, top: rows.lowerBound,
            width: reaches ? wide : Int.random(in: 1...wide, using: &random),
            height: reaches ? high : Int.random(in: 1...high, using: &random))
        var alpha = [UInt8](repeating: 0, count: band.width * band.height)
        var light = alpha
        for top in stride(from: 0, to: band.height, by: 20) {
            for left in stride(from: 0, to: band.width, by: 28) {
                let kind = Int.random(in: 0..<4, using: &random)
                let even = UInt8.random(in: 0...255, using: &random)
                for y in top..<min(top + 20, band.height) {
                    for x in left..<min(left + 28, band.width) {
                        let i = y * band.width + x
                        let any = UInt8.random(in: 0...255, using: &random)
                        alpha[i] = [0, Self.scrim, even, any][kind]
                        light[i] = [0, 0, even / 2, .random(in: 0...any, using: &random)][kind]
                    }
                }
            }
        }
        self.init(band: band, alpha: alpha, light: light)
    }
}
