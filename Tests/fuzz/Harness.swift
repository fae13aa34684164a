import Domain
import Foundation

@testable import Ingest

/// libFuzzer's entry: gives its bytes to the decoder that `FUZZ_DECODER` names. Nothing may trap, leak or take long;
/// where two decoders read the same format, both must say the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    Decoders.chosen(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// The package manager calls the program's entry so; libFuzzer does the rest.
@_cdecl("Fuzz_main")
public func fuzzMain(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments, fuzzOne)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ one: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

@_silgen_name("__lsan_disable") private func disableLeakCheck()
@_silgen_name("__lsan_enable") private func enableLeakCheck()

enum Decoders {
    static let chosen: @Sendable ([UInt8]) -> Void = {
        let name = ProcessInfo.processInfo.environment["FUZZ_DECODER"] ?? ""
        guard let decoder = all[name] else {
            preconditionFailure("FUZZ_DECODER is one of \(all.keys.sorted().joined(separator: " "))")
        }
        return decoder
    }()

    static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "reading": reading, "json": { _ = try? JSONTree($0) }, "waveform": waveform, "senml": senML, "cbor": cbor,
        "thingsboard": thingsBoard, "profile": profile, "profile-file": profileFile, "position": position,
        "answer": { _ = try? decodeAnswer($0, Identity(engineer)) }, "photo": photo, "sparkplug": sparkplug,
        "stamp": stamp, "exif": exif,
    ]

    static let now = Instant(milliseconds: 1_767_225_600_000)
    static let origin = Origin(topic: "t", payload: [UInt8](), size: 0)
    private static let site = SiteID(stored: "s")
    private static let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))
    private static let engineer = EngineerID(stored: "E1")

    /// As `sources.csv` would: every sender and metric of the corpus is P1's.
    static let sources: SourceMap = {
        var map = SourceMap()
        let velocity = SourceMap.Target(point: point, measure: .velocityRMS)
        for metric in ["velrms", "accpk", "temp"] {
            map[.senml, "urn:dev:mac:0024befffe804ff1", metric] = velocity
            map[.thingsboard, "A", metric] = velocity
        }
        for axis in ["", "X", "Y", "Z"] {
            map[.profile, "d", axis] = SourceMap.Target(point: point, measure: nil)
        }
        return map
    }()

    /// The fast way may give up, but never see what the strict one does not.
    private static let reading: @Sendable ([UInt8]) -> Void = { payload in
        _ = try? ReadingDecoder.decode(payload, site: site, point: point, origin: origin)
        guard let fast = ReadingScanner.scan(payload) else { return }
        guard let tree = try? JSONTree(payload) else { preconditionFailure("read as readings, and no JSON") }
        let objects: [JSONTree] = if case .array(let elements) = tree { elements } else { [tree] }
        precondition(fast.count == objects.count)
        for (reading, object) in zip(fast, objects) {
            for measure in Measure.allCases {
                guard let value = reading.values[measure] else { continue }
                precondition(object[[measure.name]]?.number == value, "\(measure.name) is another number")
            }
        }
    }

    private static let waveform: @Sendable ([UInt8]) -> Void = { payload in
        guard let part = try? decodeWaveform(payload, site: site, point: point, origin: origin) else { return }
        precondition(part.bytes.count % part.encoding.bytes == 0 && part.bytes.count <= Limits.waveformPart)
        precondition(part.samples >= part.bytes.count / part.encoding.bytes && part.part <= part.of)
    }

    private static let senML: @Sendable ([UInt8]) -> Void = { payload in
        check(try? decodeSenML(payload, site: site, sources: sources, now: now, origin: origin))
    }

    private static let cbor: @Sendable ([UInt8]) -> Void = { payload in
        var reader = CBORReader(payload)
        while !reader.isAtEnd, (try? reader.item()) != nil {}
    }

    private static let thingsBoard: @Sendable ([UInt8]) -> Void = { payload in
        for topic in [ThingsBoardTopic.gatewayTelemetry, .telemetry(device: "A")] {
            check(try? decodeThingsBoard(payload, topic, sources: sources, now: now, origin: origin))
        }
    }

    /// They live as long as the program, but Swift keeps an enum's case in spare bits of its payload's pointer, where
    /// the leak checker no longer sees a pointer.
    private static let profiles: [Profile] = {
        disableLeakCheck()
        defer { enableLeakCheck() }
        let folder = ProcessInfo.processInfo.environment["FUZZ_PROFILES"] ?? ""
        guard let shipped = try? Profiles(directory: folder), let own = try? Profile(yaml: everything, name: "own")
        else {
            preconditionFailure("FUZZ_PROFILES is no folder with profiles")
        }
        return shipped.all + [own]
    }()

    /// What the shipped ones do without.
    private static let everything = """
        topic: own/{device}
        each: e
        only_if: [{ field: kind, is: [a, "1"] }]
        sender: { field: id }
        time: { field: at, unit: iso8601, zone: "+08:00" }
        frame: { field: d, form: base64 }
        byte_order: big
        records: { from: 1, trim: 1 }
        stride: 2
        fields:
          - { record: [1, 2], at: 0, type: int16, axis: true, measure: crest_factor, scale: { field: s, codes: { 1: 0.1 } } }
          - { at: -4, type: float32, measure: temperature_c, unit: K }
          - { field: "m.{axis}.v", measure: velocity_rms_mm_s, unit: ips, statistic: derived_peak }
        """

    /// The first byte chooses the profile.
    private static let profile: @Sendable ([UInt8]) -> Void = { payload in
        guard let choice = payload.first else { return }
        let profile = profiles[Int(choice) % profiles.count]
        let topic = profile.topic.filter.split(separator: "/").map { $0 == "+" ? "d" : $0 }
        check(
            try? profile.decode(Array(payload.dropFirst()), topic: topic, sources: sources, now: now, origin: origin))
    }

    private static let profileFile: @Sendable ([UInt8]) -> Void = { yaml in
        _ = try? Profile(yaml: String(decoding: yaml, as: UTF8.self), name: "x.yaml")
    }

    private static let position: @Sendable ([UInt8]) -> Void = { payload in
        var scanner = JSONScanner(payload)
        guard let draft = try? PositionDraft(&scanner, Identity(engineer)) else { return }
        _ = try? draft.report(engineer)
    }

    private static let photo: @Sendable ([UInt8]) -> Void = { _ = try? PhotoEnvelope($0, by: engineer) }

    /// What every decoder promises of what came out.
    static func check(_ decoded: Decoded?) {
        guard let decoded else { return }
        precondition(decoded.rejections.count <= Limits.rejectionsPerMessage + 1)
        var count = 0
        for series in decoded.series {
            precondition(zip(series.readings, series.readings.dropFirst()).allSatisfy { $0.at <= $1.at }, "no order")
            count += series.readings.count
            for reading in series.readings {
                precondition(!reading.values.isEmpty)
                for measure in Measure.allCases {
                    precondition(reading.values[measure].map(measure.plausible.contains) ?? true, "implausible")
                }
            }
        }
        precondition(count <= Limits.readingsPerPayload)
    }
}
