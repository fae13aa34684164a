import ArgumentParser
import Foundation
import Store
import Vibration

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "What a recorded vibration says about its machine.",
        discussion: """
            Reads raw float32 (little-endian), CSV or WAV, and prints features, the zone of ISO 10816, what is probably \
            wrong, and what keeps the answer from being sure.

              fieldloop analyze pump.f32 --rate 25600 --unit g --rpm 1480 --bearing 6205-2RS
              fieldloop analyze log.csv --column ax --rate 12800 --unit m/s2 --rpm 2970 \\
                  --bpfo-order 3.07 --bpfi-order 4.93 --bsf-order 2.04 --ftf-order 0.384 --plot pump.svg
              fieldloop analyze phone.wav --unit g --full-scale 4 --json

            With --bearing or orders, and --rpm, the envelope is searched for the lines of a damaged bearing; without, \
            nothing is said about bearings. --class and --bearing take the names that zone_limits.csv and bearings.csv \
            have; any other bearing can be given by its orders.
            """)

    @Argument(help: "The recording.") var file: String
    @Option(help: "Samples a second; a WAV file says it itself.") var rate: Double?
    @Option(help: "g or m/s2: what the samples are.", transform: gravities) var unit: Double
    @Option(help: "Turns of the shaft a minute.") var rpm: Double?
    @Option(help: "The bearing's designation.") var bearing: String?
    @OptionGroup var orders: FaultOrders
    @Option(help: "LO-HI in Hz, about a resonance; chosen by impulsiveness when not given.", transform: frequencyBand)
    var envelopeBand: ClosedRange<Double>?
    @Option(name: .customLong("class"), help: "The machine class, for the zone.")
    var machineClass = "iso10816-3-g2-rigid"
    @Option(help: "CSV: the column, by name or number; the last.") var column: String?
    @Option(help: "WAV: the channel, from 1.") var channel = 1
    @Option(help: "WAV: what full scale stands for, in the unit.") var fullScale = 1.0
    @Flag(help: "As JSON.") var json = false
    @Option(help: "Draws the spectra to an SVG file.") var plot: String?
    @Flag(help: "Shows what it is at, where standard error is no terminal too.") var progress = false

    func run() throws {
        let zones = try zones()
        let bearing = try knownBearing()
        show("reading \(file)")
        let recording = try read()
        show("analysing \(recording.samples.count) samples")
        let analysis = Analyser().analyse(recording, bearing: bearing?.orders, envelopeBand: envelopeBand)
        let diagnosis = Diagnosis(
            analysis.features, norm: Diagnosis.Norm(velocity: zones.boundaryBC), knowsBearing: bearing != nil)
        let report = AnalysisReport(
            file: file, recording: recording, bearing: bearing, zones: zones, analysis: analysis, diagnosis: diagnosis)
        show(nil)
        print(json ? try report.json : report.text)
        guard let plot else { return }
        do { try Data(SpectrumPicture(report).svg.utf8).write(to: URL(filePath: plot), options: .atomic) } catch {
            throw ValidationError("\(plot) can't be written; does its folder exist, and may you write there?")
        }
    }

    private func zones() throws -> Shipped.Zones {
        let known = try Shipped.zones()
        if let zones = known.first(where: { $0.machineClass == machineClass }) { return zones }
        let names = known.map(\.machineClass).joined(separator: ", ")
        throw ValidationError("there is no class “\(machineClass)”: \(names)")
    }

    private func knownBearing() throws -> BearingTable.Entry? {
        if let stated = try orders.bearing() {
            guard bearing == nil else { throw ValidationError("give --bearing or its orders, not both") }
            return BearingTable.Entry(designation: "as given", orders: stated, source: "the command line")
        }
        guard let bearing else { return nil }
        let table = try Shipped.bearings()
        if let entry = table[bearing] { return entry }
        let names = table.entries.map(\.designation).joined(separator: ", ")
        throw ValidationError(
            "“\(bearing)” is not in the table; give --bpfo-order, --bpfi-order, --bsf-order and --ftf-order from its data "
                + "sheet. Known: \(names)")
    }

    private func read() throws -> Vibration.Recording {
        let choice = RecordingFile.Choice(column: column, channel: channel, fullScale: fullScale)
        let found: RecordingFile
        do { found = try RecordingFile(path: file, choice) } catch let flaw as RecordingFlaw {
            throw ValidationError(flaw.description)
        }
        guard let rate = rate ?? found.sampleRate else {
            throw ValidationError("how many samples a second? --rate HZ")
        }
        if found.unread > 0 { note("\(found.unread) lines without a number were left out") }
        if found.isCut { note("the file is longer; only its first \(found.samples.count) samples were read") }
        let samples = unit == 1 ? found.samples : found.samples.map { Float(Double($0) * unit) }
        return Vibration.Recording(samples: samples, sampleRate: rate, rpm: rpm)
    }

    /// What it is at, written over on a terminal; nil: done.
    private func show(_ stage: String?) {
        let isTerminal = isatty(STDERR_FILENO) == 1
        guard progress || isTerminal, isTerminal || stage != nil else { return }
        let line = isTerminal ? "\r\u{1B}[K\(stage.map { $0 + " …" } ?? "")" : "\(stage ?? "")\n"
        FileHandle.standardError.write(Data(line.utf8))
    }

    private func note(_ text: String) { FileHandle.standardError.write(Data("note: \(text)\n".utf8)) }
}

/// A bearing's orders, as its data sheet gives them.
struct FaultOrders: ParsableArguments {
    @Option(help: "Strikes a turn on the outer race.") var bpfoOrder: Double?
    @Option(help: "Strikes a turn on the inner race.") var bpfiOrder: Double?
    @Option(help: "Turns of a rolling element a turn of the shaft.") var bsfOrder: Double?
    @Option(help: "Turns of the cage a turn of the shaft.") var ftfOrder: Double?

    /// nil when none is given.
    func bearing() throws -> Bearing? {
        let given = [bpfoOrder, bpfiOrder, bsfOrder, ftfOrder].compactMap(\.self)
        if given.isEmpty { return nil }
        guard given.count == 4, let bearing = Bearing(bpfo: given[0], bpfi: given[1], bsf: given[2], ftf: given[3])
        else { throw ValidationError("a bearing has all four orders, each above 0: bpfo, bpfi, bsf and ftf") }
        return bearing
    }
}

/// g of one of the unit.
@Sendable private func gravities(_ text: String) throws -> Double {
    switch text {
    case "g": 1
    case "m/s2", "m/s²": 1 / 9.80665
    default: throw ValidationError("the unit is g or m/s2, not “\(text)”")
    }
}

@Sendable private func frequencyBand(_ text: String) throws -> ClosedRange<Double> {
    let ends = text.split(separator: "-").compactMap { Double($0) }
    guard ends.count == 2, ends[0] >= 0, ends[0] < ends[1], ends[1].isFinite else {
        throw ValidationError("a band is like 2000-5000, in Hz, not “\(text)”")
    }
    return ends[0]...ends[1]
}
