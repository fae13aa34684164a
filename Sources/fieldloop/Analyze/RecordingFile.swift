import Foundation
import Vibration

/// Why a file is no recording, with what to do.
struct RecordingFlaw: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Samples of one channel, in whatever unit the file has.
struct RecordingFile {
    var samples: [Float] = []
    /// Hz, when the file itself says so.
    var sampleRate: Double?
    /// Values that are no number, by their line; the rest is read.
    var unread = 0
    /// The file went on.
    var isCut = false

    /// So many samples are read; what is analysed is a little less.
    static let most = 4 << 20

    /// What to take of a file that holds more than one channel.
    struct Choice {
        /// Of a CSV file, by name or number from 1; nil: the last one.
        var column: String?
        /// Of a WAV file, from 1.
        var channel = 1
        /// What a WAV file's full scale stands for.
        var fullScale = 1.0
    }

    /// By its beginning a WAV file, by its name or by its text a CSV file, else raw float32, little-endian.
    init(path: String, _ choice: Choice) throws {
        // 32 bytes hold a sample in any of the formats, with its time.
        let limit = Self.most * 32
        let handle = FileHandle(forReadingAtPath: path)
        defer { try? handle?.close() }
        // A folder opens, and can't be read.
        guard let handle, let data = try? handle.read(upToCount: limit + 1) ?? Data() else {
            throw RecordingFlaw("\(path) can't be read; check the path and its permissions.")
        }
        isCut = data.count > limit
        let bytes = [UInt8](data.prefix(limit))
        if bytes.starts(with: Array("RIFF".utf8)) {
            try takeWAV(bytes, choice)
        } else if path.lowercased().hasSuffix(".csv") || path.lowercased().hasSuffix(".txt") {
            try takeCSV(bytes, choice)
        } else {
            try takeRaw(bytes)
        }
        if samples.count > Self.most {
            samples.removeLast(samples.count - Self.most)
            isCut = true
        }
        if samples.isEmpty { throw RecordingFlaw("\(path) holds no samples.") }
    }

    private mutating func takeRaw(_ bytes: [UInt8]) throws {
        guard bytes.count.isMultiple(of: 4) || isCut else {
            throw RecordingFlaw(
                "\(bytes.count) bytes are no whole number of float32 samples; a CSV file ends in .csv, a WAV file begins "
                    + "with RIFF.")
        }
        samples = stride(from: 0, to: bytes.count & ~3, by: 4).map {
            Float(bitPattern: bytes.littleEndian(UInt32.self, at: $0))
        }
    }

    // MARK: - CSV

    /// One value a line, or a table; `,`, `;`, tab or blanks between columns, a heading or none. Beside `;`, tab and blanks
    /// a comma is a decimal point. What may be read in two ways is not read, and a line without a number between others
    /// would move all that follows.
    private mutating func takeCSV(_ bytes: [UInt8], _ choice: Choice) throws {
        var lines = bytes.split { $0 == 0x0A || $0 == 0x0D }[...]
        if isCut { lines = lines.dropLast() }
        lines = lines.drop { $0.first == UInt8(ascii: "#") }
        func fields(_ line: ArraySlice<UInt8>) -> [Substring] {
            let text = String(decoding: line, as: UTF8.self)
            let separators: [Character] = text.contains(", ") ? [";", "\t", ","] : [";", "\t", " ", ","]
            let separator = separators.first { text.contains($0) } ?? ","
            let plain = separator == "," ? text : text.replacing(",", with: ".")
            return plain.split(separator: separator, omittingEmptySubsequences: separator == " ")
        }
        guard let first = lines.first.map(fields) else { return }
        let heading = first.map { $0.trimmingCharacters(in: .whitespaces.union(["\"", "\u{FEFF}"])) }
        let hasHeading = heading.contains { Double($0) == nil }
        var column = heading.count - 1
        if let wanted = choice.column {
            if let named = heading.firstIndex(of: wanted), hasHeading {
                column = named
            } else if let number = Int(wanted), (1...heading.count).contains(number) {
                column = number - 1
            } else {
                throw RecordingFlaw("there is no column “\(wanted)”: \(heading.joined(separator: ", "))")
            }
        }
        if choice.column == nil, lines.prefix(100).allSatisfy({ fields($0).mayBeOneNumber }) {
            throw RecordingFlaw(
                "“\(first.joined(separator: ","))” may be one number or two columns: write decimal points, or give --column 2."
            )
        }
        var hole: Int?
        for (number, line) in zip(1..., lines).dropFirst(hasHeading ? 1 : 0) {
            guard samples.count <= Self.most else { break }
            let fields = fields(line)
            guard column < fields.count,
                let value = Float(fields[column].trimmingCharacters(in: .whitespaces.union(["\""])))
            else {
                unread += 1
                if !samples.isEmpty { hole = hole ?? number }
                continue
            }
            if let hole {
                throw RecordingFlaw(
                    "line \(hole) has no number in column \(column + 1): a hole moves all that follows. Mend the file, or "
                        + "cut it there.")
            }
            samples.append(value)
        }
        if unread > lines.count / 10 {
            throw RecordingFlaw(
                "\(unread) of \(lines.count) lines have no number in column \(column + 1); try --column.")
        }
    }

