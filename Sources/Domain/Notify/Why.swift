/// What a ticket opened over, as people are told.
public struct BreachWords: Hashable, Sendable {
    public var measure: Measure
    public var kind: Rule.Kind
    public var cause: SensorFault?
    /// As in `Breach`.
    public var value: Double
    public var limit: Double
    /// Where the limit comes from.
    public var source: String

    public init(
        measure: Measure, kind: Rule.Kind, cause: SensorFault? = nil, value: Double, limit: Double, source: String
    ) {
        self.measure = measure
        self.kind = kind
        self.cause = cause
        self.value = value
        self.limit = limit
        self.source = source
    }

    /// The breach in a few words: `Vibration velocity 3.12 mm/s > 2.80 mm/s`.
    public func short(_ language: Language) -> String {
        let name = measure.label[language]
        let zh = language == .zh
        switch kind {
        case .limit, .learned: return "\(name) \(with(measure.unit, value)) > \(with(measure.unit, limit))"
        case .rate:
            let unit = measure.unit + (zh ? "/小时" : "/h")
            return zh
                ? "\(name)每小时上升 \(with(unit, value)) > \(with(unit, limit))"
                : "\(name) rising \(with(unit, value)) > \(with(unit, limit))"
        case .silence:
            return zh ? "\(minutes(value)) 分钟没有\(name)数据" : "no \(name.lowercased()) for \(minutes(value)) min"
        case .sensor:
            return zh ? "\(name)传感器：\(fault(.zh))" : "\(name.lowercased()) sensor: \(fault(.en))"
        }
    }

    /// Why, in a sentence that a mechanic understands: what was measured where, the limit, and where it comes from.
    ///
    /// - Parameter place: where on the machine, as the plant calls it.
    public func sentence(at place: String, _ language: Language) -> String {
        let zh = language == .zh
        let (name, value, limit) = (measure.label[language], self.value, self.limit)
        switch kind {
        case .limit:
            return zh
                ? "\(place)的\(name)达到 \(with(measure.unit, value))，超过限值 \(with(measure.unit, limit))。限值来源：\(source)。"
                : "\(name) at \(place) is \(with(measure.unit, value)); the limit is \(with(measure.unit, limit)) (\(source))."
        case .learned:
            return zh
                ? "\(place)的\(name)达到 \(with(measure.unit, value))，超过这台设备平时水平推得的界限 "
                    + "\(with(measure.unit, limit))。依据：\(source)。"
                : "\(name) at \(place) is \(with(measure.unit, value)), above \(with(measure.unit, limit)), which is learned "
                    + "from what this machine usually shows (\(source))."
        case .rate:
            let unit = measure.unit + (zh ? "/小时" : "/h")
            return zh
                ? "\(place)的\(name)每小时上升 \(with(unit, value))，超过允许的 \(with(unit, limit))。依据：\(source)。"
                : "\(name) at \(place) rises by \(with(unit, value)); \(with(unit, limit)) is allowed (\(source))."
        case .silence:
            return zh
                ? "\(place)已有 \(minutes(value)) 分钟没有\(name)数据，允许 \(minutes(limit)) 分钟。请检查传感器、网关、供电和网络。"
                    + "依据：\(source)。"
                : "No \(name.lowercased()) from \(place) for \(minutes(value)) minutes; \(minutes(limit)) are allowed. Look at "
                    + "the sensor, its gateway, power and network (\(source))."
        case .sensor:
            return zh
                ? "\(place)的\(name)传感器不可信：\(fault(.zh))（读数 \(with(measure.unit, value))）。修好之前，此测点的报警停用。"
                    + "依据：\(source)。"
                : "The \(name.lowercased()) sensor at \(place) can't be believed: \(fault(.en)) (it says "
                    + "\(with(measure.unit, value))). Until it is mended this point's alarms are muted (\(source))."
        }
    }

    private func fault(_ language: Language) -> String {
        let zh = language == .zh
        return switch cause {
        case .flatLine: zh ? "数值长时间一成不变" : "its value no longer moves"
        case .rail: zh ? "数值顶到量程尽头" : "its value is at the end of its range"
        case .stuckSequence: zh ? "序号不再增加，重复发送同一数据" : "its sequence number is stuck"
        case .jump: zh ? "数值跳变，设备不可能变得这么快" : "its value jumps as no machine does"
        case .drift: zh ? "零点漂移" : "its zero point has drifted"
        case nil: zh ? "读数异常" : "its values make no sense"
        }
    }

    private func minutes(_ value: Double) -> String { "\(Int(min(value, 1e9).rounded()))" }

    private func with(_ unit: String, _ value: Double) -> String {
        unit.isEmpty ? decimal(value) : "\(decimal(value)) \(unit)"
    }
}

