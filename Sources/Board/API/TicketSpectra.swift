public import Domain

/// The spectra behind a ticket's diagnosis, thinned to what a screen shows: before the repair, and after.
public struct TicketSpectra: Sendable {
    /// Frequencies in Hz with amplitudes, and what some of them are.
    public struct Lines: Sendable {
        let top: Double
        let points: [(hz: Double, amplitude: Double)]
        let marks: [(hz: Double, name: String)]

        /// - Parameter top: Hz, at the right edge.
        public init(top: Double, points: [(hz: Double, amplitude: Double)], marks: [(hz: Double, name: String)]) {
            (self.top, self.points, self.marks) = (top, points, marks)
        }
    }

    public struct Spectrum: Sendable {
        let at: Instant
        let point: Name<PointID>
        let rpm: Double?
        let velocity: Lines
        let envelope: Lines?
        let band: ClosedRange<Double>?

        /// - Parameters:
        ///   - velocity: mm/s.
        ///   - envelope: g, of the acceleration in `band`.
        public init(
            at: Instant, point: Name<PointID>, rpm: Double?, velocity: Lines, envelope: Lines?,
            band: ClosedRange<Double>?
        ) {
            (self.at, self.point, self.rpm) = (at, point, rpm)
            (self.velocity, self.envelope, self.band) = (velocity, envelope, band)
        }
    }
    let before: Spectrum?
    let after: Spectrum?

    public init(before: Spectrum? = nil, after: Spectrum? = nil) { (self.before, self.after) = (before, after) }
}

extension JSON {
    init(_ spectra: TicketSpectra) {
        self = [
            "before": spectra.before.map { JSON($0) } ?? .null, "after": spectra.after.map { JSON($0) } ?? .null,
        ]
    }

    private init(_ spectrum: TicketSpectra.Spectrum) {
        let band = spectrum.band.map { JSON.array([.double($0.lowerBound), .double($0.upperBound)]) } ?? .null
        self = [
            "at": JSON(spectrum.at), "point": .string(spectrum.point.text), "rpm": JSON(spectrum.rpm),
            "velocity": JSON(spectrum.velocity),
            "envelope": spectrum.envelope.map { JSON($0).with(["band": band]) } ?? .null,
        ]
    }

    private init(_ lines: TicketSpectra.Lines) {
        self = [
            "top": .double(lines.top),
            "points": JSON(lines.points.map { .array([.double($0.hz.short), .double($0.amplitude.short)]) }),
            "marks": JSON(lines.marks.map { ["hz": .double($0.hz.short), "name": .string($0.name)] }),
        ]
    }
}

extension Double {
    /// Enough for a picture.
    fileprivate var short: Double { self == 0 || !isFinite ? self : Double(Float(self)) }
}
