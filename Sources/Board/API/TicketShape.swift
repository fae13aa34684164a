import Domain
import Geo
import Store

// The API's words for what the store knows. Times are epoch milliseconds, places WGS-84 degrees.

extension JSON {
    /// A ticket in short: a card on the board, a job on the phone, the head of the ticket's page.
    init(_ facts: TicketFacts) {
        let ticket = facts.ticket
        self = [
            "ticket": .int(ticket.id.number), "asset": .string(ticket.fault.asset.text),
            "asset_name": JSON(facts.assetName), "site": .string(facts.site.text), "site_name": JSON(facts.siteName),
            "lat": JSON(facts.place?.latitude), "lon": JSON(facts.place?.longitude),
            "customer": .string(facts.customer.text), "customer_name": JSON(facts.customerName),
            "grade": .string(ticket.grade.rawValue), "kind": .string(ticket.fault.kind.rawValue),
            "severity": .string(ticket.severity.rawValue), "state": .string(ticket.state.rawValue),
            "column": .string(ticket.state.column.rawValue), "state_since": JSON(ticket.stateSince),
            "opened_at": JSON(ticket.openedAt), "closed_at": JSON(ticket.closedAt),
            "outcome": JSON(ticket.outcome?.rawValue), "engineer": JSON(ticket.engineer?.text),
            "engineer_name": JSON(facts.engineerName), "epoch": JSON(ticket.epoch),
            "offer_until": JSON(facts.offerUntil), "lacks_engineer": JSON(ticket.lacksEngineer),
            "overdue": JSON(ticket.isOverdue), "point": JSON(facts.point?.name.text),
            "place": JSON(facts.pointPlace), "measure": JSON(facts.measure?.name), "value": .double(facts.value),
            "limit": .double(facts.limit), "limit_source": .string(facts.limitSource),
            "rule_kind": JSON(facts.breach?.kind.name), "why": JSON(facts.why),
            "cause": JSON(ticket.diagnosis?.cause), "confidence": JSON(ticket.diagnosis?.confidence),
            "breach_at": JSON(facts.breachAt), "photo_count": JSON(facts.photos),
        ]
    }

    /// A ticket whole, as `identity` may see it.
    init(
        _ story: TicketStory, _ insight: TicketInsight, for identity: Identity, at now: Instant, _ policy: Policy
    ) {
        let actions = story.facts.ticket.actions(open: identity, at: now, policy)
        let ledgers = story.ledgers.map { JSON($0) }
        self = JSON(story.facts).with([
            "now": JSON(now), "actions": JSON(actions.map(JSON.string)),
            "entries": JSON(story.entries.map { JSON($0) }),
            "assignments": JSON(story.assignments.map { JSON($0) }),
            "ledger": ledgers.first ?? .null, "ledgers": JSON(ledgers),
            "episodes": JSON(story.episodes.map { JSON($0) }), "photos": JSON(story.photos.map { JSON($0) }),
            "proof": story.proof.map { JSON($0) } ?? .null,
            "diagnosis": insight.analysis.map { JSON($0) } ?? .null,
            "forecast": insight.forecast.map { JSON($0) } ?? .null,
            "repair": insight.repairs.isEmpty ? .null : JSON(insight.repairs.map { JSON($0) }),
            "planned_work": insight.plannedWork.map { JSON($0) } ?? .null,
            // Errors of channels may name addresses; they are for those who mend them.
            "notices": identity == .supervisor ? JSON(story.notices.map { JSON($0) }) : .null,
        ])
    }

    private init(_ entry: StoredEntry) {
        self = [
            "at": JSON(entry.at), "kind": .string(entry.kind), "actor": .string(entry.actor),
            "detail": JSON(entry.detail),
        ]
    }

    private init(_ assignment: Assignment) {
        self = [
            "epoch": JSON(assignment.epoch), "engineer": .string(assignment.engineer.text),
            "engineer_name": JSON(assignment.engineerName), "answer": .string(assignment.answer.rawValue),
            "reason": .string(assignment.reason), "offered_at": JSON(assignment.offeredAt),
            "expires_at": JSON(assignment.expiresAt), "answered_at": JSON(assignment.answeredAt),
        ]
    }

