import CJPEG
import Domain

/// A stamped copy of a photo.
public struct StampedPhoto: Hashable, Sendable {
    /// How the stamp came into the picture.
    public enum Method: String, Hashable, Sendable {
        /// Decoded, painted and encoded again with the source's own quantisation tables and sampling.
        case reencoded
    }

    public var bytes: [UInt8]
    /// As stored, before the Exif orientation; the same as the original's.
    public var width: Int
    public var height: Int
    /// What the stamp covers, in stored pixels; outside it the picture differs by no more than encoding it again.
    public var band: PixelRect
    public var method: Method
    /// Characters that the font lacks; a box stands for each on the stamp.
    public var missingGlyphs: [String]
}

/// Draws `caption` along the bottom of `jpeg` as it is displayed: white text with a black outline on a dark band.
///
/// The copy keeps size, orientation tag, metadata and colour profile. Pictures that the file carries behind its end
/// marker (a phone's gain map or preview) stay in the original only.
///
/// Takes some 100 ms of one core for 12 megapixels: call it on a worker's thread, not on the cooperative pool.
public func stamp(jpeg: [UInt8], caption: [String], font: StampFont) throws(PhotoRefusal) -> StampedPhoto {
    let header = try JPEGHeader(jpeg)
    let orientation = (try? PhotoEXIF(jpeg, header).orientation.get()) ?? .upright
    let displayed = orientation.displayed(header.width, header.height)
    let (overlay, missing) = try font.withHandle { handle throws(PhotoRefusal) in
        let layout = try StampLayout(caption, width: displayed.width, height: displayed.height, font: handle)
        let overlay = try Overlay(
            layout, width: header.width, height: header.height, orientation: orientation, font: handle)
        return (overlay, layout.missing)
    }
    return StampedPhoto(
        bytes: try paint(jpeg, header, overlay), width: header.width, height: header.height, band: overlay.band,
        method: .reencoded, missingGlyphs: missing)
}

/// Runs CJPEG over `jpeg`.
private func paint(_ jpeg: [UInt8], _ header: JPEGHeader, _ overlay: Overlay) throws(PhotoRefusal) -> [UInt8] {
    let segments = header.replayed(from: jpeg)
    var output = cjpeg_output()
    defer { cjpeg_free(&output) }
    var reason = [CChar](repeating: 0, count: Int(CJPEG_REASON_LENGTH))
    let status = jpeg.withUnsafeBufferPointer { source in
        segments.withUnsafeBufferPointer { segments in
            overlay.alpha.withUnsafeBufferPointer { alpha in
                overlay.light.withUnsafeBufferPointer { light in
                    var request = cjpeg_request()
                    request.source = source.baseAddress
                    request.length = source.count
                    request.width = UInt32(header.width)
                    request.height = UInt32(header.height)
                    request.components = Int32(header.components.count)
                    request.segments = segments.baseAddress
                    request.segment_count = segments.count
                    request.overlay = cjpeg_overlay(
                        left: UInt32(overlay.band.left), top: UInt32(overlay.band.top),
                        width: UInt32(overlay.band.width), height: UInt32(overlay.band.height),
                        alpha: alpha.baseAddress, light: light.baseAddress)
                    request.memory_limit = Limits.photoMemory
                    request.output_limit = 4 * Limits.photoBytes
                    request.scan_limit = Int32(Limits.photoScans)
                    return cjpeg_stamp(&request, &output, &reason)
                }
            }
        }
    }
    guard status == CJPEG_STAMPED else {
        let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        throw PhotoRefusal(status, String(decoding: bytes, as: UTF8.self), header)
    }
    return Array(UnsafeBufferPointer(start: output.bytes, count: output.length))
}

extension JPEGHeader {
    /// All header segments but the index of a multi-picture file (CIPA DC-007): its offsets point behind the end
    /// marker, to pictures that the copy doesn't carry.
    fileprivate func replayed(from bytes: [UInt8]) -> [cjpeg_segment] {
        segments.filter { $0.marker != 0xE2 || !bytes[$0.payload].starts(with: "MPF\0".utf8) }.map {
            cjpeg_segment(code: Int32($0.marker), offset: $0.payload.lowerBound, length: UInt32($0.payload.count))
        }
    }
}

extension PhotoRefusal {
    fileprivate init(_ status: cjpeg_status, _ reason: String, _ header: JPEGHeader) {
        switch status {
        case CJPEG_TRUNCATED: self = .truncated
        case CJPEG_UNSUPPORTED: self = .unsupportedProcess(reason)
        case CJPEG_OVER_LIMIT, CJPEG_NO_MEMORY: self = .tooMuchMemory
        default: self = .corrupt(reason)
        }
    }
}
