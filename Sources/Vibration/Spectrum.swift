/// Amplitudes by frequency, evenly spaced from 0.
public struct Spectrum: Sendable, Hashable {
    /// Hz from one amplitude to the next.
    public var resolution: Double
    /// Peak of a tone at each frequency, in the unit of what was transformed.
    public var amplitudes: [Double]

    public init(resolution: Double, amplitudes: [Double]) {
        self.resolution = resolution
        self.amplitudes = amplitudes
    }

    /// For drawing: at most `columns` points, each the largest of its stretch of `band`, at its own frequency.
    public func outline(columns: Int, in band: ClosedRange<Double>? = nil) -> [Peak] {
        guard columns > 0, resolution > 0, !amplitudes.isEmpty else { return [] }
        let grid = Grid(length: 2 * amplitudes.count, sampleRate: 2 * Double(amplitudes.count) * resolution)
        let inside = band.map { grid.bins(in: $0).clamped(to: amplitudes.indices) } ?? amplitudes.indices
        let columns = min(columns, inside.count)
        return (0..<columns).compactMap { column in
            let start = inside.lowerBound + column * inside.count / columns
            let end = inside.lowerBound + (column + 1) * inside.count / columns
            return (start..<end).max { amplitudes[$0] < amplitudes[$1] }
                .map { Peak(frequency: Double($0) * resolution, amplitude: amplitudes[$0]) }
        }
    }

    /// Of acceleration in g: velocity in mm/s, 0 below 2 Hz where integration shows only drift.
    public var velocity: Spectrum {
        Spectrum(
            resolution: resolution,
            amplitudes: amplitudes.enumerated().map { bin, amplitude in
                let frequency = Double(bin) * resolution
                guard frequency >= MeanPower.lowestPeak else { return 0 }
                return velocitySquare(amplitude * amplitude, frequency).squareRoot()
            })
    }
}
