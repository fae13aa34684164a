internal import CMosquitto
internal import Glibc

/// One `struct mosquitto *`, from `mosquitto_new` to `mosquitto_destroy`; one for each connection.
///
/// A handle is never connected twice. What the library had queued dies with it, acknowledgements above all, without a
/// byte being written. Not `Sendable`: it stays on the thread that made it.
struct Client: ~Copyable {
    private let handle: OpaquePointer
    /// Held because the handle's `userdata` points to it.
    private let inbox: Inbox

    /// `mosquitto_new`, which also makes the whole process ignore SIGPIPE.
    init(id: String, cleanStart: Bool, inbox: Inbox) throws(MosquittoError) {
        try Library.initialise()
        guard let handle = mosquitto_new(id, cleanStart, nil) else { throw .system(errno) }
        self.handle = handle
        self.inbox = inbox
        inbox.attach(to: handle)
    }

    deinit { mosquitto_destroy(handle) }

    /// `mosquitto_username_pw_set`.
    func authenticate(_ credentials: Credentials) throws(MosquittoError) {
        try MosquittoError.check(mosquitto_username_pw_set(handle, credentials.username, credentials.password))
    }

    /// `mosquitto_tls_set`.
    func secure(_ tls: TLS) throws(MosquittoError) {
        try MosquittoError.check(
            mosquitto_tls_set(handle, tls.authority, nil, tls.identity?.certificate, tls.identity?.key) {
                // Asked for the pass phrase of an encrypted key. Without an answer OpenSSL would ask the terminal.
                _, _, _, _ in 0
            })
    }

    /// `mosquitto_int_option` and `mosquitto_threaded_set`: the protocol, a loop that the caller drives, and how many
    /// messages may be unacknowledged in each direction.
    func configure(
        _ version: Broker.ProtocolVersion, receiveWindow: Int, sendWindow: Int
    ) throws(MosquittoError) {
        try set(MOSQ_OPT_PROTOCOL_VERSION, Int(version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311))
        try set(MOSQ_OPT_RECEIVE_MAXIMUM, receiveWindow)
        try set(MOSQ_OPT_SEND_MAXIMUM, sendWindow)
        // Acknowledgements are tiny and must not wait for more to send.
        try set(MOSQ_OPT_TCP_NODELAY, 1)
        // Before connect: otherwise the library writes packets, PUBACKs too, the moment that it queues them.
        try MosquittoError.check(mosquitto_threaded_set(handle, true))
    }

    private func set(_ option: mosq_opt_t, _ value: Int) throws(MosquittoError) {
        try MosquittoError.check(mosquitto_int_option(handle, option, CInt(clamping: value)))
    }

    /// `mosquitto_will_set`: what the broker says for us when the connection ends without DISCONNECT.
    func setWill(_ will: Publication) throws(MosquittoError) {
        try MosquittoError.check(
            mosquitto_will_set(
                handle, will.topic.text, CInt(clamping: will.payload.count), will.payload, will.qos.rawValue,
                will.retain))
    }

    /// `mosquitto_connect_bind_v5`, then `mosquitto_connect_bind_async`: begins to connect, without waiting for it.
    ///
    /// Only the former takes properties, and it blocks for minutes when the address is a black hole. Given no address
    /// it keeps the properties and gives up at once; the latter then connects with them, without blocking. MQTT 3.1.1
    /// (`sessionExpiry` nil) has none.
    func connect(
        to host: String, port: UInt16, from local: String?, keepAlive: Duration, sessionExpiry: Duration?
    ) throws(MosquittoError) {
        let keepAlive = CInt(clamping: keepAlive.components.seconds)
        if let sessionExpiry {
            var properties: OpaquePointer?
            defer { mosquitto_property_free_all(&properties) }
            try MosquittoError.check(
                mosquitto_property_add_int32(
                    &properties, CInt(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue),
                    UInt32(clamping: sessionExpiry.components.seconds)))
            _ = mosquitto_connect_bind_v5(handle, "", 0, keepAlive, nil, properties)
        }
        try MosquittoError.check(mosquitto_connect_bind_async(handle, host, CInt(port), keepAlive, local))
    }

    /// `mosquitto_log_callback_set`: the library words a line for each packet as long as somebody might listen, which
    /// costs as much as all that we do with a message. What it has to say, it says while connecting.
    func muteLog() { mosquitto_log_callback_set(handle, nil) }

    /// `mosquitto_socket`; nil once the library has closed it.
    var socket: CInt? {
        let socket = mosquitto_socket(handle)
        return socket < 0 ? nil : socket
    }

    /// `mosquitto_want_write`.
    var wantsWrite: Bool { mosquitto_want_write(handle) }

    /// `mosquitto_loop_read`: at most one packet (over TLS: what one record holds).
    func loopRead() throws(MosquittoError) { try MosquittoError.check(mosquitto_loop_read(handle, 1)) }

    /// `mosquitto_loop_write`: everything queued, as far as the socket takes it.
    func loopWrite() throws(MosquittoError) { try MosquittoError.check(mosquitto_loop_write(handle, 1)) }

    /// `mosquitto_loop_misc`: queues a ping when one is due.
    func loopMisc() throws(MosquittoError) { try MosquittoError.check(mosquitto_loop_misc(handle)) }

    /// `mosquitto_subscribe_multiple`, at QoS 1.
    func subscribe(_ filters: [TopicFilter]) throws(MosquittoError) {
        let texts = filters.map { strdup($0.text) }
        defer { for text in texts { free(text) } }
        try MosquittoError.check(
            mosquitto_subscribe_multiple(handle, nil, CInt(texts.count), texts, QoS.atLeastOnce.rawValue, 0, nil))
    }

    /// `mosquitto_publish_v5`: queues a message and returns its packet identifier.
    func publish(_ message: Publication) throws(MosquittoError) -> UInt16 {
        var id: CInt = 0
        try MosquittoError.check(
            mosquitto_publish_v5(
                handle, &id, message.topic.text, CInt(clamping: message.payload.count), message.payload,
                message.qos.rawValue, message.retain, nil))
        return UInt16(truncatingIfNeeded: id)
    }

    /// `mosquitto_disconnect_v5`: queues DISCONNECT behind everything else; the library closes the socket on writing it.
    func disconnect() throws(MosquittoError) { try MosquittoError.check(mosquitto_disconnect_v5(handle, 0, nil)) }
}

/// libmosquitto itself.
private enum Library {
    /// `mosquitto_lib_init`, which is not thread-safe; a static is initialised once. There is no moment for
    /// `mosquitto_lib_cleanup`: the process uses the library until it ends.
    private static let outcome = mosquitto_lib_init()

    static func initialise() throws(MosquittoError) { try MosquittoError.check(outcome) }
}
