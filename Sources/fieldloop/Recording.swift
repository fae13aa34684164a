import Domain
import Foundation
import Gateway
import Logging
import Store

/// Readings in a CSV file, to be published again as if they were measured now.
///
/// Columns: `topic_site,asset,point,ts_offset_ms`, optionally `seq`, and any of the measures; an empty field is an
/// absent measure.
struct Recording: Sendable {
    struct Sample: Sendable {
        let site: String
        let topic: Topic
        /// Milliseconds after the recording's first moment.
        let offset: Int64
        /// Everything of the JSON object but `ts`.
        fileprivate let fields: String

        func payload(at instant: Instant) -> [UInt8] { Array("{\"ts\":\(instant.milliseconds)\(fields)}".utf8) }
    }

    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// In order of time.
    let samples: [Sample]

    var length: Duration { .milliseconds(samples.last?.offset ?? 0) }
    var sites: Set<String> { Set(samples.map(\.site)) }

    init(file: String) throws {
        let csv: CSV
        do {
            csv = try CSV(try String(contentsOfFile: file, encoding: .utf8))
        } catch let failure as CSV.Failure {
            throw Invalid(description: "\(file): \(failure)")
        }
        let measures = csv.columns.compactMap { Measure(name: $0) }
        guard !measures.isEmpty, csv.columns.contains("ts_offset_ms") else {
            throw Invalid(description: "\(file): needs the column ts_offset_ms and at least one measure")
        }
        samples = try csv.rows.map { row throws in
            do {
                return try Sample(row, measures)
            } catch {
                throw Invalid(description: "\(file):\(row.line): \(error)")
            }
        }.sorted { $0.offset < $1.offset }
    }
}

extension Recording.Sample {
    fileprivate init(_ row: CSV.Row, _ measures: [Measure]) throws {
        guard let offset = Int64(row["ts_offset_ms"]), (0...31_536_000_000).contains(offset) else {
            throw Recording.Invalid(description: "ts_offset_ms is “\(row["ts_offset_ms"])”")
        }
        site = row["topic_site"]
        self.offset = offset
        topic = try Topic("fieldloop/v1/\(site)/\(row["asset"])/\(row["point"])/reading")
        var fields = ""
        if let sequence = Int64(row["seq"]) { fields += ",\"seq\":\(sequence)" }
        for measure in measures where !row[measure.name].isEmpty {
            let text = row[measure.name]
            guard measure == .running ? ["true", "false"].contains(text) : Double(text)?.isFinite == true else {
                throw Recording.Invalid(description: "\(measure.name) is “\(text)”")
            }
            fields += ",\"\(measure.name)\":\(text)"
        }
        self.fields = fields
    }
}

/// One publisher for each broker user that something is sent as.
struct Publishers {
    private let all: [String: Publisher]

    /// - Parameter credentials: a folder of `<user>.password` files, as `ops/make-passwords` writes; nil for a broker
    ///   that asks nobody.
    init(
        users: some Sequence<String>, credentials: String?, settings: Settings,
        filters: [String: [TopicFilter]] = [:], onMessage: @escaping @Sendable (Message) -> Void = { _ in }
    ) throws {
        var all: [String: Publisher] = [:]
        for user in users where all[user] == nil {
            var broker = try settings.broker()
            if let credentials {
                let path = "\(credentials)/\(user).password"
                guard let password = try? String(contentsOfFile: path, encoding: .utf8) else {
                    throw Recording.Invalid(description: "\(path): no password for \(user); run ops/make-passwords")
                }
                broker.credentials = Credentials(
                    username: user, password: password.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
            var options = Publisher.Options(broker: broker, clientID: "\(user)-player-\(suffix)")
            options.filters = filters[user] ?? []
            all[user] = try Publisher(options, logger: Logger(label: user) { _ in QuietLog() }, onMessage: onMessage)
        }
        self.all = all
    }

    func ready() async throws {
        for (user, publisher) in all {
            do { try await publisher.ready() } catch {
                throw Recording.Invalid(description: "the broker does not let \(user) in: \(error)")
            }
        }
    }

    func publish(_ topic: Topic, _ payload: [UInt8], as user: String) async throws {
        guard let publisher = all[user] else { throw Recording.Invalid(description: "nobody is \(user)") }
        try await publisher.publish(topic, payload, timeout: .seconds(30))
    }

    func close() async {
        for publisher in all.values { await publisher.close() }
    }
}