    // MARK: - WAV

    /// PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64; also the extensible form.
    private mutating func takeWAV(_ bytes: [UInt8], _ choice: Choice) throws {
        guard bytes.count >= 12, bytes[8..<12].elementsEqual("WAVE".utf8) else {
            throw RecordingFlaw("a RIFF file, and no WAVE")
        }
        var (at, format) = (12, WAVFormat?.none)
        while at + 8 <= bytes.count {
            let size = Int(bytes.littleEndian(UInt32.self, at: at + 4))
            let body = at + 8..<min(at + 8 + size, bytes.count)
            switch String(decoding: bytes[at..<at + 4], as: UTF8.self) {
            case "fmt ": format = try WAVFormat(bytes, body)
            case "data":
                guard let format else { throw RecordingFlaw("the WAV file has samples before it says what they are") }
                guard (1...format.channels).contains(choice.channel) else {
                    throw RecordingFlaw("the WAV file has \(format.channels) channels, none is \(choice.channel)")
                }
                isCut = isCut || body.count < size
                sampleRate = format.sampleRate
                let offset = (choice.channel - 1) * format.width
                let frame = format.channels * format.width
                samples = stride(from: body.lowerBound, through: body.upperBound - frame, by: frame).map { start in
                    Float(format.value(bytes, at: start + offset) * choice.fullScale)
                }
                return
            default: break
            }
            // Chunks begin at even bytes.
            at = at + 8 + size + (size & 1)
        }
        throw RecordingFlaw("the WAV file has no samples")
    }
}

extension [Substring] {
    /// `0,123` is a number with a decimal comma, or two.
    fileprivate var mayBeOneNumber: Bool {
        let parts = map { $0.trimmingCharacters(in: .whitespaces.union(["\""])) }
        guard parts.count == 2 else { return false }
        return parts[0].drop { $0 == "-" || $0 == "+" }.allSatisfy(\.isNumber) && !parts[1].isEmpty
            && parts[1].allSatisfy(\.isNumber)
    }
}

/// How a WAV file's samples stand.
private struct WAVFormat {
    let isFloat: Bool
    let channels: Int
    let sampleRate: Double
    /// Bytes of a sample.
    let width: Int

    init(_ bytes: [UInt8], _ body: Range<Int>) throws {
        guard body.count >= 16 else { throw RecordingFlaw("the WAV file's format is cut off") }
        let start = body.lowerBound
        var code = bytes.littleEndian(UInt16.self, at: start)
        if code == 0xFFFE, body.count >= 26 { code = bytes.littleEndian(UInt16.self, at: start + 24) }
        channels = Int(bytes.littleEndian(UInt16.self, at: start + 2))
        sampleRate = Double(bytes.littleEndian(UInt32.self, at: start + 4))
        let bits = Int(bytes.littleEndian(UInt16.self, at: start + 14))
        isFloat = code == 3
        let known = code == 1 ? [8, 16, 24, 32] : code == 3 ? [32, 64] : []
        guard known.contains(bits), channels > 0 else {
            throw RecordingFlaw("a WAV file of kind \(code) with \(bits) bits; PCM and float are read")
        }
        width = bits / 8
    }

    /// −1…1 for PCM, as it stands for floats.
    func value(_ bytes: [UInt8], at: Int) -> Double {
        switch (isFloat, width) {
        case (true, 4): Double(Float(bitPattern: bytes.littleEndian(UInt32.self, at: at)))
        case (true, _): Double(bitPattern: bytes.littleEndian(UInt64.self, at: at))
        case (_, 1): (Double(bytes[at]) - 128) / 128
        case (_, 2): Double(Int16(bitPattern: bytes.littleEndian(UInt16.self, at: at))) / 0x8000
        case (_, 3):
            Double(Int32(bytes[at]) << 8 | Int32(bytes[at + 1]) << 16 | Int32(Int8(bitPattern: bytes[at + 2])) << 24)
                / 0x8000_0000
        default: Double(Int32(bitPattern: bytes.littleEndian(UInt32.self, at: at))) / 0x8000_0000
        }
    }
}

extension [UInt8] {
    fileprivate func littleEndian<Number: FixedWidthInteger>(_: Number.Type, at: Int) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: self[at + $1]) << Number($1 * 8) }
    }
}
