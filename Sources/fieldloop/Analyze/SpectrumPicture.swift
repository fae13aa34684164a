import Foundation
import Vibration

/// What of a record's spectra is drawn: velocity with the shaft's multiples, and the envelope with the bearing's lines.
struct SpectrumPanel {
    /// As many points as a picture has columns.
    let points: [Peak]
    /// Hz, at the right edge.
    let top: Double
    let marks: [(frequency: Double, name: String)]

    private static let columns = 900

    /// mm/s; nil without a spectrum.
    static func velocity(_ analysis: Analysis) -> SpectrumPanel? {
        guard let velocity = analysis.spectrum?.velocity else { return nil }
        let top = min(1_000, velocity.resolution * Double(velocity.amplitudes.count))
        // Below a velocity's band, and the shaft's, integration makes a mountain of any noise.
        let low = min(10, 0.4 * (analysis.features.shaftRate ?? 25), top / 2)
        return SpectrumPanel(
            points: velocity.outline(columns: columns, in: low...max(1, top)), top: top,
            marks: analysis.features.orders.filter { $0.order.rounded() == $0.order && $0.frequency < top }
                .map { ($0.frequency, "\(Int($0.order))×") })
    }

    /// g; nil without an envelope.
    static func envelope(_ analysis: Analysis) -> SpectrumPanel? {
        guard let spectrum = analysis.envelopeSpectrum, let envelope = analysis.features.envelope else { return nil }
        let lines = envelope.lines.map { ($0.frequency, $0.line.column.uppercased()) }
        let farthest = lines.map(\.0).max().map { 3.2 * $0 } ?? 500
        let top = min(farthest, spectrum.resolution * Double(spectrum.amplitudes.count))
        return SpectrumPanel(
            points: spectrum.outline(columns: columns, in: 0...max(1, top)), top: top, marks: lines)
    }
}

/// A record's spectra as SVG.
struct SpectrumPicture {
    private var panels: [Panel] = []
    private let title: String

    private static let width = 960.0
    private static let height = 300.0

    init(_ report: AnalysisReport) {
        title = report.heading
        if let velocity = SpectrumPanel.velocity(report.analysis) {
            panels.append(Panel(title: "velocity, mm/s peak", velocity))
        }
        if let envelope = SpectrumPanel.envelope(report.analysis) {
            panels.append(Panel(title: "envelope, g peak", envelope))
        }
    }

    var svg: String {
        let height = Self.height * Double(max(1, panels.count)) + 40
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" font-family="sans-serif" \
            font-size="12">
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="60" y="24" font-size="15">\(title.escaped)</text>

            """
        if panels.isEmpty { text += #"<text x="60" y="80">no spectrum: see the report</text>"# }
        for (index, panel) in panels.enumerated() {
            text += panel.svg(below: 40 + Double(index) * Self.height, width: Self.width, height: Self.height)
        }
        return text + "</svg>\n"
    }
}

/// One diagram.
private struct Panel {
    let title: String
    let points: [Peak]
    /// Hz, at the right edge.
    let top: Double
    let marks: [(frequency: Double, name: String)]

    init(title: String, _ panel: SpectrumPanel) {
        (self.title, points, top, marks) = (title, panel.points, panel.top, panel.marks)
    }

    func svg(below y: Double, width: Double, height: Double) -> String {
        let (left, right, bottom) = (60.0, width - 40, y + height - 40)
        let room = height - 80
        let highest = points.map(\.amplitude).max() ?? 0
        func x(_ frequency: Double) -> Double { left + (right - left) * frequency / max(top, 1) }
        func at(_ amplitude: Double) -> Double { bottom - (highest > 0 ? room * amplitude / highest : 0) }
        var text = ##"<text x="\##(left)" y="\##(y + 14)" fill="#444">\##(title.escaped)</text>"## + "\n"
        for share in [0, 0.5, 1] {
            let level = at(highest * share)
            text += ##"<path d="M\##(left) \##(level.tenth)H\##(right)" stroke="#ddd"/>"##
            let value = brief(highest * share)
            text += #"<text x="\#(left - 6)" y="\#((level + 4).tenth)" text-anchor="end">\#(value)</text>"#
        }
        for frequency in stride(from: 0, through: top, by: step) {
            let place = x(frequency).tenth
            text += #"<path d="M\#(place) \#(bottom)v4" stroke="gray"/>"#
            text += #"<text x="\#(place)" y="\#(bottom + 18)" text-anchor="middle">\#(Int(frequency)) Hz</text>"#
        }
        // Names of neighbours in three rows, so that none covers another.
        for (index, mark) in marks.sorted(by: { $0.frequency < $1.frequency }).enumerated() {
            let (place, row) = (x(mark.frequency), y + 18 + Double(index % 3) * 13)
            text += ##"<path d="M\##(place.tenth) \##(row)V\##(bottom)" stroke="#c60" opacity=".6" "##
            text += ##"stroke-dasharray="3 3"/>"##
            text += ##"<text x="\##((place + 3).tenth)" y="\##(row + 9)" fill="#a40">\##(mark.name)</text>"##
        }
        let line = points.map { "\(x($0.frequency).tenth) \(at($0.amplitude).tenth)" }.joined(separator: "L")
        if !line.isEmpty { text += ##"<path d="M\##(line)" fill="none" stroke="#14649b" stroke-width="1.2"/>"## }
        return text + "\n"
    }
}

extension Panel {
    /// Hz between two ticks: 1, 2 or 5 times a power of ten, four to ten of them.
    private var step: Double {
        var step = 1.0
        while top / step >= 10 { step *= 10 }
        while top / step < 4 { step /= step.isPowerOfTen ? 2 : 2.5 }
        return max(step, 1)
    }
}

extension Double {
    fileprivate var isPowerOfTen: Bool { abs(log10(self).rounded() - log10(self)) < 1e-9 }

    /// Enough for a place on paper.
    fileprivate var tenth: Double { (self * 10).rounded() / 10 }
}

/// Three digits.
private func brief(_ value: Double) -> String { String(format: "%.3g", value) }

extension String {
    fileprivate var escaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
