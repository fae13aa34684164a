/// What the values themselves tell of the sensor, before any arithmetic.
struct SensorHealth {
    /// Of samples that stick at the highest or lowest value.
    let clippedShare: Double
    /// More than one value, but few.
    let isQuantised: Bool
    /// Every sample is above zero, or every one below.
    let isOffset: Bool

    private static let fewLevels = 16

    /// Of finite samples, not empty.
    init(_ samples: [Float]) {
        var (low, high) = (Float.infinity, -Float.infinity)
        for sample in samples {
            low = min(low, sample)
            high = max(high, sample)
        }
        isOffset = low < high && (low > 0 || high < 0)
        guard low < high else {
            (clippedShare, isQuantised) = (0, false)
            return
        }
        var (top, bottom) = (Rail(), Rail())
        for sample in samples {
            top.take(distance: high - sample)
            bottom.take(distance: sample - low)
        }
        clippedShare = Double(top.stuck + bottom.stuck) / Double(samples.count)
        isQuantised = Self.hasFewLevels(samples)
    }

    private static func hasFewLevels(_ samples: [Float]) -> Bool {
        var levels: [Float] = []
        for sample in samples where !levels.contains(sample) {
            guard levels.count < fewLevels else { return false }
            levels.append(sample)
        }
        return true
    }
}

/// One end of the range, and how samples stick to it.
private struct Rail {
    /// Two equal samples happen where a crest falls between them, three are stuck.
    private static let run = 3
    /// A rail holds far more samples than the value next to it; an honest crest, however coarse, 2.4 times as many.
    private static let dominance = 3

    private var length = 0
    private var inRuns = 0
    /// Distance of the value next to the rail, and how often it stands.
    private var nearest = Float.infinity
    private var neighbours = 0

    mutating func take(distance: Float) {
        guard distance > 0 else {
            length += 1
            if length >= Self.run { inRuns += length == Self.run ? length : 1 }
            return
        }
        length = 0
        if distance < nearest { (nearest, neighbours) = (distance, 0) }
        if distance == nearest { neighbours += 1 }
    }

    var stuck: Int { inRuns >= Self.dominance * neighbours ? inRuns : 0 }
}
