import Testing
import Vibration

/// Against float64 numpy over the recorded bearings: `shared/data/vibration/METHOD.md`.
@Suite(.enabled(if: SharedRecords.present, Comment(rawValue: SharedRecords.absent)))
struct OracleTests {
    /// None without the folder, and then the suite does not run.
    static let names = ((try? SharedRecords.rows("expected.csv")) ?? []).compactMap { $0["file"] }
    private static let block = 2560

    /// What a record is expected to show, and what it shows.
    private struct Case {
        let expected: SharedRecords.Row
        let analysis: Analysis

        init(_ name: String) throws {
            let parts = name.split(separator: "#").map(String.init)
            let row = try #require(try SharedRecords.rows("manifest.csv").first { $0["file"] == parts[0] })
            expected = try #require(try SharedRecords.rows("expected.csv").first { $0["file"] == name })
            var samples = try SharedRecords.samples(parts[0])
            if parts.count > 1 {
                samples = Array(parts[1] == "last" ? samples.suffix(block) : samples.prefix(block))
            }
            let number = { (key: String) in row[key].flatMap(Double.init) }
            let rate = try #require(number("sample_rate_hz"))
            var bearing: Bearing?
            if let bpfo = number("bpfo_order"), let bpfi = number("bpfi_order"), let bsf = number("bsf_order"),
                let ftf = number("ftf_order")
            {
                bearing = Bearing(bpfo: bpfo, bpfi: bpfi, bsf: bsf, ftf: ftf)
            }
            var band: ClosedRange<Double>?
            if let low = number("env_lo_hz"), let high = number("env_hi_hz") { band = low...high }
            analysis = Analyser().analyse(
                Recording(samples: samples, sampleRate: rate, rpm: number("rpm")), bearing: bearing, envelopeBand: band)
        }

        /// nil where the oracle has no number.
        subscript(key: String) -> Double? {
            expected[key].flatMap(Double.init).flatMap { $0.isNaN ? nil : $0 }
        }

        func expect(_ key: String, _ value: Double?, within share: Double, floor: Double = 0) {
            guard let expected = self[key] else {
                #expect(value == nil, "\(key)")
                return
            }
            guard let value else {
                Issue.record("\(key): no value, expected \(expected)")
                return
            }
            #expect(abs(value - expected) <= share * abs(expected) + floor, "\(key): \(value), not \(expected)")
        }
    }

    @Test(arguments: names) func record(_ name: String) throws {
        let record = try Case(name)
        try statistics(record)
        velocityAndPeaks(record)
        orders(record)
        try envelope(record)
        for row in try SharedRecords.rows("closed_form.csv") where row["file"] == name {
            try closedForm(row, record.analysis.features)
        }
    }

    private func statistics(_ record: Case) throws {
        let found = try #require(record.analysis.features.statistics)
        // Means and skewness of symmetric signals are rounding noise.
        record.expect("mean_g", found.mean, within: 1e-5, floor: 1e-12)
        record.expect("acc_rms_g", found.rms, within: 1e-5)
        record.expect("acc_peak_g", found.peak, within: 1e-5)
        record.expect("acc_p2p_g", found.peakToPeak, within: 1e-5)
        record.expect("crest", found.crest, within: 1e-5)
        record.expect("kurtosis", found.kurtosis, within: 1e-5)
        record.expect("skewness", found.skewness, within: 1e-5, floor: 1e-12)
    }

    private func velocityAndPeaks(_ record: Case) {
        let features = record.analysis.features
        record.expect("vel_rms_welch_mm_s", features.velocity?.rms, within: 1e-5)
        record.expect("vel_rms_hann_mm_s", features.wholeVelocity?.hann, within: 1e-5)
        record.expect("vel_rms_rect_mm_s", features.wholeVelocity?.rectangular, within: 1e-5, floor: 1e-12)
        record.expect("peak_block", features.peakBlock.map(Double.init), within: 0)
        record.expect("vel_welch_L", features.velocity.map { Double($0.segment) }, within: 0)
        for n in 1...5 {
            let peak = n <= features.peaks.count ? features.peaks[n - 1] : nil
            record.expect("pk\(n)_hz", peak?.frequency, within: 1e-8)
            record.expect("pk\(n)_g", peak?.amplitude, within: 1e-5)
        }
    }

