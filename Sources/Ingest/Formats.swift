import Domain
import Store

/// The formats of the field, with what they remember from one message to the next.
///
///     fieldloop/v1/{site}/{asset}/{point}/reading    native JSON         ReadingScanner, ReadingDecoder
///     fieldloop/v1/{site}/{asset}/{point}/waveform   native waveform     Waveform/
///     fieldloop/v1/{site}/senml                      SenML JSON or CBOR  SenML/
///     spBv1.0/#                                      Sparkplug B         Sparkplug/
///     v1/gateway/telemetry, v1/devices/+/telemetry   ThingsBoard         ThingsBoard/
///     what a source profile says                     its senders'        Profile/
///
/// A value: a burst works on a copy, which takes the original's place when the burst has been committed.
struct Formats: Sendable {
    private let profiles: Profiles
    /// As of the last import.
    var sources = SourceMap()
    private var sparkplug: SparkplugHost
    /// Topics come again and again.
    private var routes: [String: Route] = [:]

    /// - Parameter sessions: what protocols remembered of their senders when they were last asked for `changes`.
    init(profiles: Profiles, sessions: [String: [UInt8]]) {
        self.profiles = profiles
        sparkplug = SparkplugHost(stored: sessions)
    }

    mutating func route(_ topic: String) throws(Rejection) -> Route {
        if let known = routes[topic] { return known }
        let route = try Route(topic.split(separator: "/", omittingEmptySubsequences: false), profiles)
        if routes.count >= Limits.rememberedTopics { routes = [:] }
        routes[topic] = route
        return route
    }

    mutating func decode(
        _ message: RawMessage, _ route: Route, _ origin: Origin, at now: Instant
    ) throws(Rejection) -> Decoded {
        let payload = message.payload
        switch route {
        case .reading(let site, let point):
            return try ReadingDecoder.decode(payload, site: site, point: point, origin: origin)
        case .waveform(let site, let point):
            var decoded = Decoded()
            decoded.waveforms = [try decodeWaveform(payload, site: site, point: point, origin: origin)]
            return decoded
        case .senML(let site):
            return try decodeSenML(payload, site: site, sources: sources, now: now, origin: origin).orNothing(
                "no record has a value; SenML (RFC 8428) is an array of records")
        case .thingsBoard(.other): return Decoded()
        case .thingsBoard(let topic):
            return try decodeThingsBoard(payload, topic, sources: sources, now: now, origin: origin).orNothing(
                "no device has a value")
        case .sparkplug(let levels):
            let outcome = try sparkplug.take(
                levels, payload, origin: origin, sources: sources, at: now, isRetained: message.isRetained)
            var decoded = outcome.decoded
            (decoded.gaps, decoded.requests) = (outcome.gaps, outcome.requests)
            return decoded
        case .profile(let levels):
            return try profiles.decode(payload, topic: levels, sources: sources, now: now, origin: origin)
        case .photo, .position, .answer: return Decoded()
        }
    }

    /// What sessions must remember of a burst, for its own transaction.
    mutating func changes() -> [Input] { sparkplug.changes().map { Input(.sender($0.key, state: $0.value)) } }
}

extension Decoded {
    /// What nothing came of is not passed over in silence.
    fileprivate func orNothing(_ detail: String) throws(Rejection) -> Decoded {
        if self == Decoded() { throw Rejection(.noMeasure, detail) }
        return self
    }
}
