import Domain
import Store

extension Board {
    /// All numbers of the house: those of the link, which come through a door, and those of the store.
    func metrics() async throws -> [Metric] {
        let figures = try await store.intakeFigures()
        return try await doors.metrics() + figures.metrics(at: doors.now()) + [
            Metric(
                "fieldloop_sign_ins_total", "Sign-ins that were tried, by way and outcome.", .counter, signIns.samples),
            .gauge("fieldloop_live_boards", "Pages that are told of changes now.", Double(store.changes.count)),
        ]
    }
}

extension IntakeFigures {
    func metrics(at now: Instant) -> [Metric] {
        [
            .counter("fieldloop_readings_total", "Readings stored since the first day.", readings),
            .gauge(
                "fieldloop_event_lag_seconds", "How far the newest reading's time lies behind the clock.",
                newestReading.map { Double((now - $0).milliseconds) / 1000 }),
            Metric(
                "fieldloop_rejected_total", "What was acknowledged and not taken, by reason, since the first day.",
                .counter, rejected.map { Metric.Sample(Double($0.count), ("reason", $0.reason)) }),
            .gauge("fieldloop_gaps_open", "Holes in senders' numbering that were not filled.", Double(openGaps)),
            .gauge("fieldloop_gap_missing", "Numbers that are missing in these holes.", missing),
            .gauge("fieldloop_journal_rows", "Bursts that are not compacted yet.", Double(journalRows)),
            .gauge("fieldloop_journal_bytes", "Bytes of these bursts.", Double(journalBytes)),
            .gauge("fieldloop_journal_readings", "Readings in these bursts.", Double(journalReadings)),
            .gauge("fieldloop_outbox_waiting", "Notices that are still to be delivered.", Double(outboxWaiting)),
            .gauge("fieldloop_outbox_dead", "Notices that were given up.", Double(outboxDead)),
            Metric(
                "fieldloop_tickets", "Tickets by state.", .gauge,
                TicketState.allCases.map { Metric.Sample(Double(tickets[$0, default: 0]), ("state", $0.rawValue)) }),
            .gauge(
                "fieldloop_set_aside_files", "Files of telemetry that could not be read and wait for a person.",
                Double(setAside)),
            .gauge("fieldloop_disk_free_bytes", "What may still be written beside the database.", Double(diskLeft)),
        ]
    }
}