extension Measure {
    /// What people call it.
    public var label: LocalName {
        switch self {
        case .velocityRMS: LocalName(zh: "振动速度", en: "Vibration velocity")
        case .accelerationRMS: LocalName(zh: "加速度有效值", en: "Acceleration RMS")
        case .accelerationPeak: LocalName(zh: "加速度峰值", en: "Acceleration peak")
        case .crestFactor: LocalName(zh: "峰值因子", en: "Crest factor")
        case .kurtosis: LocalName(zh: "峭度", en: "Kurtosis")
        case .envelopePeak: LocalName(zh: "包络峰值", en: "Envelope peak")
        case .temperature: LocalName(zh: "温度", en: "Temperature")
        case .speed: LocalName(zh: "转速", en: "Speed")
        case .running: LocalName(zh: "运行", en: "Running")
        case .envelopeRatio: LocalName(zh: "轴承特征谱线倍数", en: "Bearing line ratio")
        case .bias: LocalName(zh: "零点", en: "Zero point")
        }
    }

    public var unit: String {
        switch self {
        case .velocityRMS: "mm/s"
        case .accelerationRMS, .accelerationPeak, .envelopePeak, .bias: "g"
        case .temperature: "°C"
        case .speed: "rpm"
        case .crestFactor, .kurtosis, .running, .envelopeRatio: ""
        }
    }
}

/// What a waveform can say is wrong, with what to take along.
public enum FaultCause: String, Sendable, CaseIterable {
    case outerRace = "outer_race"
    case innerRace = "inner_race"
    case rollingElement = "rolling_element"
    case cage, unbalance, misalignment, looseness, lubrication

    public var label: LocalName {
        switch self {
        case .outerRace: LocalName(zh: "轴承外圈损伤", en: "outer race damage")
        case .innerRace: LocalName(zh: "轴承内圈损伤", en: "inner race damage")
        case .rollingElement: LocalName(zh: "滚动体损伤", en: "rolling element damage")
        case .cage: LocalName(zh: "保持架损伤", en: "cage damage")
        case .unbalance: LocalName(zh: "不平衡", en: "unbalance")
        case .misalignment: LocalName(zh: "不对中", en: "misalignment")
        case .looseness: LocalName(zh: "松动", en: "looseness")
        case .lubrication: LocalName(zh: "润滑不良", en: "poor lubrication")
        }
    }

    public var bring: [Tool] {
        switch self {
        case .outerRace, .innerRace, .rollingElement, .cage: [.bearing, .puller, .heater, .grease, .seals]
        case .unbalance: [.balancingKit, .cleaningTools]
        case .misalignment: [.alignmentLaser, .shims, .torqueWrench]
        case .looseness: [.torqueWrench, .bolts, .feelerGauge]
        case .lubrication: [.grease, .greaseGun]
        }
    }

    /// What to bring.
    public enum Tool: String, Sendable, CaseIterable {
        case bearing, puller, heater, grease, seals, shims, bolts
        case balancingKit = "balancing_kit"
        case cleaningTools = "cleaning_tools"
        case alignmentLaser = "alignment_laser"
        case torqueWrench = "torque_wrench"
        case feelerGauge = "feeler_gauge"
        case greaseGun = "grease_gun"

        public var label: LocalName {
            switch self {
            case .bearing: LocalName(zh: "同型号轴承", en: "the same bearing")
            case .puller: LocalName(zh: "拉马", en: "puller")
            case .heater: LocalName(zh: "轴承加热器", en: "bearing heater")
            case .grease: LocalName(zh: "润滑脂", en: "grease")
            case .seals: LocalName(zh: "密封件", en: "seals")
            case .shims: LocalName(zh: "垫片", en: "shims")
            case .bolts: LocalName(zh: "地脚螺栓", en: "foundation bolts")
            case .balancingKit: LocalName(zh: "动平衡仪", en: "balancing kit")
            case .cleaningTools: LocalName(zh: "清洁工具", en: "cleaning tools")
            case .alignmentLaser: LocalName(zh: "激光对中仪", en: "alignment laser")
            case .torqueWrench: LocalName(zh: "扭力扳手", en: "torque wrench")
            case .feelerGauge: LocalName(zh: "塞尺", en: "feeler gauge")
            case .greaseGun: LocalName(zh: "黄油枪", en: "grease gun")
            }
        }
    }
}

extension TicketDiagnosis {
    /// `likely outer race damage; bring: …`, as sure as it is; nil for a cause that this version does not know.
    public func sentence(_ language: Language) -> String? {
        guard let known = FaultCause(rawValue: cause) else { return nil }
        let zh = language == .zh
        let (name, tools) = (known.label[language], known.bring.map { $0.label[language] })
        // Under 0.5 it is a hint: nobody carries a bearing for that.
        switch confidence {
        case 0.8...:
            return zh
                ? "很可能是\(name)，请带：\(tools.joined(separator: "、"))。"
                : "Likely \(name); bring: \(tools.joined(separator: ", "))."
        case 0.5..<0.8:
            return zh
                ? "可能是\(name)，建议带：\(tools.joined(separator: "、"))。"
                : "Possibly \(name); consider bringing: \(tools.joined(separator: ", "))."
        default: return zh ? "有\(name)的迹象，尚不确定。" : "A hint of \(name), not sure."
        }
    }
}
