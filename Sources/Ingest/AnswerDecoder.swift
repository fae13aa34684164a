import Domain

/// `{"ticket": 12, "epoch": 1, "answer": "accept"}`; `answer` is one of the words of `Action`. `engineer`, if it is there,
/// must be the topic's.
func decodeAnswer(_ payload: [UInt8], _ identity: Identity) throws(Rejection) -> (TicketID, Action) {
    var problem: Rejection?
    var ticket: TicketID?
    var epoch: Int?
    var answer: String?
    var reason = ""
    do throws(JSONFailure) {
        var scanner = JSONScanner(payload)
        try scanner.object { (scanner, key) throws(JSONFailure) in
            switch key {
            case "ticket": ticket = try scanner.ticket()
            case "epoch": epoch = Int(clamping: try scanner.integer())
            case "answer": answer = try scanner.string()
            case "reason", "note": reason = try scanner.string()
            default: if try !identity.takes(key, &scanner, { problem = problem ?? $0 }) { try scanner.skip() }
            }
        }
        try scanner.end()
    } catch {
        throw Rejection(error)
    }
    if let problem { throw problem }
    guard let ticket else { throw Rejection(.unknownTicket, "“ticket” is missing") }
    guard let answer else { throw Rejection(.unknownAnswer, "“answer” is missing: accept, decline, arrived, done …") }
    do throws(Refusal) {
        return (ticket, try Action(name: answer, epoch: epoch, text: reason))
    } catch {
        throw Rejection(.unknownAnswer, error.sentence)
    }
}

extension JSONScanner {
    /// `12` or `"T12"`.
    mutating func ticket() throws(JSONFailure) -> TicketID {
        guard try peek() == .string else { return TicketID(try integer()) }
        let text = try string()
        guard let number = Int64(text.hasPrefix("T") ? text.dropFirst() : text[...]) else {
            throw .type(expected: "ticket number")
        }
        return TicketID(number)
    }
}
