import Domain
import Foundation
import Gateway
import Synchronization

/// Plays a story against a running service as its gateways and engineers would: over the broker, each as itself.
final class StoryPlayer: Sendable {
    private let script: StoryScript
    private let folder: String
    private let recording: Recording
    private let publishers: Publishers
    private let view: StoryView
    private let clock: ServiceClock
    /// The service's time at the recording's first moment.
    private let start: Instant
    private let offers: OfferBox
    private let printed = Mutex(0)

    init(
        folder: String, settings: Settings, directory: DataDirectory, credentials: String?
    ) async throws {
        self.folder = folder
        script = try StoryScript.load(folder)
        recording = try Recording(file: "\(folder)/\(script.telemetry)")
        view = try StoryView(settings: settings, directory: directory)
        let offers = OfferBox()
        self.offers = offers
        var filters: [String: [TopicFilter]] = [:]
        for person in script.people { filters[person] = [try TopicFilter("fieldloop/v1/engineers/\(person)/inbox")] }
        publishers = try Publishers(
            users: recording.sites.map { "gw-\($0)" } + script.people, credentials: credentials, settings: settings,
            filters: filters, onMessage: { offers.take($0) })
        try await publishers.ready()
        clock = try await view.clock()
        start = clock.now()
    }

    /// Plays to the end and returns what was not as expected.
    func play() async throws -> [String] {
        say(
            "the machines run: \(recording.samples.count) readings in \(Int(recording.length.inMinutes)) minutes"
        )
        let problems = try await withThrowingTaskGroup(of: [String].self) { group in
            group.addTask { try await self.playReadings() }
            group.addTask { try await self.playWaveforms() }
            group.addTask { try await self.playSteps() }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let unmet = problems + (try await settle())
        await publishers.close()
        return unmet
    }

    private func playReadings() async throws -> [String] {
        for sample in recording.samples {
            let due = start + .milliseconds(sample.offset)
            await clock.sleep(until: due)
            try await publishers.publish(sample.topic, sample.payload(at: due), as: "gw-\(sample.site)")
            if let offer = offers.latest { try await tell(offer.ticket) }
        }
        return []
    }

    private func playWaveforms() async throws -> [String] {
        for waveform in script.waveforms {
            let due = start + .milliseconds(Int64(waveform.at_min * 60_000))
            await clock.sleep(until: due)
            let header = script.waveform_header
            let (topic, payload) = try header.message(file: "\(folder)/\(waveform.file)", at: due)
            try await publishers.publish(topic, payload, as: "gw-\(header.site)")
        }
        return []
    }

    private func playSteps() async throws -> [String] {
        var problems: [String] = []
        for step in script.steps {
            if step.after == "offer" {
                guard let at = await offers.wait(for: step.by, until: start + recording.length, clock) else {
                    problems.append("\(step.by) never got an offer")
                    break
                }
                await clock.sleep(until: at + .milliseconds(Int64((step.plus_min ?? 0) * 60_000)))
            } else {
                await clock.sleep(until: start + .milliseconds(Int64((step.at_min ?? 0) * 60_000)))
            }
            let (topic, payload) = try step.message(folder: folder, offer: offers.offer(of: step.by), now: clock.now())
            say("\(step.by) \(step.do.rawValue)\(step.note.map { ": \($0)" } ?? "")")
            try await publishers.publish(topic, payload, as: step.by)
            if step.do == .done, let offer = offers.offer(of: step.by) {
                problems += try await check(step, offer.ticket)
            }
        }
        return problems
    }

    /// What the ticket's timeline says to a "done".
    private func check(_ step: StoryScript.Step, _ ticket: Int64) async throws -> [String] {
        let expected = step.expect == .refused ? "done_refused" : "done"
        for _ in 0..<50 {
            if let last = try await view.ticket(ticket).entries.last(where: { $0.kind.hasPrefix("done") }),
                last.kind == expected
            {
                return []
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return ["“done” at minute \(decimal(step.at_min ?? 0)) was not answered with \(expected)"]
    }

    /// The last words: waits for what is still under way (stamps), then holds the end against the expectation.
    private func settle() async throws -> [String] {
        let wanted = script.expect
        guard let offer = offers.offer(of: wanted.engineer) else { return ["\(wanted.engineer) never got an offer"] }
        var ticket = try await view.ticket(offer.ticket)
        for _ in 0..<100 where ticket.state != "closed" || ticket.photos.contains(where: { !$0.stamped }) {
            try await Task.sleep(for: .milliseconds(100))
            ticket = try await view.ticket(offer.ticket)
        }
        try await tell(offer.ticket)
        let pairs = [
            ("tickets of \(wanted.asset)", "\(wanted.tickets)", "\(try await view.tickets(of: wanted.asset))"),
            ("asset", wanted.asset, ticket.asset), ("engineer", wanted.engineer, ticket.engineer ?? "nobody"),
            ("severity", wanted.severity, ticket.severity),
            ("stamped photos", "\(wanted.photos)", "\(ticket.photos.count { $0.stamped })"),
            ("state", "closed", ticket.state), ("outcome", wanted.outcome, ticket.outcome ?? "none"),
            ("diagnosis", wanted.diagnosis, ticket.cause ?? "none"),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "\($0.0): expected \($0.1), got \($0.2)" }
    }

    /// Prints what the ticket's timeline has got since the last look.
    private func tell(_ number: Int64) async throws {
        let entries = try await view.ticket(number).entries.filter { $0.at >= start.milliseconds }
        let from = printed.withLock { count in
            defer { count = max(count, entries.count) }
            return count
        }
        for entry in entries.dropFirst(from) {
            let detail = entry.detail.sorted { $0.key < $1.key }
                .filter { !["breach_at", "sha256", "source"].contains($0.key) && !$0.value.isEmpty }
                .map { "\($0.key) \($0.value)" }
            say("T\(number) \(entry.kind)  \(detail.joined(separator: ", "))", at: Instant(milliseconds: entry.at))
        }
    }

    /// Minutes and seconds of the story, then what happened.
    private func say(_ what: String, at instant: Instant? = nil) {
        let seconds = max(0, ((instant ?? clock.now()) - start).milliseconds / 1000)
        let clock = "\(seconds / 60 < 10 ? " " : "")\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
        print(String(repeating: " ", count: max(0, 7 - clock.count)) + clock + "  " + what)
        flushOutput()
    }
}

/// The newest offer in each inbox.
private final class OfferBox: Sendable {
    private struct Seen {
        var offer: StoryOffer
        var order: Int
    }
    private let seen = Mutex<[String: Seen]>([:])

    func take(_ message: Message) {
        guard let levels = message.topic?.levels, levels.count == 5, levels[4] == "inbox",
            let offer = try? JSONDecoder().decode(StoryOffer.self, from: Data(message.payload)), offer.kind == "offer"
        else { return }
        seen.withLock { $0[String(levels[3])] = Seen(offer: offer, order: $0.count) }
    }

    func offer(of engineer: String) -> StoryOffer? { seen.withLock { $0[engineer]?.offer } }

    var latest: StoryOffer? { seen.withLock { $0.values.max { $0.order < $1.order }?.offer } }

    /// The service's time when the offer was there; nil when there is none by `end`.
    func wait(for engineer: String, until end: Instant, _ clock: ServiceClock) async -> Instant? {
        while !Task.isCancelled, clock.now() < end {
            if offer(of: engineer) != nil { return clock.now() }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return offer(of: engineer) == nil ? nil : clock.now()
    }
}
