import Domain
import Foundation
import Geo

/// A photo's way onto the disk: looked at, then written under its hash, before any row or acknowledgement.
public struct Intake: Sendable {
    /// What became of the bytes.
    public enum Verdict: Sendable, Equatable {
        /// Durable. `exif` is what the camera says of itself, as JSON; nil when it says nothing.
        case kept(PhotoDigest, exif: String?)
        case refused(PhotoRefusal)
    }
    private let files: PhotoFiles

    public init(files: PhotoFiles) { self.files = files }

    /// Blocks until the file is on the disk. Throws when the disk fails, never for what the bytes are.
    public func keep(_ bytes: [UInt8]) throws(PhotoFileError) -> Verdict {
        let header: JPEGHeader
        do throws(PhotoRefusal) {
            guard bytes.count <= Limits.photoBytes else { throw .tooManyBytes(bytes.count) }
            header = try JPEGHeader(bytes)
        } catch {
            return .refused(error)
        }
        return .kept(try files.writeOriginal(bytes), exif: PhotoEXIF(bytes, header).json)
    }
}

extension PhotoEXIF {
    /// What is there, in the camera's own terms: wall time, offset, position and fix time.
    var json: String? {
        var fields: [String: String] = [:]
        fields["taken_at"] = (try? takenAt.get())?.text
        fields["offset_s"] = (try? offsetSeconds.get()).map(String.init)
        fields["fix_at"] = (try? fixAt.get())?.iso8601
        if let place = try? position.get() {
            fields["latitude"] = String(place.latitude)
            fields["longitude"] = String(place.longitude)
        }
        guard !fields.isEmpty, let data = try? JSONEncoder.sorted.encode(fields) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}
