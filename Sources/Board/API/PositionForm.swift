import Domain
import Geo
import HTTPTypes

/// A position as clients send it; the same names as in the MQTT payloads.
struct PositionForm: Decodable {
    var lat: Double?
    var lon: Double?
    var datum: String?
    var accuracy_m: Double?
    var fix_at: Double?

    /// Refuses, with the code that the same fault has over MQTT, what is no position.
    func position(at now: Instant, _ policy: Policy) throws(Problem) -> PhotoPosition {
        guard let lat, let lon else { throw Self.refused(.noPosition, "lat and lon are both needed.") }
        guard let datum else { throw Self.refused(.missingDatum, "Say which datum: wgs84, gcj02 or bd09.") }
        guard let known = Datum(rawValue: datum) else {
            throw Self.refused(.unknownDatum, "The datum is one of wgs84, gcj02 and bd09.")
        }
        guard let place = Coordinate(latitude: lat, longitude: lon, datum: known) else {
            throw Self.refused(.noPosition, "These degrees are no place; a receiver without a fix sends (0, 0).")
        }
        let fixAt = fix_at.flatMap { Int64(exactly: $0.rounded()) }.map(Instant.init(milliseconds:)) ?? now
        guard fixAt <= now + policy.aheadAtMost else {
            throw Self.refused(.positionInTheFuture, "The fix is ahead of our clock; check the phone's.")
        }
        // A phone that does not know how exact it is, is not exact.
        let accuracy = accuracy_m ?? 1_000
        guard (0...1_000_000).contains(accuracy) else {
            throw Self.refused(.implausibleValue, "accuracy_m is in metres, from 0 on.")
        }
        return PhotoPosition(
            place: place, rawLatitude: lat, rawLongitude: lon, datum: known, accuracy: accuracy, fixAt: fixAt)
    }

    private static func refused(_ reason: RejectionReason, _ title: String) -> Problem {
        Problem(status: .badRequest, code: reason.code, title: title)
    }
}
