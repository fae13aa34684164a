/// A number that is told to Prometheus, with what it means.
public struct Metric: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// One value; `suffix` and the label `le` are a histogram's.
    public struct Sample: Sendable {
        public var suffix = ""
        public var labels: [(name: String, value: String)] = []
        public var value: Double

        public init(_ value: Double, suffix: String = "", _ labels: (name: String, value: String)...) {
            self.value = value
            self.suffix = suffix
            self.labels = labels
        }
    }

    /// In base units (`_seconds`, `_bytes`); a counter's ends in `_total`.
    public var name: String
    public var help: String
    public var kind: Kind
    public var samples: [Sample]

    public init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    public static func counter(_ name: String, _ help: String, _ value: Int) -> Metric {
        Metric(name, help, .counter, [Sample(Double(value))])
    }

    /// Without a value there is a name and a meaning, and no sample.
    public static func gauge(_ name: String, _ help: String, _ value: Double?) -> Metric {
        Metric(name, help, .gauge, value.map { [Sample($0)] } ?? [])
    }
}

extension [Metric] {
    /// The text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
    var text: String {
        var out = ""
        for metric in self {
            out += "# HELP \(metric.name) \(escaped(metric.help))\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for sample in metric.samples {
                let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, inQuotes: true))\"" }
                out += metric.name + sample.suffix
                if !labels.isEmpty { out += "{\(labels.joined(separator: ","))}" }
                out += " \(number(sample.value))\n"
            }
        }
        return out
    }
}

private func escaped(_ text: String, inQuotes: Bool = false) -> String {
    let plain = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return inQuotes ? plain.replacing("\"", with: "\\\"") : plain
}

/// As Go writes it: what is no number and what is endless have names of their own.
private func number(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
}
