import Domain
import Foundation
import Testing

@testable import Ingest

/// What the tests of foreign formats share.
enum Foreign {
    static let now = Instant(milliseconds: 1_767_225_600_000)
    static let origin = Origin(topic: "t", payload: [UInt8](), size: 0)

    static func point(_ text: String) -> PointID {
        let parts = text.split(separator: "/").map(String.init)
        return PointID(asset: AssetID(stored: parts[0]), name: Name(stored: parts[1]))
    }

    /// Rows as in `sources.csv`.
    static func sources(
        _ rows: [(SourceMap.Format, String, String, String, Measure?)], unit: String? = nil, scale: Double = 1
    ) -> SourceMap {
        var map = SourceMap()
        for (format, sender, metric, point, measure) in rows {
            map[format, sender, metric] = SourceMap.Target(
                point: Self.point(point), measure: measure, unit: unit, scale: scale)
        }
        return map
    }

    /// The reason of what `decode` throws; nil when it does not.
    static func reason(_ decode: () throws(Rejection) -> Void) -> RejectionReason? {
        do throws(Rejection) {
            try decode()
            return nil
        } catch {
            return error.reason
        }
    }

    /// Every beginning of `payload`, and copies with a few bytes changed: nothing of it may trap.
    static func damaged(_ payload: [UInt8]) -> [[UInt8]] {
        var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        let cut = payload.indices.map { Array(payload[..<$0]) }
        let changed = (0..<2000).map { _ in
            var copy = payload
            for _ in 0...random(3) { copy[random(copy.count)] = UInt8(random(256)) }
            return copy
        }
        return cut + changed
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Bytes of real senders, which stand beside the project and are never part of it.
    static let vectors = root.deletingLastPathComponent().appending(path: "shared/data/vibration/vectors")
    static let hasVectors = FileManager.default.fileExists(atPath: vectors.path)
    static let noVectors: Comment =
        "no ../shared/data/vibration/vectors beside the project: real senders' bytes are not read"

    static func vector(_ file: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: vectors.appending(path: file)))
    }
}

extension Decoded {
    /// `P1/DE-H velocity_rms_mm_s = 2.31 @ms`, each value in order.
    var lines: [String] {
        series.flatMap { series in
            series.readings.flatMap { reading in
                Measure.allCases.compactMap { measure in
                    reading.values[measure].map {
                        let rounded = ($0 * 1e6).rounded() / 1e6
                        return "\(series.point) \(measure.name) = \(rounded) @\(reading.at.milliseconds)"
                    }
                }
            }
        }
    }
}
