import Domain
import Store

/// `fieldloop/v1/engineers/{id}/inbox`: an engineer's own inbox at the broker.
struct InboxChannel: Sendable {
    let publish: Courier.Publish
    let language: Language
    let publicURL: String

    func send(_ departure: Departure) async throws(NotSent) {
        guard let engineer = departure.engineer else { throw .refused("the notice names no engineer") }
        let payload = NoticePayload(departure, language, publicURL: publicURL)
        do {
            try await publish("fieldloop/v1/engineers/\(engineer)/inbox", try json(payload))
        } catch {
            throw .failed("\(error)")
        }
    }
}
