import Domain

@testable import Photos

extension Decoders {
    /// A stamp drawn by both methods: what is spliced libjpeg must take, and read as what it writes itself.
    static let stamp: @Sendable ([UInt8]) -> Void = { jpeg in
        guard let header = try? JPEGHeader(jpeg), header.width * header.height <= 1 << 16 else { return }
        let overlay = Overlay(speckled: header.width, header.height)
        let copy = try? paint(jpeg, header, overlay, by: .coefficients).bytes
        guard let splice = try? paint(jpeg, header, overlay, by: .splice).bytes else { return }
        guard let copy else { preconditionFailure("spliced what libjpeg refuses") }
        precondition(coefficients(splice) == coefficients(copy), "other coefficients")
    }

    /// What Exif says, and where its thumbnail is.
    static let exif: @Sendable ([UInt8]) -> Void = { tiff in
        let payload = Array("Exif\0\0".utf8) + tiff
        let head: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, UInt8((payload.count + 2) >> 8), UInt8((payload.count + 2) & 255)]
        let jpeg = head + payload + rest
        guard let header = try? JPEGHeader(jpeg) else { preconditionFailure("the frame is none") }
        let exif = PhotoEXIF(jpeg, header)
        guard let thumbnail = EXIFThumbnail(jpeg, header.segments[0]) else { return }
        for range in [thumbnail.link] + thumbnail.picture {
            precondition(header.segments[0].payload.contains(range.lowerBound) && !range.isEmpty)
            precondition(range.upperBound <= header.segments[0].payload.upperBound)
        }
        _ = exif
    }

    /// A frame of one grey block, for the header's sake.
    private static let rest: [UInt8] = [
        0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x2B, 0xFF, 0xD9,
    ]

    private static func coefficients(_ jpeg: [UInt8]) -> [Int16] {
        guard let header = try? JPEGHeader(jpeg) else { preconditionFailure("the copy has no header") }
        var all: [Int16] = []
        do throws(PhotoRefusal) {
            try Coefficients.read(jpeg, header) { all += $0.blocks }
        } catch {
            preconditionFailure("the copy is refused: \(error)")
        }
        return all
    }
}

extension Overlay {
    /// Clear, even and uneven patches over the lower right three quarters.
    fileprivate init(speckled width: Int, _ height: Int) {
        let band = PixelRect(left: width / 4, top: height / 4, width: width - width / 4, height: height - height / 4)
        let alpha = (0..<band.width * band.height).map { i -> UInt8 in
            let (x, y) = (i % band.width, i / band.width)
            return [0, 115, UInt8(truncatingIfNeeded: x &* 37 ^ y &* 91)][(x / 24 + y / 24) % 3]
        }
        self.init(band: band, alpha: alpha, light: alpha.map { $0 / 2 })
    }
}
