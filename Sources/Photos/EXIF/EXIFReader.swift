import CExif
import Domain
import Geo

extension PhotoEXIF {
    /// Reads the first Exif segment of `jpeg`, whose header was checked.
    public init(_ jpeg: [UInt8], _ header: JPEGHeader) {
        guard let segment = header.exifSegment(in: jpeg) else {
            self = .absent(.noEXIF)
            return
        }
        guard let tags = EXIFTags(jpeg[segment]) else {
            self = .absent(.unreadable)
            return
        }
        orientation = tags.orientation
        takenAt = tags.takenAt
        offsetSeconds = tags.offsetSeconds
        position = tags.position
        fixAt = tags.fixAt
    }
}

extension JPEGHeader {
    fileprivate func exifSegment(in bytes: [UInt8]) -> Range<Int>? {
        let signature: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
        return segments.first { $0.marker == 0xE1 && bytes[$0.payload].starts(with: signature) }?.payload
    }
}

/// libexif's tree of one segment. Reading only: a rewrite through it changes a quarter of real files.
private struct EXIFTags: ~Copyable {
    private let data: UnsafeMutablePointer<ExifData>
    private let order: ExifByteOrder

    /// nil when libexif finds no tag at all.
    init?(_ segment: ArraySlice<UInt8>) {
        guard let data = exif_data_new() else { return nil }
        // By default libexif adds the tags that the standard asks for, with values of its own, and drops unknown ones.
        exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION)
        exif_data_unset_option(data, EXIF_DATA_OPTION_IGNORE_UNKNOWN_TAGS)
        segment.withUnsafeBufferPointer { exif_data_load_data(data, $0.baseAddress, UInt32($0.count)) }
        let directories = data.pointee.ifd
        let counts = [directories.0, directories.2, directories.3].map { $0?.pointee.count ?? 0 }
        guard counts.contains(where: { $0 > 0 }) else {
            exif_data_unref(data)
            return nil
        }
        self.data = data
        order = exif_data_get_byte_order(data)
    }

    deinit { exif_data_unref(data) }

    private enum Directory { case image, exif, gps }

    private func entry(_ directory: Directory, _ tag: UInt32) -> Result<(ExifFormat, [UInt8]), EXIFAbsence> {
        let content =
            switch directory {
            case .image: data.pointee.ifd.0
            case .exif: data.pointee.ifd.2
            case .gps: data.pointee.ifd.3
            }
        guard let entry = exif_content_get_entry(content, ExifTag(rawValue: tag))?.pointee else {
            return .failure(.noTag)
        }
        guard let start = entry.data else { return .failure(.malformed) }
        return .success((entry.format, Array(UnsafeBufferPointer(start: start, count: Int(entry.size)))))
    }

    /// ASCII up to its NUL, without padding.
    private func text(_ directory: Directory, _ tag: UInt32) -> Result<[UInt8], EXIFAbsence> {
        entry(directory, tag).flatMap { format, bytes in
            guard format == EXIF_FORMAT_ASCII else { return .failure(.malformed) }
            let text = bytes.prefix { $0 != 0 }
            return .success(Array(text.prefix((text.lastIndex { $0 != 0x20 } ?? -1) + 1)))
        }
    }

    /// Non-negative fractions. Some phones write their degrees as signed ones.
    private func fractions(_ tag: UInt32, count: Int) -> Result<[Double], EXIFAbsence> {
        entry(.gps, tag).flatMap { format, bytes in
            guard format == EXIF_FORMAT_RATIONAL || format == EXIF_FORMAT_SRATIONAL, bytes.count == 8 * count else {
                return .failure(.malformed)
            }
            let pairs = bytes.withUnsafeBufferPointer { buffer in
                (0..<count).map { i in
                    let pair = exif_get_rational(buffer.baseAddress! + 8 * i, order)
                    return format == EXIF_FORMAT_RATIONAL
                        ? (Double(pair.numerator), Double(pair.denominator))
                        : (Double(Int32(bitPattern: pair.numerator)), Double(Int32(bitPattern: pair.denominator)))
                }
            }
            guard pairs.allSatisfy({ $0.1 != 0 }) else { return .failure(.zeroDenominator) }
            let values = pairs.map { $0.0 / $0.1 }
            return values.allSatisfy { $0 >= 0 } ? .success(values) : .failure(.outOfRange)
        }
    }

    var orientation: Result<Orientation, EXIFAbsence> {
        entry(.image, 0x0112).flatMap { format, bytes in
            guard format == EXIF_FORMAT_SHORT, bytes.count >= 2 else { return .failure(.malformed) }
            let value = Int(bytes.withUnsafeBufferPointer { exif_get_short($0.baseAddress, order) })
            guard value != 0 else { return .failure(.unset) }
            return Orientation(rawValue: value).map { .success($0) } ?? .failure(.outOfRange)
        }
    }

    var takenAt: Result<CivilTime, EXIFAbsence> {
        text(.exif, 0x9003).flatMap { EXIFText.dateAndTime($0) }
    }

    var offsetSeconds: Result<Int, EXIFAbsence> {
        text(.exif, 0x9011).flatMap { EXIFText.offset($0) }
    }

    var position: Result<Coordinate, EXIFAbsence> {
        if case .success(let status) = text(.gps, 0x0009), status == [UInt8(ascii: "V")] { return .failure(.voidFix) }
        if case .success(let datum) = text(.gps, 0x0012), !EXIFText.isWGS84(datum) { return .failure(.otherDatum) }
        do throws(EXIFAbsence) {
            let latitude = try angle(0x0002, reference: 0x0001, positive: "N", negative: "S").get()
            let longitude = try angle(0x0004, reference: 0x0003, positive: "E", negative: "W").get()
            guard latitude != 0 || longitude != 0 else { return .failure(.unset) }
            return Coordinate(latitude: latitude, longitude: longitude).map { .success($0) } ?? .failure(.outOfRange)
        } catch {
            return .failure(error)
        }
    }

    private func angle(
        _ tag: UInt32, reference: UInt32, positive: Unicode.Scalar, negative: Unicode.Scalar
    ) -> Result<Double, EXIFAbsence> {
        fractions(tag, count: 3).flatMap { parts in
            guard parts[1] <= 60, parts[2] <= 60 else { return .failure(.outOfRange) }
            let degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
            guard case .success(let letter) = text(.gps, reference) else { return .failure(.noReference) }
            switch letter {
            case [UInt8(ascii: positive)]: return .success(degrees)
            case [UInt8(ascii: negative)]: return .success(-degrees)
            default: return .failure(.noReference)
            }
        }
    }

    var fixAt: Result<Instant, EXIFAbsence> {
        let date = text(.gps, 0x001D).flatMap { EXIFText.date($0) }
        let time = fractions(0x0007, count: 3)
        switch (date, time) {
        case (.success(let day), .success(let clock)):
            guard clock[0] < 24, clock[1] < 60, clock[2] < 61 else { return .failure(.outOfRange) }
            let seconds = clock[0] * 3600 + clock[1] * 60 + clock[2]
            return .success(day + .milliseconds(Int64((seconds * 1000).rounded())))
        case (.success, .failure(.noTag)): return .failure(.dateOnly)
        case (.failure(.noTag), .success): return .failure(.timeOnly)
        case (.failure(let why), _), (_, .failure(let why)): return .failure(why)
        }
    }
}