    private func orders(_ record: Case) {
        for n in 1...3 {
            let order = record.analysis.features.orders.first { $0.order == Double(n) }
            record.expect("order\(n)_vel_rms_mm_s", order?.velocityRMS, within: 1e-5, floor: 1e-12)
            // The largest bin of rounding noise is anybody's.
            if record["order\(n)_vel_rms_mm_s"] ?? 1 < 1e-12 { continue }
            record.expect("order\(n)_hz", order?.frequency, within: 1e-8)
        }
    }

    private func envelope(_ record: Case) throws {
        guard record["env_rms_g"] != nil else { return }
        let envelope = try #require(record.analysis.features.envelope)
        record.expect("env_rms_g", envelope.rms, within: 1e-5)
        record.expect("env_mean_g", envelope.mean, within: 1e-5)
        let keys: [(String, Bearing.Line)] = [
            ("bpfo", .bpfo), ("bpfi", .bpfi), ("bsf", .bsf), ("ftf", .ftf), ("bsf2", .twiceBSF),
        ]
        for (key, line) in keys {
            let found = envelope.lines.first { $0.line == line }
            record.expect("\(key)_hz", found?.expected, within: 1e-8)
            record.expect("\(key)_env_hz", found?.frequency, within: 1e-8)
            record.expect("\(key)_env_g", found?.amplitude, within: 1e-4)
            record.expect("\(key)_env_ratio", found?.ratio, within: 1e-4)
        }
    }

    /// Truth by formula, not by another program.
    private func closedForm(_ row: SharedRecords.Row, _ features: Features) throws {
        let quantity = try #require(row["quantity"])
        let truth = try #require(row["exact_value"].flatMap(Double.init))
        let order = { (n: Double) in features.orders.first { $0.order == n }?.velocityRMS }
        let found: (value: Double?, share: Double) =
            switch quantity {
            case "vel_rms": (features.velocity?.rms, 1e-3)
            case "vel_1x": (order(1), 1e-3)
            case "vel_2x": (order(2), 1e-3)
            case "vel_3x": (order(3), 1e-3)
            case "acc_rms": (features.statistics?.rms, 1e-3)
            case "acc_peak": (features.statistics?.peak, 5e-3)
            case "crest": (features.statistics?.crest, 5e-3)
            case "kurtosis": (features.statistics?.kurtosis, 1e-3)
            case "clip_fraction": (features.clippedShare, 1e-9)
            case "env_line_hz": (features.envelope?.lines.first { $0.line == .bpfo }?.frequency, 2e-3)
            default: (nil, 0)
            }
        let value = try #require(found.value, "\(quantity)")
        #expect(abs(value - truth) <= found.share * abs(truth) + 1e-12, "\(quantity): \(value), not \(truth)")
    }

    @Test func runToFailure() throws {
        let samples = try SharedRecords.samples("femto_b1_1_runtofailure.f32")
        let rows = try SharedRecords.rows("femto_b1_1_expected_trend.csv")
        let analyser = Analyser()
        #expect(rows.count * Self.block == samples.count)
        for (index, row) in rows.enumerated() {
            let block = Array(samples[index * Self.block..<(index + 1) * Self.block])
            let features = analyser.analyse(Recording(samples: block, sampleRate: 25_600)).features
            let pairs = [
                ("acc_rms_g", features.statistics?.rms), ("acc_peak_g", features.statistics?.peak),
                ("crest", features.statistics?.crest), ("kurtosis", features.statistics?.kurtosis),
                ("vel_rms_hann_mm_s", features.velocity?.rms),
            ]
            for (key, value) in pairs {
                let expected = try #require(row[key].flatMap(Double.init))
                #expect(abs((value ?? .nan) - expected) <= 1e-5 * abs(expected), "block \(index): \(key)")
            }
            #expect(features.doubts.contains(.underOneSecond) && features.comparableVelocity == nil)
        }
    }
}
