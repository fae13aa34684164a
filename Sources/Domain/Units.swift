/// What senders write for units, and how their values become ours.
public enum Units {
    /// `value` in `unit` as a value of `measure`; nil when the unit is not one of its quantity.
    ///
    /// Spellings are those of Sparkplug, OPC UA, SenML (RFC 8428) and the makers' manuals. `g` is gravity here; SenML,
    /// where it is gram, says so itself.
    public static func convert(_ value: Double, from unit: String, to measure: Measure) -> Double? {
        switch measure {
        case .velocityRMS: velocity(unit).map { value * $0 }
        case .accelerationRMS, .accelerationPeak, .envelopePeak, .bias: acceleration(unit).map { value * $0 }
        case .speed: speed(unit).map { value * $0 }
        case .crestFactor, .kurtosis, .running, .envelopeRatio: ratio(unit).map { value * $0 }
        case .temperature: temperature(value, unit)
        }
    }

    /// Whether `measure` can come in `unit`.
    public static func knows(_ unit: String, for measure: Measure) -> Bool {
        convert(1, from: unit, to: measure) != nil
    }

    /// Standard gravity, m/s².
    public static let gravity = 9.80665

    /// mm/s of one.
    private static func velocity(_ unit: String) -> Double? {
        switch unit {
        case "mm/s", "mm/sec", "mm·s⁻¹", "mm s-1": 1
        case "cm/s": 10
        case "m/s", "m·s⁻¹", "m s-1": 1000
        case "um/s", "µm/s", "μm/s": 0.001
        case "in/s", "in/sec", "ips", "IPS", "inch/s": 25.4
        default: nil
        }
    }

    /// g of one.
    private static func acceleration(_ unit: String) -> Double? {
        switch unit {
        case "g", "G", "gn", "g0", "gₙ": 1
        case "mg", "mG", "mgn": 0.001
        case "m/s2", "m/s²", "m/s^2", "m/s/s", "m·s⁻²", "m s-2": 1 / gravity
        case "mm/s2", "mm/s²", "mm/s^2": 0.001 / gravity
        case "in/s2", "in/s²", "in/s^2": 0.0254 / gravity
        default: nil
        }
    }

    /// Revolutions a minute of one.
    private static func speed(_ unit: String) -> Double? {
        switch unit {
        case "rpm", "RPM", "r/min", "rev/min", "1/min", "/min", "min-1", "min⁻¹": 1
        case "Hz", "1/s", "rps", "r/s", "rev/s": 60
        case "rad/s": 30 / .pi
        default: nil
        }
    }

    private static func ratio(_ unit: String) -> Double? {
        switch unit {
        case "", "1", "/", "ratio": 1
        case "%": 0.01
        default: nil
        }
    }

    private static func temperature(_ value: Double, _ unit: String) -> Double? {
        switch unit {
        case "Cel", "C", "°C", "℃", "degC", "deg C", "celsius", "Celsius": value
        case "Far", "F", "°F", "℉", "degF", "deg F", "fahrenheit", "Fahrenheit": (value - 32) / 1.8
        case "K", "kelvin", "Kelvin": value - 273.15
        default: nil
        }
    }
}
