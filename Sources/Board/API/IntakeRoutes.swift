import Domain
import Hummingbird
import Store

/// Telemetry on its way in: what waits, what is missing, what was not taken.
struct IntakeRoutes {
    let board: Board

    func add(to router: Router<BoardContext>) {
        router.get("/api/intake", use: intake)
        router.get("/api/rejected", use: rejected)
        router.post("/api/intake/losses/:id/acknowledge", use: acknowledge)
    }

    /// `figures` are the metrics without labels, under the names that `/metrics` has; what each broker has is added up.
    @Sendable private func intake(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        let now = board.doors.now()
        let gaps = try await board.store.openGaps().map { gap -> JSON in
            [
                "sender": .string(gap.sender), "holes": JSON(gap.holes), "missing": .double(gap.missing),
                "noticed_at": JSON(gap.noticedAt), "is_given_up": JSON(gap.isGivenUp(at: now)),
                "ranges": JSON(gap.ranges.map { JSON([.string("\($0.lowerBound)"), .string("\($0.upperBound)")]) }),
            ]
        }
        let metrics = try await board.metrics()
        var figures: [String: Double] = [:]
        for metric in metrics {
            for sample in metric.samples where sample.labels.allSatisfy({ ["broker", "session"].contains($0.name) }) {
                figures[metric.name + sample.suffix, default: 0] += sample.value
            }
        }
        let losses = try await board.store.sessionLosses(at: now)
        return .json([
            "now": JSON(now), "broker": JSON(board.doors.health()["broker"]),
            "brokers": JSON(board.doors.brokers().map { JSON($0) }), "losses": JSON(losses.map { JSON($0) }),
            "figures": .object(figures.map { ($0.key, .double($0.value)) }), "gaps": JSON(gaps),
            "rejected": try await counts(),
        ])
    }

    /// Somebody has seen it: it is shown no longer, and the session's next loss is told at once.
    @Sendable private func acknowledge(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.supervisor()
        guard let id = context.parameters.get("id", as: Int64.self) else { throw Problem.notFound }
        // Somebody else may have been quicker, which is as good.
        _ = try await board.store.acknowledgeSessionLoss(id, at: board.doors.now())
        return Response(status: .noContent)
    }

    /// `?before=` an id pages on, `?reason=` leaves out the others.
    @Sendable private func rejected(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        let before = request.uri.queryParameters["before"].flatMap { Int64($0) }
        let reason = request.uri.queryParameters["reason"].map(String.init)
        let rows = try await board.store.rejected(before: before, reason: reason).map { row -> JSON in
            [
                "id": .int(row.id), "at": JSON(row.at), "topic": .string(row.topic), "reason": .string(row.reason),
                "detail": .string(row.detail), "head": .string(printable(row.head)), "bytes": JSON(row.bytes),
            ]
        }
        return .json([
            "now": JSON(board.doors.now()), "rejected": JSON(rows), "counts": try await counts(),
            "kept_rows": JSON(Limits.rejectedRows),
            "kept_days": .int(RejectedRetention.age.milliseconds / Duration.days(1).milliseconds),
        ])
    }

    private func counts() async throws -> JSON {
        JSON(
            try await board.store.rejectedCounts().map { count -> JSON in
                ["reason": .string(count.reason), "count": JSON(count.count), "last_at": JSON(count.lastAt)]
            })
    }

    /// Bytes as people can read them: text where it is text, `\xff` where it is not.
    private func printable(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.map { (32..<127).contains($0) ? String(UnicodeScalar($0)) : "\\x\(hex($0))" }.joined()
    }
}
