import Domain
import Geo
import Photos
import Testing

@Suite("What Exif says, and what it doesn't")
struct EXIFTests {
    let photo: [UInt8]

    init() throws { photo = try Root.fixture("nameplate.jpg") }

    func read(_ tiff: TIFF) throws -> PhotoEXIF { try read(Crafted.exif(tiff.bytes)) }

    func read(_ segment: [UInt8]) throws -> PhotoEXIF {
        let jpeg = Crafted.inserting(segment, into: photo)
        return PhotoEXIF(jpeg, try JPEGHeader(jpeg))
    }

    /// 29°52'6.01"N 121°32'38.36"E.
    static let ningbo: [(Int, TIFF.Value)] = [
        (1, .ascii("N")), (2, .rationals([(29, 1), (52, 1), (601, 100)])),
        (3, .ascii("E")), (4, .rationals([(121, 1), (32, 1), (3836, 100)])),
    ]

    func gps(_ tags: (Int, TIFF.Value)...) -> [(Int, TIFF.Value)] {
        Self.ningbo.filter { kept in !tags.contains { $0.0 == kept.0 } } + tags
    }

    @Test("A drawn photo, everything in place")
    func fixture() throws {
        let bytes = try Root.fixture("before.jpg")
        let exif = PhotoEXIF(bytes, try JPEGHeader(bytes))
        #expect(exif.orientation == .success(.quarterTurn))
        #expect(try exif.takenAt.get().text == "2026-01-05 10:32:07")
        #expect(exif.offsetSeconds == .success(28_800))
        #expect(try exif.capturedAt.get().iso8601 == "2026-01-05T02:32:07.000Z")
        #expect(try exif.fixAt.get().iso8601 == "2026-01-05T02:32:01.000Z")
        let place = try exif.position.get()
        #expect(abs(place.latitude - 29.868336) < 1e-7 && abs(place.longitude - 121.543990) < 1e-7)
    }

    @Test("No Exif at all, and Exif that is none")
    func absent() throws {
        let none = PhotoEXIF(photo, try JPEGHeader(photo))
        #expect(none.orientation == .failure(.noEXIF) && none.position == .failure(.noEXIF))
        #expect(try read(Crafted.exif([1, 2, 3])).takenAt == .failure(.unreadable))
        #expect(try read(Crafted.exif([])).takenAt == .failure(.unreadable))
        #expect(try read(TIFF(image: [(0x0112, .short(1))])).takenAt == .failure(.noTag))
    }

    @Test("All eight orientations, and none invented", arguments: 0...9)
    func orientation(value: Int) throws {
        let read = try read(TIFF(image: [(0x0112, .short(value))])).orientation
        switch value {
        case 0: #expect(read == .failure(.unset))
        case 9: #expect(read == .failure(.outOfRange))
        default: #expect(try read.get().rawValue == value)
        }
    }

    @Test(
        "Dates as cameras write them",
        arguments: [
            ("2026:01:05 10:32:07", nil), ("2024:02:29 23:59:59", nil), ("2023:02:29 12:00:00", .outOfRange),
            ("2026:04:31 12:00:00", .outOfRange), ("2026:01:05 24:00:00", .outOfRange),
            ("2026:13:05 10:32:07", .outOfRange),
            ("0000:00:00 00:00:00", .unset), ("    :  :     :  :  ", .unset), ("", .unset), ("2017:01:01", .dateOnly),
            ("2026-01-05 10:32:07", .malformed), ("2026:01:05 10:32:07Z", .malformed), ("yesterday", .malformed),
        ] as [(String, EXIFAbsence?)])
    func dates(text: String, absence: EXIFAbsence?) throws {
        let taken = try read(TIFF(exif: [(0x9003, .ascii(text))])).takenAt
        switch absence {
        case nil: #expect(try taken.get().text.replacing("-", with: ":") == text)
        case let why?: #expect(taken == .failure(why))
        }
    }

    @Test(
        "Offsets",
        arguments: [
            ("+08:00", .success(28_800)), ("-03:30", .success(-12_600)), ("+14:00", .success(50_400)),
            ("+15:00", .failure(.outOfRange)), ("Z", .failure(.malformed)), ("   :  ", .failure(.unset)),
            ("", .failure(.unset)), ("+8", .failure(.malformed)),
        ] as [(String, Result<Int, EXIFAbsence>)])
    func offsets(text: String, expected: Result<Int, EXIFAbsence>) throws {
        #expect(try read(TIFF(exif: [(0x9011, .ascii(text))])).offsetSeconds == expected)
    }

