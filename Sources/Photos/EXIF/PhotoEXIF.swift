public import Domain
public import Geo

/// What a photo's Exif says of when and where it was taken; what it doesn't say is absent with the reason, and
/// nothing is filled in.
public struct PhotoEXIF: Hashable, Sendable {
    /// How to turn the stored pixels; without the tag a picture is upright.
    public var orientation: Result<Orientation, EXIFAbsence>
    /// DateTimeOriginal: the camera's wall clock, wherever that was.
    public var takenAt: Result<CivilTime, EXIFAbsence>
    /// OffsetTimeOriginal: that clock's seconds east of UTC. Few cameras write it.
    public var offsetSeconds: Result<Int, EXIFAbsence>
    /// The receiver's position, WGS-84.
    public var position: Result<Coordinate, EXIFAbsence>
    /// The receiver's time of the fix: GPSDateStamp and GPSTimeStamp, UTC.
    public var fixAt: Result<Instant, EXIFAbsence>

    /// The shutter's time, where the offset is known.
    public var capturedAt: Result<Instant, EXIFAbsence> {
        switch (takenAt, offsetSeconds) {
        case (.success(let wall), .success(let offset)): .success(Instant(wall, offsetSeconds: offset))
        case (.failure(let why), _), (_, .failure(let why)): .failure(why)
        }
    }

    static func absent(_ why: EXIFAbsence) -> PhotoEXIF {
        PhotoEXIF(
            orientation: .failure(why), takenAt: .failure(why), offsetSeconds: .failure(why), position: .failure(why),
            fixAt: .failure(why))
    }
}

/// Why an Exif fact is not there.
public enum EXIFAbsence: String, Error, Hashable, Sendable, CaseIterable {
    /// The photo carries no Exif: messengers strip it.
    case noEXIF = "no_exif"
    /// Exif is there, and no library can make sense of it.
    case unreadable
    case noTag = "no_tag"
    /// The tag holds something else than the standard says.
    case malformed
    /// Zeros or blanks: the clock was never set, or the receiver had no fix.
    case unset
    /// A rational with denominator 0.
    case zeroDenominator = "zero_denominator"
    /// Degrees without N/S or E/W: half the globe is in doubt.
    case noReference = "no_reference"
    case outOfRange = "out_of_range"
    /// A date without a time of day.
    case dateOnly = "date_only"
    /// A time of day without a date.
    case timeOnly = "time_only"
    /// The degrees refer to something else than WGS-84.
    case otherDatum = "other_datum"
    /// A receiver that flags its own fix as void.
    case voidFix = "void_fix"
}

extension Instant {
    /// The instant when a wall clock `offset` seconds east of UTC shows `wall`.
    init(_ wall: CivilTime, offsetSeconds offset: Int) {
        let days = Self.daysSinceEpoch(year: wall.year, month: wall.month, day: wall.day)
        let seconds = days * 86_400 + Int64(wall.hour * 3_600 + wall.minute * 60 + wall.second - offset)
        self.init(milliseconds: seconds * 1_000)
    }

    /// After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}

extension CivilTime {
    /// nil unless these are a date and a time that a calendar has.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second) else { return nil }
        let days = Instant.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        let civil = CivilTime(Instant(milliseconds: seconds * 1_000))
        // 31 April comes back as 1 May.
        guard civil.month == month, civil.day == day else { return nil }
        self = civil
    }
}
