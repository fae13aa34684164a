import Domain
import Geo
import Store

/// `{"lat": 29.868, "lon": 121.544, "datum": "gcj02", "accuracy_m": 12, "fix_at": 1767225600123}`
///
/// The datum is required: without it a Chinese position is half a kilometre off. (0, 0) and null are no positions.
/// `engineer`, if it is there, must be the topic's.
struct PositionDraft {
    private var latitude: Double?
    private var longitude: Double?
    private var datum: String?
    private var accuracy: Double?
    private var fixAt: Instant?
    private var problem: Rejection?

    init(_ scanner: inout JSONScanner, _ identity: Identity) throws(JSONFailure) {
        var draft = (lat: Double?.none, lon: Double?.none, datum: String?.none, accuracy: Double?.none, at: Int64?.none)
        try scanner.object { (scanner, key) throws(JSONFailure) in
            if try scanner.peek() == .null { return try scanner.null() }
            switch key {
            case "lat": draft.lat = try scanner.double()
            case "lon": draft.lon = try scanner.double()
            case "datum": draft.datum = try scanner.string()
            case "accuracy_m": draft.accuracy = try scanner.double()
            case "fix_at": draft.at = try scanner.integer()
            default: if try !identity.takes(key, &scanner, { problem = problem ?? $0 }) { try scanner.skip() }
            }
        }
        (latitude, longitude, datum, accuracy) = (draft.lat, draft.lon, draft.datum, draft.accuracy)
        fixAt = draft.at.map(Instant.init(milliseconds:))
    }

    /// `now` stands in for a missing fix time only in what carries its own time of capture.
    func report(_ engineer: EngineerID, fixAt fallback: Instant? = nil) throws(Rejection) -> PositionReport {
        if let problem { throw problem }
        guard let datum else {
            throw Rejection(
                .missingDatum, "“datum” is missing: wgs84, gcj02 or bd09; without it we can't know where this is")
        }
        guard let known = Datum(rawValue: datum.lowercased()) else {
            throw Rejection(.unknownDatum, "“\(datum.prefix(20))” is no datum; use wgs84, gcj02 or bd09")
        }
        guard let latitude, let longitude,
            let place = Coordinate(latitude: latitude, longitude: longitude, datum: known)
        else { throw Rejection(.noPosition, "lat and lon are missing, out of range or (0, 0)") }
        guard let fixAt = fixAt ?? fallback else {
            throw Rejection(.missingTime, "“fix_at” is missing: milliseconds since 1970 of the fix")
        }
        // A receiver that doesn't say how sure it is gets the benefit of 100 m only.
        return PositionReport(
            engineer: engineer, place: place, rawLatitude: latitude, rawLongitude: longitude, datum: known,
            accuracy: max(0, min(accuracy ?? 100, 100_000)), fixAt: fixAt)
    }
}
