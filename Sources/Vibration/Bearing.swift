import RealModule

/// How often a bearing's damaged part is struck, in strikes a turn of the shaft (inner ring turning).
public struct Bearing: Sendable, Hashable {
    /// Ball passes of the outer race.
    public var bpfo: Double
    /// Ball passes of the inner race.
    public var bpfi: Double
    /// Spin of a ball or roller; a spot on it strikes twice a spin.
    public var bsf: Double
    /// Turns of the cage.
    public var ftf: Double

    /// As a catalogue gives them; nil unless all are positive and finite.
    public init?(bpfo: Double, bpfi: Double, bsf: Double, ftf: Double) {
        guard [bpfo, bpfi, bsf, ftf].allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        (self.bpfo, self.bpfi, self.bsf, self.ftf) = (bpfo, bpfi, bsf, ftf)
    }

    /// From the geometry without slip, r = d/D · cos α: FTF = (1−r)/2, BPFO = n/2·(1−r), BPFI = n/2·(1+r),
    /// BSF = D/2d·(1−r²). Lengths in one unit; nil for what is no bearing.
    ///
    /// Source: T. A. Harris, M. N. Kotzalas, "Essential Concepts of Bearing Technology" (5th ed. 2006), ch. 10.
    public init?(elements: Int, elementDiameter: Double, pitchDiameter: Double, contactDegrees: Double = 0) {
        guard elements > 0, elementDiameter > 0, elementDiameter < pitchDiameter, pitchDiameter.isFinite,
            abs(contactDegrees) < 90
        else { return nil }
        let r = elementDiameter / pitchDiameter * Double.cos(contactDegrees * .pi / 180)
        let half = Double(elements) / 2
        self.init(
            bpfo: half * (1 - r), bpfi: half * (1 + r), bsf: pitchDiameter / (2 * elementDiameter) * (1 - r * r),
            ftf: (1 - r) / 2)
    }

    /// The lines that damage shows at.
    public enum Line: String, Sendable, CaseIterable {
        case bpfo, bpfi, bsf, ftf
        /// Where a spot on a rolling element strikes both races.
        case twiceBSF
    }

    /// Times the shaft's speed.
    public subscript(line: Line) -> Double {
        switch line {
        case .bpfo: bpfo
        case .bpfi: bpfi
        case .bsf: bsf
        case .ftf: ftf
        case .twiceBSF: 2 * bsf
        }
    }
}
