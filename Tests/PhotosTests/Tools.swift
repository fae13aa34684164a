import Foundation

/// libjpeg-turbo's own programs (Debian: libjpeg-turbo-progs), as a second reader and as a maker of odd pictures.
enum Tools {
    static let present = ["djpeg", "cjpeg", "jpegtran"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    struct Failure: Error { var status: Int32 }

    /// Runs `program` with `input` on its standard input; throws when it fails.
    static func run(_ program: String, _ arguments: [String] = [], _ input: [UInt8]) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "photos-\(UUID().uuidString)")
        try Data(input).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/\(program)")
        process.arguments = arguments + [file.path]
        process.standardError = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return [UInt8](bytes)
    }
}

/// Pixels as a second decoder sees them: grey, or red-green-blue interleaved.
struct Pixels: Equatable {
    var width: Int
    var height: Int
    var channels: Int
    var samples: [UInt8]

    init(width: Int, height: Int, channels: Int, samples: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }

    /// A drawing; `paint` gives a pixel's lightness.
    init(width: Int, height: Int, channels: Int = 3, paint: (_ x: Int, _ y: Int) -> Int) {
        var samples: [UInt8] = []
        samples.reserveCapacity(width * height * channels)
        for y in 0..<height {
            for x in 0..<width {
                let value = UInt8(clamping: paint(x, y))
                for _ in 0..<channels { samples.append(value) }
            }
        }
        self.init(width: width, height: height, channels: channels, samples: samples)
    }

    /// Decodes with djpeg; a warning counts as a failure.
    init(jpeg: [UInt8]) throws {
        let pnm = try Tools.run("djpeg", ["-strict", "-pnm"], jpeg)
        // P5 or P6, width, height, 255, one white space, samples.
        var fields: [Substring] = []
        var at = 0
        while fields.count < 4 {
            let end = pnm[at...].firstIndex { $0 == 0x20 || $0 == 0x0A }!
            fields.append(Substring(String(decoding: pnm[at..<end], as: UTF8.self)))
            at = end + 1
        }
        self.init(
            width: Int(fields[1])!, height: Int(fields[2])!, channels: fields[0] == "P6" ? 3 : 1,
            samples: Array(pnm[at...]))
    }

    /// Encodes with cjpeg.
    func jpeg(_ options: String...) throws -> [UInt8] {
        let header = "P\(channels == 3 ? 6 : 5)\n\(width) \(height)\n255\n"
        return try Tools.run("cjpeg", options, Array(header.utf8) + samples)
    }

    subscript(x: Int, y: Int, channel: Int) -> Int { Int(samples[(y * width + x) * channels + channel]) }

    /// The pixel's mean over its channels.
    func lightness(_ x: Int, _ y: Int) -> Int { (0..<channels).reduce(0) { $0 + self[x, y, $1] } / channels }
}
