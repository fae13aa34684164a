import Domain
import Ingest

/// What a profile made of a payload, for people.
struct ProfileReport {
    private(set) var hasFailed = false
    private var lines: [String]

    init(_ profile: Profile, topic: String) {
        lines = ["\(profile.name): \(profile.title)", "topic \(topic) of \(profile.topic.text)"]
        lines += profile.remarks.map { "note: \($0)" }
    }

    var text: String { lines.joined(separator: "\n") }

    mutating func add(_ rejection: Rejection) {
        hasFailed = true
        lines.append("refused as a whole: \(rejection.reason.code): \(rejection.detail)")
    }

    mutating func add(_ account: Profile.Account) {
        let times = Set(account.decoded.series.flatMap(\.readings).map(\.at)).sorted()
        if let first = times.first {
            lines.append("time \(first.iso8601)" + (times.count > 1 ? " and \(times.count - 1) more" : ""))
        }
        let taken = account.findings.filter { if case .taken = $0.outcome { true } else { false } }
        section("taken", taken.map(Self.line))
        let others = account.findings.filter { if case .taken = $0.outcome { false } else { true } }
        section("not taken", others.map(Self.line))
        section("not in the profile", account.unread)
        let refusals = account.decoded.rejections.map { "\($0.reason.code): \($0.detail)" }
        section("refused, and stored so", refusals)
        hasFailed = taken.isEmpty || !refusals.isEmpty
        if account.findings.isEmpty { lines.append("only_if does not hold: this message is none of measurements") }
    }

    private mutating func section(_ title: String, _ entries: [String]) {
        if !entries.isEmpty { lines += ["", "\(title):"] + entries.map { "  \($0)" } }
    }

    private static func line(_ finding: Profile.Finding) -> String {
        let axis = finding.axis.map { " [\($0)]" } ?? ""
        let field = "\(finding.field)\(axis) = \(finding.raw ?? "?")"
        return switch finding.outcome {
        case .taken(let point, let measure, let value): "\(field)  →  \(point) \(measure.name) = \(value)"
        case .absent: "\(finding.field)\(axis): not in the payload"
        case .none(let why): "\(field): \(why)"
        case .notOurs: "\(field): known, no measure of ours"
        case .unmapped(let sender, let metric):
            "\(field): sources.csv needs a row: profile,\(sender),\(metric),{asset},{point},,,"
        case .refused(let rejection): "\(field): \(rejection.reason.code): \(rejection.detail)"
        }
    }
}
