import ArgumentParser
import Foundation
import Store
import Vibration

/// Measures what a record's features cost, on one core; `ops/bench/vibration` runs it beside others.
struct VibrationBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vibration-bench", abstract: "Measures the analysis of one record.", shouldDisplay: false)
    @Argument(help: "Raw float32 samples, in g.") var file: String
    @Option var rate: Double
    @Option var rpm: Double
    @Option var bearing: String
    @Option(help: "Hz.") var low: Double
    @Option(help: "Hz.") var high: Double
    @Option(help: "How long each is repeated.") var seconds = 1.0

    func run() throws {
        // As in the service.
        Heap.limit()
        let samples = try RecordingFile(path: file, RecordingFile.Choice()).samples
        guard let orders = try Shipped.bearings()[bearing]?.orders, low < high else { throw ValidationError("which?") }
        let recording = Vibration.Recording(samples: samples, sampleRate: rate, rpm: rpm)
        let analyser = Analyser()
        var found = 0
        let features = best {
            let analysis = analyser.analyse(recording, bearing: orders, envelopeBand: low...high)
            found += analysis.features.envelope?.lines.count ?? 0
        }
        let transform = RealTransform(samples.count)
        let values = samples.map(Double.init)
        var (bins, work) = (Split(count: samples.count / 2 + 1), Workspace())
        let plain = best { transform.forward(values.span, into: &bins, &work) }
        print(#"{"samples": \#(samples.count), "features_us": \#(features), "transform_us": \#(plain)}"#)
        guard found > 0, bins.re[0].isFinite else { throw ExitCode.failure }
    }

    /// µs of the fastest call: what disturbs can only add.
    private func best(_ work: () -> Void) -> Double {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var best = Duration.seconds(1_000)
        repeat { best = min(best, clock.measure(work)) } while clock.now < end
        return best / .microseconds(1)
    }
}