    private init(_ stored: StoredLedger) {
        self = [
            "epoch": JSON(stored.epoch), "at": JSON(stored.at), "chosen": JSON(stored.ledger.chosen),
            "counts": .object(stored.ledger.counts.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) }),
            "lines": JSON(stored.ledger.lines.map { JSON($0) }),
        ]
    }

    private init(_ line: Ledger.Line) {
        self = [
            "engineer": .string(line.engineer), "name": JSON(line.name), "eligible": JSON(line.ineligible == nil),
            "minutes": JSON(line.arrival?.minutes), "km": JSON(line.arrival.map { $0.metres / 1000 }),
            "basis": JSON(line.arrival?.basis.rawValue), "age_minutes": JSON(line.arrival?.ageMinutes),
            "reason": JSON(line.ineligible?.code), "reason_values": JSON(line.ineligible?.values ?? [:]),
        ]
    }

    private init(_ episode: EpisodeFacts) {
        self = [
            "episode": .int(episode.id.number), "asset": .string(episode.point.asset.text),
            "point": .string(episode.point.name.text), "place": JSON(episode.place),
            "measure": .string(episode.measure.name), "kind": .string(episode.kind.name),
            "mean": .double(episode.mean), "raised_at": JSON(episode.raisedAt),
            "cleared_at": JSON(episode.clearedAt), "severity": .string(episode.severity.rawValue),
            "raise": .double(episode.limits.raise), "clear": .double(episode.limits.clear),
            "critical": JSON(episode.limits.critical), "peak": .double(episode.peak),
            "peak_at": JSON(episode.peakAt), "count": JSON(episode.count), "last_value": JSON(episode.lastValue),
            "last_at": JSON(episode.lastAt),
        ]
    }

    private init(_ proof: ProofProgress) {
        self = [
            "needed_ms": .int(proof.needed.milliseconds), "needed_readings": JSON(proof.neededReadings),
            "deadline": JSON(proof.deadline),
            "points": JSON(
                proof.points.map { point, measure, proof in
                    [
                        "point": .string(point.name.text), "measure": .string(measure.name),
                        "time_ms": .int(proof.time.milliseconds),
                        "readings": JSON(proof.readings), "last_at": JSON(proof.last),
                    ]
                }),
        ]
    }

    init(_ photo: PhotoFacts) {
        self = [
            "id": .int(photo.id), "sha256": .string(photo.sha256), "stamped": JSON(photo.stampedSHA256 != nil),
            "stamped_sha256": JSON(photo.stampedSHA256), "refused": JSON(photo.refused), "bytes": JSON(photo.bytes),
            "upload": .string(photo.upload), "engineer": JSON(photo.engineer?.text),
            "engineer_name": JSON(photo.engineerName), "received_at": JSON(photo.receivedAt),
            "captured_at": JSON(photo.capturedAt), "lat": JSON(photo.place?.latitude),
            "lon": JSON(photo.place?.longitude), "accuracy_m": JSON(photo.accuracy), "fix_at": JSON(photo.fixAt),
        ]
    }

    init(_ notice: NoticeFate) {
        self = [
            "notice": .string("n-\(notice.id)"), "ticket": notice.ticket.map { .int($0.number) } ?? .null,
            "kind": .string(notice.kind),
            "channel": .string(notice.channel), "epoch": JSON(notice.epoch), "engineer": JSON(notice.engineer?.text),
            "created_at": JSON(notice.createdAt), "due_at": JSON(notice.dueAt), "attempts": JSON(notice.attempts),
            "sent_at": JSON(notice.sentAt), "dead_at": JSON(notice.deadAt), "error": JSON(notice.error),
        ]
    }
}

extension Ineligible {
    /// What a page words the reason with.
    fileprivate var values: [String: String] {
        switch self {
        case .lacksSkill(let skill, let needed, let has):
            ["skill": skill, "needed": String(needed), "has": String(has)]
        case .atCap(let load, let cap): ["load": String(load), "cap": String(cap)]
        case .offShift, .declinedRecently, .noPosition: [:]
        }
    }
}

extension Ticket {
    /// What `identity` could do to this ticket now: the domain is asked, so that pages offer what it will take.
    func actions(open identity: Identity, at now: Instant, _ policy: Policy) -> [String] {
        guard let actor = identity.actor else { return [] }
        let scene = TicketScene(ticket: self, raised: [], breached: [:])
        let candidates: [Action] = [
            .accept(epoch: epoch), .decline(epoch: epoch, reason: ""), .enRoute, .arrived, .awaitingParts(note: ""),
            .partsArrived, .done(note: ""), .comment("?"), .override(reason: "?"), .cancel(reason: "?"),
        ]
        return candidates.filter { candidate in
            let (effects, refusal) = Decide.action(candidate, by: actor, on: scene, at: now, policy)
            // A step that was taken already is accepted once more without effect: no button for that.
            return refusal == nil && !effects.isEmpty
        }.map(\.name)
    }
}
