import Domain

extension SparkplugValue {
    /// An array of numbers as samples: `int16le` where all of them are whole and fit, else `float32le`, which keeps 24
    /// bits of a number. nil: no array of numbers.
    fileprivate func samples() throws(Rejection) -> (encoding: SampleEncoding, bytes: [UInt8])? {
        switch self {
        case .integers(let values): try Self.samples(values)
        case .unsigneds(let values): try Self.samples(values)
        case .reals(let values): (.float32le, try Self.floats(values))
        default: nil
        }
    }

    private static func samples(
        _ values: [some BinaryInteger]
    ) throws(Rejection) -> (encoding: SampleEncoding, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * values.count)
        for value in values {
            guard let sample = Int16(exactly: value).map(UInt16.init(bitPattern:)) else {
                return (.float32le, try floats(values.map { Double($0) }))
            }
            bytes.append(UInt8(truncatingIfNeeded: sample))
            bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
        }
        return (.int16le, bytes)
    }

    private static func floats(_ values: [Double]) throws(Rejection) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * values.count)
        for value in values {
            let sample = Float(value)
            guard sample.isFinite else { throw Rejection(.notFinite, "a sample is \(value)") }
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: sample.bitPattern >> UInt32(shift)))
            }
        }
        return bytes
    }
}

extension WaveformPart {
    /// An array that `sources.csv` calls a waveform; nil when it is empty, as births often have it.
    ///
    /// Unit and sample rate are those of the row, else of the metric's properties or of its birth's.
    init?(
        _ array: SparkplugValue, of name: String, as target: SourceMap.Target, _ told: SparkplugTold, at: Instant,
        origin: Origin
    ) throws(Rejection) {
        guard let (encoding, bytes) = try array.samples() else {
            throw Rejection(.wrongType, "“\(name)” is no array of numbers; a waveform is one")
        }
        guard !bytes.isEmpty else { return nil }
        guard bytes.count <= Limits.waveformPart else {
            throw Rejection(
                .badWaveform,
                "“\(name)”: \(bytes.count) bytes of samples as \(encoding.rawValue); at most \(Limits.waveformPart)")
        }
        guard let rate = target.sampleRate ?? told.sampleRate, Limits.sampleRate.contains(rate) else {
            throw Rejection(
                .badWaveform,
                "“\(name)”: its sample rate is missing or not within \(Limits.sampleRate) Hz; it stands in the "
                    + "metric's property sampleRate or in sources.csv, sample_rate_hz")
        }
        let unit = target.unit ?? told.unit ?? ""
        guard let (own, factor) = WaveformUnit.named(unit) else {
            throw Rejection(
                .unknownUnit, "“\(name)”: “\(unit.prefix(32))” is no unit of a waveform; state it in sources.csv")
        }
        self.init(
            point: target.point, site: nil, at: at, sampleRate: rate, unit: own, encoding: encoding,
            scale: factor * target.scale, rpm: nil, sequence: nil, samples: bytes.count / encoding.bytes, part: 1,
            of: 1, bytes: bytes, origin: origin)
    }
}