    @Test("A position, on every quarter of the globe")
    func positions() throws {
        for (north, east) in [("N", "E"), ("S", "E"), ("N", "W"), ("S", "W")] {
            let place = try read(TIFF(gps: gps((1, .ascii(north)), (3, .ascii(east))))).position.get()
            #expect(abs(place.latitude - (north == "N" ? 29.868336 : -29.868336)) < 1e-6)
            #expect(abs(place.longitude - (east == "E" ? 121.543989 : -121.543989)) < 1e-6)
        }
        let signed = gps((2, .signedRationals([(29, 1), (52, 1), (601, 100)])))
        #expect(try read(TIFF(gps: signed)).position.get().latitude > 29.8)
    }

    @Test("A position that is none")
    func noPositions() throws {
        let nothing: [(Int, Int)] = [(0, 1), (0, 1), (0, 1)]
        let cases: [(EXIFAbsence, [(Int, TIFF.Value)])] = [
            (.noTag, []),
            (.noReference, Self.ningbo.filter { $0.0 != 3 }),
            (.noReference, gps((1, .ascii("?")))),
            (.zeroDenominator, gps((2, .rationals([(29, 1), (52, 1), (0, 0)])))),
            (.unset, gps((2, .rationals(nothing)), (4, .rationals(nothing)))),
            (.outOfRange, gps((2, .rationals([(91, 1), (0, 1), (0, 1)])))),
            (.outOfRange, gps((2, .rationals([(29, 1), (61, 1), (0, 1)])))),
            (.outOfRange, gps((2, .signedRationals([(-29, 1), (52, 1), (0, 1)])))),
            (.malformed, gps((2, .rationals([(29, 1), (52, 1)])))),
            (.malformed, gps((2, .ascii("29.8")))),
            (.otherDatum, gps((0x12, .ascii("TOKYO")))),
            (.voidFix, gps((9, .ascii("V")))),
        ]
        let image: [(Int, TIFF.Value)] = [(0x0112, .short(1))]
        for (why, tags) in cases {
            #expect(try read(TIFF(image: image, gps: tags)).position == .failure(why), "\(tags)")
        }
        for name in ["WGS-84", "WGS84", "wgs 84", "", "CGCS2000"] {
            #expect((try? read(TIFF(gps: gps((0x12, .ascii(name))))).position.get()) != nil)
        }
    }

    @Test("The receiver's time needs a date and a time of day")
    func fixes() throws {
        let date: (Int, TIFF.Value) = (0x1D, .ascii("2026:01:05"))
        let time: (Int, TIFF.Value) = (7, .rationals([(2, 1), (32, 1), (150, 100)]))
        #expect(try read(TIFF(gps: [date, time])).fixAt.get().iso8601 == "2026-01-05T02:32:01.500Z")
        #expect(try read(TIFF(gps: [date])).fixAt == .failure(.dateOnly))
        #expect(try read(TIFF(gps: [time])).fixAt == .failure(.timeOnly))
        #expect(try read(TIFF(gps: [(0x1D, .ascii("0000:00:00")), time])).fixAt == .failure(.unset))
        #expect(
            try read(TIFF(gps: [date, (7, .rationals([(25, 1), (0, 1), (0, 1)]))])).fixAt == .failure(.outOfRange))
        #expect(
            try read(TIFF(gps: [date, (7, .rationals([(0, 0), (0, 0), (0, 0)]))])).fixAt == .failure(.zeroDenominator))
    }

    @Test("Directories that point at themselves or far outside end soon", .timeLimit(.minutes(1)))
    func loops() throws {
        var tiff = TIFF(image: [(0x0112, .short(6))]).bytes
        let pointers = [0x87, 0x88].compactMap { high in
            tiff.indices.first { tiff[$0] == high && [0x69, 0x25].contains(tiff[$0 + 1]) }
        }
        for target: [UInt8] in [[0, 0, 0, 8], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0]] {
            for pointer in pointers { tiff.replaceSubrange(pointer + 8..<pointer + 12, with: target) }
            #expect(try read(Crafted.exif(tiff)).orientation == .success(.quarterTurn))
            #expect(try read(Crafted.exif(tiff)).position == .failure(.noTag))
        }
        // A directory of 65,535 entries, and entries of 4 G values.
        _ = try read(
            Crafted.exif(Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0xFF, 0xFF] + [UInt8](repeating: 0x11, count: 60_000)))
        let huge: [UInt8] = [0x01, 0x12, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 8]
        _ = try read(Crafted.exif(Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1] + huge + [0, 0, 0, 0]))
    }
}
