import Domain
import Foundation
import Gateway
import Photos
import Store
import Testing

/// A real camera's picture, taken upright: its rows are stored as columns and the Exif orientation turns them back.
private let upright = Root.shared.appending(path: "photos/ex_exiv2-bug2565.jpg")
private let djpeg = "/usr/bin/djpeg"

extension Houses {
    @Suite(
        .enabled(
            if: FileManager.default.fileExists(atPath: upright.path), "no ../shared/data/photos beside the project"),
        .enabled(if: FileManager.default.isExecutableFile(atPath: djpeg), "needs djpeg (libjpeg-turbo-progs) to look"))
    struct CameraPhotoTests {
        @Test func `a camera's photo comes out stamped and upright, and what is no photo does not stop it`()
            async throws
        {
            let house = try await House()
            try await house.startBroker()
            try await house.startService()
            try await house.connected()
            let original = [UInt8](try Data(contentsOf: upright))
            let now = try await house.now()
            try await house.publishing { sender in
                try await sender.send((0..<4).map { (now - .seconds(4 - $0), 3.5) }, to: "beilun/BL-P101/DE-H")
                try await waitUntil("a ticket") { try house.tickets().count == 1 }
                let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array(repeating: 7, count: 500)
                try await sender.photo(png, header: "{\"ticket\":1}", upload: "u1", by: "E03")
                let half = Array(original[..<(original.count / 2)])
                try await sender.photo(half, header: "{\"ticket\":\"T1\"}", upload: "u2", by: "E03")
                let header = """
                    {"ticket":1,"captured_at":\(now.milliseconds),"position":{"lat":29.8765,"lon":121.7895,\
                    "datum":"wgs84","accuracy_m":8,"fix_at":\(now.milliseconds)}}
                    """
                try await sender.photo(original, header: header, upload: "u3", by: "E03")
                // Once more, as a phone does that missed the acknowledgement.
                try await sender.photo(original, header: header, upload: "u3", by: "E03")
            }
            try await waitUntil("stamped", within: .seconds(60)) {
                try house.count("SELECT count(*) FROM photo WHERE stamped_at IS NOT NULL OR refused IS NOT NULL") == 1
            }
            let reasons = try house.texts("SELECT reason FROM rejected ORDER BY id")
            #expect(reasons == ["photo_png", "photo_truncated"])
            #expect(try house.texts("SELECT kind FROM ticket_entry WHERE kind = 'photo'").count == 1)
            #expect(house.isServing)

            let facts = try #require(try await house.store().story(of: TicketID(1))?.photos.first)
            let path = "\(house.data)/photos/\(facts.sha256.prefix(2))/\(facts.sha256)"
            #expect(
                [UInt8](try Data(contentsOf: URL(filePath: path + ".jpg"))) == original, "the original is untouched")
            let copy = "\(path).\(try #require(facts.stampedSHA256).prefix(16)).stamped.jpg"
            let stamped = [UInt8](try Data(contentsOf: URL(filePath: copy)))
            let (before, after) = (try JPEGHeader(original), try JPEGHeader(stamped))
            #expect((after.width, after.height) == (4032, 3024) && (before.width, before.height) == (4032, 3024))
            #expect(PhotoEXIF(stamped, after).orientation == PhotoEXIF(original, before).orientation)
            try expectBandAtTheRight(of: copy, over: path + ".jpg", house)
        }

        /// Orientation 6: what is shown at the bottom is stored at the right.
        private func expectBandAtTheRight(of copy: String, over original: String, _ house: House) throws {
            let rectangle = try #require(try house.texts("SELECT rectangle FROM photo").first)
            let numbers = rectangle.split(separator: ",").compactMap { Int($0) }
            try #require(numbers.count == 4, "\(rectangle)")
            let (x, y, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3])
            #expect(x + width == 4032 && y == 0 && height == 3024 && (40..<1500).contains(width))
            // An eighth of the size is enough to see a dark band in.
            let (before, after) = (try Greys(original), try Greys(copy))
            let edge = x / 8
            for column in 0..<before.width {
                let change = before.mean(column: column) - after.mean(column: column)
                if column < edge - 1 { #expect(abs(change) < 1, "column \(column) was touched") }
            }
            let band = (edge + 2)..<before.width
            let darker = band.reduce(0) { $0 + before.mean(column: $1) - after.mean(column: $1) } / Double(band.count)
            #expect(darker > 15)
        }
    }
}

/// A JPEG as a second program shows it, grey and at an eighth of its size.
private struct Greys {
    let width: Int
    private let height: Int
    private let samples: [UInt8]

    init(_ path: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: djpeg)
        process.arguments = ["-grayscale", "-scale", "1/8", "-pnm", path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = [UInt8](try output.fileHandleForReading.readToEnd() ?? Data())
        process.waitUntilExit()
        // P5, width, height, 255, a white space each, samples.
        let header = bytes.prefix(40).split(maxSplits: 4, whereSeparator: { $0 == 0x20 || $0 == 0x0A })
        let numbers = header.dropFirst().prefix(3).compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        try #require(numbers.count == 3)
        (width, height) = (numbers[0], numbers[1])
        samples = bytes.suffix(width * height)
    }

    func mean(column: Int) -> Double {
        let sum = stride(from: column, to: samples.count, by: width).reduce(0) { $0 + Int(samples[$1]) }
        return Double(sum) / Double(height)
    }
}
