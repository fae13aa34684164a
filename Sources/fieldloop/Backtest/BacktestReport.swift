import Domain
import Foundation

/// A backtest as text for people and JSON for programs.
struct BacktestReport {
    /// Told about from here …
    let first: Instant
    /// … to here.
    let until: Instant
    /// Learned from here on.
    let begin: Instant
    /// Not interrupted.
    let isWhole: Bool
    /// Files; none: the plant's own.
    let rules: [String]
    let points: Int
    let backtest: Backtest
    let comparison: Comparison
    let seconds: Double

    // MARK: - JSON

    /// Times are milliseconds since 1970; what is not known is null.
    var json: String {
        get throws {
            let fields: [String: Any] = [
                "partial": !isWhole, "from": first.milliseconds, "until": until.milliseconds,
                "learned_from": begin.milliseconds, "rules": rules, "points": points, "readings": backtest.readings,
                "seconds": seconds, "tolerance_s": Comparison.tolerance.milliseconds / 1_000,
                "tickets": comparison.pairs.map(Self.fields), "per_rule": comparison.rules.map(Self.fields),
            ]
            let data = try JSONSerialization.data(
                withJSONObject: fields, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
            return String(decoding: data, as: UTF8.self)
        }
    }

    private static func fields(_ pair: Comparison.Pair) -> [String: Any] {
        let fault = (pair.would ?? pair.did)?.fault
        return [
            "match": pair.match, "asset": orNull(fault?.asset.text), "kind": orNull(fault?.kind.rawValue),
            "would": orNull(pair.would.map(fields)),
            "did": orNull(
                pair.did.map { did in fields(did).merging(["ticket": did.id.number]) { _, new in new } }),
            "lead_s": orNull(pair.lead?.inSeconds),
            "lead_before_critical_s": orNull(pair.leadBeforeCritical?.inSeconds),
            "differences": pair.differences.map(\.rawValue),
        ]
    }

    private static func fields(_ ticket: PastTicket) -> [String: Any] {
        let breach = ticket.breach
        return [
            "began_at": ticket.beganAt.milliseconds, "point": orNull(breach?.point.name.text),
            "measure": orNull(breach?.measure.name), "rule": orNull(breach?.kind.name), "value": orNull(breach?.value),
            "limit": orNull(breach?.limit), "source": orNull(breach?.source), "severity": ticket.severity.rawValue,
            "critical_at": orNull(ticket.criticalAt?.milliseconds), "ended_at": orNull(ticket.endedAt?.milliseconds),
            "outcome": orNull(ticket.outcome?.rawValue), "reopened": ticket.reopened,
        ]
    }

    private static func fields(_ figures: Comparison.RuleFigures) -> [String: Any] {
        [
            "measure": figures.rule.id.measure.name, "rule": figures.rule.id.kind.name, "source": figures.rule.source,
            "points": figures.points.map(\.description), "episodes_would": figures.episodes.would,
            "episodes_did": figures.episodes.did, "tickets_would": figures.tickets.would,
            "tickets_did": figures.tickets.did, "on_s": figures.timeOn.inSeconds,
            "median_lead_s": orNull(figures.medianLead?.inSeconds),
        ]
    }

    private static func orNull(_ value: (some Any)?) -> Any { value.map { $0 as Any } ?? NSNull() }

    // MARK: - Text

    var text: String {
        guard until >= first else {
            return
                "partial: until \(wall(until)), when it was still learning; of \(wall(first)) on nothing can be told."
        }
        var lines = isWhole ? [] : ["partial: until \(wall(until)); what comes after is not in it."]
        let from = rules.isEmpty ? "The plant's rules" : rules.joined(separator: ", ")
        lines += [
            "\(from), \(wall(first)) to \(wall(until)): \(backtest.readings) readings of \(points) points"
                + (begin < first ? ", learned from \(wall(begin)) on." : "."), "",
            "Tickets: \(count("both")) in both, \(count("backtest")) in the backtest only, \(count("live")) live only. "
                + "Those of one fault belong together that were open at the same time, or began within "
                + "\(span(Comparison.tolerance)).",
        ]
        lines += comparison.pairs.flatMap(lines(of:)) + [""] + ruleLines
        return lines.joined(separator: "\n")
    }

    private func count(_ match: String) -> Int { comparison.pairs.count { $0.match == match } }

    private func lines(of pair: Comparison.Pair) -> [String] {
        guard let fault = (pair.would ?? pair.did)?.fault else { return [] }
        var lines = ["", "\(fault.asset) \(fault.kind.rawValue): \(pair.headline)"]
        if let would = pair.would { lines.append("  would  \(line(of: would))") }
        if let did = pair.did { lines.append("  did    \(line(of: did)), \(did.id)") }
        if let lead = pair.leadBeforeCritical { lines.append("  critical \(span(lead)) after the backtest's breach") }
        return lines
    }

    private func line(of ticket: PastTicket) -> String {
        var text = "\(wall(ticket.beganAt))  "
        if let breach = ticket.breach {
            let words = BreachWords(
                measure: breach.measure, kind: breach.kind, cause: breach.cause, value: breach.value,
                limit: breach.limit, source: breach.source)
            text += "\(breach.point.name) \(words.short(.en)), "
        }
        text += ticket.severity.rawValue
        if ticket.reopened > 0 { text += ", reopened \(ticket.reopened)×" }
        return text + (ticket.endedAt.map { ", ended \(wall($0))" } ?? ", open")
    }

    private var ruleLines: [String] {
        let told = comparison.rules.filter(\.hasRaised)
        guard !told.isEmpty else { return ["None of \(comparison.rules.count) rules raised anything."] }
        let head = ["points", "tickets", "did", "episodes", "did", "on", "lead", "rule"]
        let rows = told.map { figures in
            [
                "\(figures.points.count)", "\(figures.tickets.would)", "\(figures.tickets.did)",
                "\(figures.episodes.would)", "\(figures.episodes.did)", span(figures.timeOn),
                figures.medianLead.map(span) ?? "-",
                "\(figures.rule.id.measure.name) \(figures.rule.id.kind.name): "
                    + (figures.rule.source.isEmpty ? "a live rule that is none now" : figures.rule.source),
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        var lines = ([head] + rows).map { row in
            row.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                return column == head.count - 1 ? row[column] : blanks + row[column]
            }.joined(separator: "  ")
        }
        if told.count < comparison.rules.count {
            lines.append("\(comparison.rules.count - told.count) further rules raised nothing.")
        }
        return lines
    }

    private func wall(_ at: Instant) -> String { CivilTime(at).text + "Z" }
}

extension Comparison.Pair {
    /// As programs read it.
    fileprivate var match: String { would == nil ? "live" : did == nil ? "backtest" : "both" }

    fileprivate var headline: String {
        guard let lead else { return would == nil ? "live only" : "in the backtest only" }
        if differences.isEmpty { return "the same" }
        let order =
            lead == .zero
            ? "" : lead > .zero ? "\(span(lead)) earlier than live; " : "\(span(.zero - lead)) later than live; "
        return "\(order)not the same: \(differences.map(\.rawValue).joined(separator: ", "))"
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(milliseconds) / 1_000 }
}

/// For people: `60 min`, `3.5 h`, `2.1 d`.
private func span(_ duration: Duration) -> String {
    let minutes = duration.inMinutes
    func short(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int64(tenths))" : "\(tenths)"
    }
    if abs(minutes) < 120 { return "\(short(minutes)) min" }
    return abs(minutes) < 2_880 ? "\(short(minutes / 60)) h" : "\(short(minutes / 1_440)) d"
}
