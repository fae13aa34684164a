internal import CMosquitto
internal import Glibc

/// Why a call into libmosquitto, or the broker behind it, did not do what was asked.
///
/// One number, in three ranges that do not overlap: `MOSQ_ERR_*` (−4…31), MQTT 5 reason codes of CONNACK, SUBACK,
/// PUBACK and DISCONNECT (128…255), and the system's `errno` (from 65,536).
public struct MosquittoError: Error, RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The system's `errno`, where the library says no more than `MOSQ_ERR_ERRNO`.
    public static func system(_ errno: Int32) -> MosquittoError { MosquittoError(rawValue: systemBase + errno) }

    /// The `errno` behind ``system(_:)``; nil for the library's and the broker's own errors.
    public var systemError: Int32? { rawValue >= Self.systemBase ? rawValue - Self.systemBase : nil }

    private static let systemBase: Int32 = 1 << 16
}

extension MosquittoError {
    /// `MOSQ_ERR_NOMEM`.
    public static let outOfMemory = MosquittoError(MOSQ_ERR_NOMEM)
    /// `MOSQ_ERR_PROTOCOL`: the other side does not speak MQTT as agreed.
    public static let protocolViolated = MosquittoError(MOSQ_ERR_PROTOCOL)
    /// `MOSQ_ERR_INVAL`: an argument, or a TLS file that cannot be read.
    public static let invalidArgument = MosquittoError(MOSQ_ERR_INVAL)
    /// `MOSQ_ERR_NO_CONN`: there is no connection.
    public static let notConnected = MosquittoError(MOSQ_ERR_NO_CONN)
    /// `MOSQ_ERR_CONN_LOST`: the broker went away.
    public static let connectionLost = MosquittoError(MOSQ_ERR_CONN_LOST)
    /// `MOSQ_ERR_TLS`: certificate, key or hand-shake.
    public static let tls = MosquittoError(MOSQ_ERR_TLS)
    /// `MOSQ_ERR_PAYLOAD_SIZE`: more than MQTT can carry.
    public static let payloadTooLarge = MosquittoError(MOSQ_ERR_PAYLOAD_SIZE)
    /// `MOSQ_ERR_EAI`: the broker's name cannot be looked up.
    public static let nameNotFound = MosquittoError(MOSQ_ERR_EAI)
    /// `MOSQ_ERR_KEEPALIVE`: no answer to a ping.
    public static let keepAlive = MosquittoError(MOSQ_ERR_KEEPALIVE)
    /// `MOSQ_ERR_OVERSIZE_PACKET`: more than the broker said that it takes.
    public static let packetTooLarge = MosquittoError(MOSQ_ERR_OVERSIZE_PACKET)
    /// `MOSQ_ERR_TIMEOUT`.
    public static let timeout = MosquittoError(MOSQ_ERR_TIMEOUT)

    /// CONNACK `MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION`: the broker does not speak MQTT 5.
    public static let protocolVersionNotSupported = MosquittoError(MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION)
    /// CONNACK `MQTT_RC_CLIENTID_NOT_VALID`.
    public static let clientIDNotValid = MosquittoError(MQTT_RC_CLIENTID_NOT_VALID)
    /// CONNACK `MQTT_RC_BAD_USERNAME_OR_PASSWORD`.
    public static let badCredentials = MosquittoError(MQTT_RC_BAD_USERNAME_OR_PASSWORD)
    /// CONNACK, SUBACK, PUBACK `MQTT_RC_NOT_AUTHORIZED`: wrong password (mosquitto says it so) or the access list.
    public static let notAuthorized = MosquittoError(MQTT_RC_NOT_AUTHORIZED)
    /// CONNACK `MQTT_RC_SERVER_UNAVAILABLE`.
    public static let brokerUnavailable = MosquittoError(MQTT_RC_SERVER_UNAVAILABLE)
    /// DISCONNECT `MQTT_RC_SESSION_TAKEN_OVER`: somebody else connected with our client id.
    public static let sessionTakenOver = MosquittoError(MQTT_RC_SESSION_TAKEN_OVER)
    /// PUBACK `MQTT_RC_QUOTA_EXCEEDED`; here also: too many publishes are waiting.
    public static let quotaExceeded = MosquittoError(MQTT_RC_QUOTA_EXCEEDED)
    /// SUBACK granted less than QoS 1, at which nothing is acknowledged and so nothing kept for us.
    public static let qosNotGranted = MosquittoError(MQTT_RC_QOS_NOT_SUPPORTED)

    /// The task that waited was cancelled, or the client closed.
    public static let cancelled = system(ECANCELED)

    private init(_ code: mosq_err_t) { self.init(rawValue: code.rawValue) }
    private init(_ code: mqtt5_return_codes) { self.init(rawValue: Int32(code.rawValue)) }
}

extension MosquittoError {
    /// The one place where a C return code becomes Swift. Call it right after the C function: it reads `errno`.
    static func check(_ code: CInt) throws(MosquittoError) {
        switch code {
        case MOSQ_ERR_SUCCESS.rawValue, MOSQ_ERR_CONN_PENDING.rawValue: return
        case MOSQ_ERR_ERRNO.rawValue: throw errno == 0 ? .connectionLost : .system(errno)
        default: throw MosquittoError(rawValue: code)
        }
    }

    /// A reason code of CONNACK, SUBACK, PUBACK or DISCONNECT; nil when it reports success (below 128).
    init?(reasonCode: CInt) {
        guard reasonCode >= CInt(MQTT_RC_UNSPECIFIED.rawValue) else { return nil }
        self.init(rawValue: reasonCode)
    }

    /// CONNACK's return code as a reason code: MQTT 3.1.1 has five refusals of its own, counted from 1.
    static func reasonCode(ofGreeting code: CInt) -> CInt {
        let refusals = [
            MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION, MQTT_RC_CLIENTID_NOT_VALID, MQTT_RC_SERVER_UNAVAILABLE,
            MQTT_RC_BAD_USERNAME_OR_PASSWORD, MQTT_RC_NOT_AUTHORIZED,
        ]
        return (1...5).contains(code) ? CInt(refusals[Int(code) - 1].rawValue) : code
    }

    /// `getsockopt(SO_ERROR)`: what became of a connect that did not block; nil when nothing went wrong.
    init?(ofSocket socket: CInt) {
        var code: CInt = 0
        var size = socklen_t(MemoryLayout.size(ofValue: code))
        guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code != 0 else { return nil }
        self = .system(code)
    }
}

extension MosquittoError: CustomStringConvertible {
    /// In words, after `mosquitto_strerror`, `mosquitto_reason_string` or `strerror`, with the number.
    public var description: String {
        if let systemError { return "\(String(cString: strerror(systemError))) (errno \(systemError))" }
        if self == .timeout { return "Timed out (code \(rawValue))" }  // `mosquitto_strerror` does not know it.
        let reason = rawValue >= Int32(MQTT_RC_UNSPECIFIED.rawValue)
        let text = reason ? mosquitto_reason_string(rawValue) : mosquitto_strerror(rawValue)
        let words = text.map { String(cString: $0) } ?? "unknown error"
        return "\(words.hasSuffix(".") ? String(words.dropLast()) : words) (\(reason ? "reason" : "code") \(rawValue))"
    }
}
