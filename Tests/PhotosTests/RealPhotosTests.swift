import Domain
import Foundation
import Geo
import Testing

@testable import Photos

@Suite("Real cameras' files", .enabled(if: SharedPhotos.present, Comment(rawValue: SharedPhotos.absent)))
struct RealPhotosTests {
    @Test(
        "Each is stamped and opens elsewhere, or is refused with a reason",
        .enabled(if: fontPresent && Tools.present, "needs fonts-wqy-microhei, libjpeg-turbo-progs"))
    func all() async throws {
        try await aside {
            let font = try StampFont()
            var methods: [StampedPhoto.Method: Int] = [:]
            for row in try SharedPhotos.rows() {
                let original = try SharedPhotos.bytes(row.file)
                let copy: StampedPhoto
                do throws(PhotoRefusal) {
                    copy = try stamp(jpeg: original, caption: Self.caption, font: font)
                } catch {
                    // A sound photo is refused for its size alone.
                    if !row.corrupt { #expect(error.code == "too_small", "\(row.file): \(error)") }
                    continue
                }
                methods[copy.method, default: 0] += 1
                #expect(!row.corrupt, "\(row.file) is damaged and was stamped")
                try compare(original, copy, row)
                guard copy.method == .splice else { continue }
                let other = try stamp(jpeg: original, caption: Self.caption, font: font, by: .coefficients)
                #expect(try Dump(other.bytes) == Dump(copy.bytes), "\(row.file)")
            }
            #expect(methods[.splice, default: 0] >= 25 && methods[.coefficients, default: 0] >= 5, "\(methods)")
        }
    }

    private static let caption = ["王磊（E007） · 工单 T12", "2026-01-01 08:00:00 +08:00"]

    private func compare(_ original: [UInt8], _ copy: StampedPhoto, _ row: SharedPhotos.Row) throws {
        let before = try Pixels(jpeg: original)
        let after = try Pixels(jpeg: copy.bytes)
        #expect(after.width == row.width && after.height == row.height, "\(row.file)")
        let (header, stampedHeader) = (try JPEGHeader(original), try JPEGHeader(copy.bytes))
        #expect(PhotoEXIF(original, header) == PhotoEXIF(copy.bytes, stampedHeader), "\(row.file)")
        #expect(header.components == stampedHeader.components, "\(row.file)")
        // All segments in order, but for the index of pictures that the copy leaves out; Exif without its thumbnail.
        let kept = header.segments.filter { !original[$0.payload].starts(with: "MPF\0".utf8) }
        #expect(stampedHeader.segments.map(\.marker) == kept.map(\.marker), "\(row.file)")
        let blanked = copy.changedSegments.filter { $0.kind == .blanked }.map(\.bytes)
        for (one, other) in zip(kept, stampedHeader.segments) {
            #expect(one.payload.count == other.payload.count, "\(row.file)")
            let differing = zip(one.payload, other.payload).filter { original[$0] != copy.bytes[$1] }
            #expect(differing.allSatisfy { place, _ in blanked.contains { $0.contains(place) } }, "\(row.file)")
        }
        #expect(stampedHeader.segments.allSatisfy { EXIFThumbnail(copy.bytes, $0) == nil }, "\(row.file)")
        let (coefficients, stamped) = (try Dump(original), try Dump(copy.bytes))
        #expect(stamped.quantisers == coefficients.quantisers, "\(row.file)")
        #expect(stamped.changed(from: coefficients, outside: copy.band) == 0, "\(row.file)")
        #expect(change(before, after, inside: copy.band) > 5, "\(row.file)")
    }

    /// Where we say less than ExifTool, on purpose: it repeats a clock that was never set as if it were a time.
    static let disagreements: [String: EXIFAbsence] = [
        "me_Issue_609.jpg taken": .unset,
        "me_Issue_173_dotnet_.jpg fix": .unset,
    ]

    @Test("Date, offset, orientation and position agree with ExifTool's reading")
    func oracle() throws {
        let oracle = try SharedPhotos.oracle()
        var compared = 0
        var disagreed: [String: EXIFAbsence] = [:]
        for row in try SharedPhotos.rows() {
            let bytes = try SharedPhotos.bytes(row.file)
            guard let header = try? JPEGHeader(bytes), let expected = oracle[row.file] else { continue }
            compared += 1
            for fact in Fact.all {
                let ours = fact.ours(PhotoEXIF(bytes, header))
                let theirs = fact.theirs(expected)
                if case .failure(let why) = ours, theirs != nil {
                    disagreed["\(row.file) \(fact.name)"] = why
                } else {
                    #expect((try? ours.get()) == theirs, "\(row.file) \(fact.name)")
                }
            }
        }
        #expect(compared > 60)
        #expect(disagreed == Self.disagreements)
    }
}

/// One Exif fact as text, from us and from ExifTool.
private struct Fact: Sendable {
    var name: String
    var ours: @Sendable (PhotoEXIF) -> Result<String, EXIFAbsence>
    var theirs: @Sendable ([String: Any]) -> String?

    static let all = [
        Fact(
            name: "orientation", ours: { $0.orientation.map { String($0.rawValue) } },
            theirs: { ($0["IFD0:Orientation"] as? Int).map(String.init) }),
        Fact(
            name: "taken", ours: { $0.takenAt.map(\.text) },
            theirs: { ($0["ExifIFD:DateTimeOriginal"] as? String).map(dashed) }),
        Fact(
            name: "offset", ours: { $0.offsetSeconds.map(utcOffsetText) },
            theirs: { $0["ExifIFD:OffsetTimeOriginal"] as? String }),
        Fact(
            name: "position", ours: { $0.position.map { degrees($0.latitude, $0.longitude) } },
            theirs: { tags in
                guard let latitude = tags["Composite:GPSLatitude"] as? Double,
                    let longitude = tags["Composite:GPSLongitude"] as? Double
                else { return nil }
                return degrees(latitude, longitude)
            }),
        Fact(
            name: "fix", ours: { $0.fixAt.map { CivilTime($0).text } },
            theirs: { ($0["Composite:GPSDateTime"] as? String).map { dashed(String($0.prefix(19))) } }),
    ]

    /// A hundredth of a metre.
    private static func degrees(_ latitude: Double, _ longitude: Double) -> String {
        String(format: "%.7f %.7f", latitude, longitude)
    }

    /// ExifTool's `2026:01:05 10:32:07` with our dashes.
    private static func dashed(_ text: String) -> String {
        String(text.prefix(10).replacing(":", with: "-") + text.dropFirst(10))
    }
}
