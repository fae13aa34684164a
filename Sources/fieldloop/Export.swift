import ArgumentParser
import Domain
import Foundation
import Store

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes stored readings to standard output, beside a running service too.",
        discussion: """
            Readings come by day, point and time, each with all its measures; minutes and hours by point, measure and \
            time, with count, min, max and mean. ts is milliseconds since 1970. What is written raw, import-readings \
            reads back.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, ndjson }
    enum Resolution: String, ExpressibleByArgument, CaseIterable { case raw, minute, hour }

    @OptionGroup var options: SettingsOptions
    @Option(help: "asset/point; may be repeated. Without it: all.") var point: [String] = []
    @Option(help: "A measure, as in payloads; may be repeated. Without it: all.") var measure: [String] = []
    @Option(help: "The first moment: 2026-01-01, or 2026-01-01T08:00:00+08:00. Default: as far as there is any.")
    var from: String?
    @Option(help: "The moment after the last. Default: as far as there is any.") var to: String?
    @Option(help: "raw, minute or hour.") var resolution = Resolution.raw
    @Option(help: "csv or ndjson.") var format = Format.csv

    func run() throws {
        let settings = try options.load()
        let readings = try StoredReadings(directory: settings["data.dir"])
        let points = try chosenPoints(readings)
        let measures = try chosenMeasures()
        let first = try Self.moment(from ?? "1970-01-01")
        let last = try Self.moment(to ?? "9999-12-31") - .milliseconds(1)
        var lines = ReadingLines(format: format, measures: measures)
        if resolution == .raw {
            lines.begin()
            try readings.visit(points, from: first, to: last) { id, run in
                for reading in run { lines.append(id, reading) }
                try lines.flush(atLeast: 1 << 16)
            }
        } else {
            lines.beginSummaries()
            try readings.visitSummaries(
                points, measures, hourly: resolution == .hour, from: first, to: last
            ) { summary in
                lines.append(summary)
                try lines.flush(atLeast: 1 << 16)
            }
        }
        try lines.flush()
    }

    private func chosenPoints(_ readings: StoredReadings) throws -> Set<PointID>? {
        guard !point.isEmpty else { return nil }
        let known = Set(try readings.points())
        return try Set(
            point.map { text in
                guard let found = known.first(where: { $0.description == text }) else {
                    throw ValidationError("--point \(text): there is no such point; write it as asset/point")
                }
                return found
            })
    }

    private func chosenMeasures() throws -> [Measure] {
        guard !measure.isEmpty else { return Measure.allCases }
        return try measure.map { name in
            guard let measure = Measure(name: name) else {
                let names = Measure.allCases.map(\.name).joined(separator: ", ")
                throw ValidationError("--measure \(name): there is no such measure, but \(names)")
            }
            return measure
        }
    }

    /// A bare date is its midnight in UTC.
    static func moment(_ text: String) throws -> Instant {
        do { return try StampTime(text.count == 10 ? text + "T00:00:00Z" : text).instant } catch {
            throw ValidationError("“\(text)”: \(error)")
        }
    }
}

/// Text that is written in large pieces: a line at a time would be most of the work.
private struct ReadingLines {
    let format: Export.Format
    let measures: [Measure]
    private var text = ""

    init(format: Export.Format, measures: [Measure]) {
        self.format = format
        self.measures = measures
    }

    mutating func begin() {
        guard format == .csv else { return }
        text = (["ts", "time", "asset", "point", "seq"] + measures.map(\.name)).joined(separator: ",") + "\n"
    }

    mutating func beginSummaries() {
        if format == .csv { text = "ts,time,asset,point,measure,count,min,max,mean\n" }
    }

    mutating func append(_ id: PointID, _ reading: Reading) {
        guard measures.contains(where: { reading.values[$0] != nil }) else { return }
        switch format {
        case .csv:
            text += "\(reading.at.milliseconds),\(reading.at.iso8601),\(id.asset),\(id.name),"
            if let sequence = reading.sequence { text += "\(sequence)" }
            for measure in measures {
                text += ","
                if let value = reading.values[measure] { text += measure.text(value) }
            }
        case .ndjson:
            text += "{\"ts\":\(reading.at.milliseconds),\"asset\":\"\(id.asset)\",\"point\":\"\(id.name)\""
            if let sequence = reading.sequence { text += ",\"seq\":\(sequence)" }
            for measure in measures {
                guard let value = reading.values[measure] else { continue }
                text += ",\"\(measure.name)\":\(measure.text(value))"
            }
            text += "}"
        }
        text += "\n"
    }

    mutating func append(_ summary: StoredReadings.Summary) {
        let (point, at) = (summary.point, summary.at)
        switch format {
        case .csv:
            text += "\(at.milliseconds),\(at.iso8601),\(point.asset),\(point.name),\(summary.measure.name),"
            text += "\(summary.count),\(summary.lowest),\(summary.highest),\(summary.mean)\n"
        case .ndjson:
            text += "{\"ts\":\(at.milliseconds),\"asset\":\"\(point.asset)\",\"point\":\"\(point.name)\","
            text += "\"measure\":\"\(summary.measure.name)\",\"count\":\(summary.count),"
            text += "\"min\":\(summary.lowest),\"max\":\(summary.highest),\"mean\":\(summary.mean)}\n"
        }
    }

    mutating func flush(atLeast size: Int = 0) throws {
        guard text.utf8.count >= size else { return }
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        text.removeAll(keepingCapacity: true)
    }
}

extension Measure {
    /// As payloads have it: exact, and the run state as true or false.
    fileprivate func text(_ value: Double) -> String {
        self == .running && (value == 0 || value == 1) ? String(value == 1) : "\(value)"
    }
}
