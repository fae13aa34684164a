import Domain
import Store

/// A photo in one message: one line of JSON, a newline, the JPEG's bytes.
///
///     {"ticket": 12, "captured_at": 1767225600123, "position": {"lat": …, "lon": …, "datum": "wgs84"}}
///
/// so that `(echo '{"ticket":12}'; cat a.jpg) | mosquitto_pub -s` is enough to send it. Only the ticket is required; `engineer`,
/// if it is there, must be the topic's.
struct PhotoEnvelope {
    var ticket: TicketID
    var capturedAt: Instant?
    var position: PositionReport?
    /// The position was no use; the photo is taken all the same.
    var positionProblem: Rejection?
    /// The JPEG, not yet looked at.
    var body: ArraySlice<UInt8>

    init(_ payload: [UInt8], by engineer: EngineerID) throws(Rejection) {
        let head = payload.prefix(Limits.envelopeHeader + 1)
        guard let newline = head.firstIndex(of: 0x0A) else {
            throw Rejection(
                .wrongShape, "one line of JSON (at most \(Limits.envelopeHeader) bytes), a newline, then the JPEG")
        }
        let identity = Identity(engineer)
        var problem: Rejection?
        var ticket: TicketID?
        var position: PositionDraft?
        do throws(JSONFailure) {
            var scanner = JSONScanner(Array(payload[..<newline]))
            var captured: Int64?
            try scanner.object { (scanner, key) throws(JSONFailure) in
                if try scanner.peek() == .null { return try scanner.null() }
                switch key {
                case "ticket": ticket = try scanner.ticket()
                case "captured_at": captured = try scanner.integer()
                case "position": position = try PositionDraft(&scanner, identity)
                default: if try !identity.takes(key, &scanner, { problem = problem ?? $0 }) { try scanner.skip() }
                }
            }
            try scanner.end()
            capturedAt = captured.map(Instant.init(milliseconds:))
        } catch {
            throw Rejection(error)
        }
        if let problem { throw problem }
        guard let ticket else { throw Rejection(.unknownTicket, "“ticket” is missing in the first line") }
        self.ticket = ticket
        body = payload[(newline + 1)...]
        guard !body.isEmpty else { throw Rejection(.empty, "no bytes after the first line") }
        do throws(Rejection) {
            self.position = try position?.report(engineer, fixAt: capturedAt)
        } catch {
            positionProblem = error
        }
    }
}
