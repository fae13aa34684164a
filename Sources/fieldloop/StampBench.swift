import ArgumentParser
import Foundation
import Photos

/// Measures what a stamp costs, on one core; `ops/bench/stamp` runs it beside others.
struct StampBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stamp-bench", abstract: "Measures the stamp of one photo.", shouldDisplay: false)
    @Argument(help: "The photo, a JPEG.") var file: String
    @Option(help: "splice, coefficients, or skip: reading the scan alone, the least that a splice can cost.")
    var method: String
    @Option(help: "How often.") var count = 9

    func run() throws {
        // As in the service.
        Heap.limit()
        let method = StampedPhoto.Method(rawValue: method)
        guard method != nil || self.method == "skip" else { throw ValidationError("which method?") }
        let jpeg = [UInt8](try Data(contentsOf: URL(filePath: file)))
        let font = try StampFont()
        let caption = ["王磊（E007） · 工单 T12", "2026-01-01 08:00:00 +08:00", "29.86834°N 121.54399°E WGS-84 ±8 m"]
        let before = Self.peak
        var times: [Double] = []
        for _ in 0..<count {
            let start = clock()
            if let method {
                _ = try stamp(jpeg: jpeg, caption: caption, font: font, by: method)
            } else {
                guard try skims(jpeg: jpeg) else { throw ExitCode.failure }
            }
            times.append(Double(clock() - start) * 1000 / Double(CLOCKS_PER_SEC))
        }
        times.sort()
        print(#"{"cpu_ms": \#(times[times.count / 2]), "more_mib": \#(Double(Self.peak - before) / 1024)}"#)
    }

    /// KiB resident at most so far. Not getrusage's, which starts with what the parent had.
    private static var peak: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
