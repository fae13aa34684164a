/// A stamped copy of a photo.
public struct StampedPhoto: Hashable, Sendable {
    /// How the stamp came into the picture; in both, all coefficients outside its blocks are the original's.
    public enum Method: String, Hashable, Sendable {
        /// The original's data were copied bit for bit, but for the units of blocks under the stamp.
        case splice
        /// libjpeg read all coefficients and wrote them as baseline, with the original's quantisation tables.
        case coefficients
    }

    public var bytes: [UInt8]
    /// As stored, before the Exif orientation; the same as the original's.
    public var width: Int
    public var height: Int
    /// What the stamp covers, in stored pixels.
    public var band: PixelRect
    public var method: Method
    /// What of the original is otherwise in the copy, or left out.
    public var changedSegments: [SegmentChange]
    /// Characters that the font lacks; a box stands for each on the stamp.
    public var missingGlyphs: [String]
}

/// Draws `caption` along the bottom of `jpeg` as it is displayed: white text with a black outline on a dark band.
///
/// The copy keeps size, orientation tag, metadata, colour profile and every coefficient outside the blocks under the
/// stamp. The thumbnail in Exif is blanked, and what the file carries behind its end marker (a phone's gain map, film or
/// preview) stays in the original only.
///
/// Takes some 50 ms of one core for 12 megapixels: call it on a worker's thread, not on the cooperative pool.
public func stamp(jpeg: [UInt8], caption: [String], font: StampFont) throws(PhotoRefusal) -> StampedPhoto {
    try stamp(jpeg: jpeg, caption: caption, font: font, by: nil)
}

/// The same by one method only, unless nil; the benchmark compares them.
package func stamp(
    jpeg: [UInt8], caption: [String], font: StampFont, by only: StampedPhoto.Method?
) throws(PhotoRefusal) -> StampedPhoto {
    let header = try JPEGHeader(jpeg)
    let orientation = (try? PhotoEXIF(jpeg, header).orientation.get()) ?? .upright
    let displayed = orientation.displayed(header.width, header.height)
    let (overlay, missing) = try font.withHandle { handle throws(PhotoRefusal) in
        let layout = try StampLayout(caption, width: displayed.width, height: displayed.height, font: handle)
        let overlay = try Overlay(
            layout, width: header.width, height: header.height, orientation: orientation, font: handle)
        return (overlay, layout.missing)
    }
    let (bytes, method) = try paint(jpeg, header, overlay, by: only)
    return StampedPhoto(
        bytes: bytes, width: header.width, height: header.height, band: overlay.band, method: method,
        changedSegments: changes(jpeg, header, method), missingGlyphs: missing)
}

/// Reads all of a baseline picture's data and does nothing with them: the least that a splice can cost.
package func skims(jpeg: [UInt8]) throws(PhotoRefusal) -> Bool { Splice.reads(jpeg, try JPEGHeader(jpeg)) }

/// Lays `overlay` on a picture by the splice if it can, else through libjpeg, or by the one asked for.
func paint(
    _ jpeg: [UInt8], _ header: JPEGHeader, _ overlay: Overlay, by only: StampedPhoto.Method?
) throws(PhotoRefusal) -> (bytes: [UInt8], method: StampedPhoto.Method) {
    let painter = BlockPainter(overlay, header)
    let leftovers = Leftovers(jpeg, header)
    if only != .coefficients {
        var head = Array(jpeg[..<header.data[0].lowerBound])
        leftovers.blank(&head)
        leftovers.remove(from: &head)
        if let bytes = Splice.paint(jpeg, header, painter, behind: head) { return (bytes, .splice) }
    }
    guard only != .splice else { throw .unsupportedProcess("not for the splice") }
    var source = jpeg
    leftovers.blank(&source)
    return (
        try Coefficients.paint(source, header, leftovers.kept(of: header.segments), painter), .coefficients
    )
}

/// In the order of the file.
private func changes(_ jpeg: [UInt8], _ header: JPEGHeader, _ method: StampedPhoto.Method) -> [SegmentChange] {
    let recoded =
        switch method {
        case .splice: [SegmentChange(segment: "SOS", kind: .recoded, bytes: header.data[0])]
        case .coefficients:
            header.coded.map { SegmentChange(segment: Marker.name($0.marker), kind: .recoded, bytes: $0.whole) }
                + header.data.map { SegmentChange(segment: "SOS", kind: .recoded, bytes: $0) }
        }
    return (recoded + Leftovers(jpeg, header).changes).sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
}
