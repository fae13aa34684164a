internal import Glibc

/// What a link needs to know to connect.
struct LinkSettings: Sendable {
    var broker: Broker
    var clientID: String
    /// Forget what the broker kept for this client id.
    var cleanStart: Bool
    /// How long the broker keeps session and queue after the connection ends; zero = not at all.
    var sessionExpiry: Duration
    /// Unacknowledged messages in each direction.
    var receiveWindow: Int
    var sendWindow: Int
    var filters: [TopicFilter]
    /// What the broker says for us when the connection breaks.
    var will: Publication?
    var timing: LinkTiming
}

/// Why a link has to be made anew.
enum LinkFailure: Error {
    /// `detail`: what the library logged about it.
    case link(MosquittoError, detail: String?)
    case handler(reason: String, after: Duration)
}

/// One connection's life, from the first packet to DISCONNECT or a broken socket.
struct Connection: ~Copyable {
    private let client: Client
    let inbox: Inbox
    private let control: LoopControl

    /// Connects, waits for the broker's consent and asks for the subscriptions, trying all addresses of the broker's
    /// name in turn.
    ///
    /// Throws the broker's reason when it refused, and `.cancelled` when the loop was told to stop.
    static func open(
        _ settings: LinkSettings, _ inbox: Inbox, _ control: LoopControl,
        lookUp: (String) throws(MosquittoError) -> [Address] = Address.lookUp
    ) throws(LinkFailure) -> Connection {
        do throws(MosquittoError) {
            var failure = MosquittoError.nameNotFound
            for address in try lookUp(settings.broker.host) {
                do throws(MosquittoError) {
                    return try Connection(to: address, settings, inbox, control)
                } catch {
                    // Somebody answered, or we are to stop: another address would not change that.
                    if control.isStopping || error.systemError == nil && error != .timeout { throw error }
                    failure = error
                }
            }
            throw failure
        } catch {
            throw inbox.failure(error)
        }
    }

    private init(
        to address: Address, _ settings: LinkSettings, _ inbox: Inbox, _ control: LoopControl
    ) throws(MosquittoError) {
        let client = try Client(id: settings.clientID, cleanStart: settings.cleanStart, inbox: inbox)
        let broker = settings.broker
        try client.configure(
            broker.protocolVersion, receiveWindow: settings.receiveWindow, sendWindow: settings.sendWindow)
        if let will = settings.will { try client.setWill(will) }
        if let credentials = broker.credentials { try client.authenticate(credentials) }
        if let tls = broker.tls { try client.secure(tls) }
        // A certificate is checked against the name, so the name must go in; the local address then picks the family.
        try client.connect(
            to: broker.tls == nil ? address.text : broker.host, port: broker.port,
            from: broker.tls == nil ? nil : address.anyLocal, keepAlive: settings.timing.keepAlive,
            sessionExpiry: broker.protocolVersion == .v5 ? settings.sessionExpiry : nil)
        try Self.awaitGreeting(client, inbox, control, within: settings.timing.connect)
        client.muteLog()
        if !settings.filters.isEmpty { try client.subscribe(settings.filters) }
        self.client = client
        self.inbox = inbox
        self.control = control
    }

    /// Drives the hand-shakes of TCP, TLS and MQTT. Writes only until CONNACK: what the broker may have sent right
    /// behind it must not be acknowledged here.
    private static func awaitGreeting(
        _ client: borrowing Client, _ inbox: Inbox, _ control: LoopControl, within limit: Duration
    ) throws(MosquittoError) {
        let deadline = ContinuousClock.now + limit
        var reached = false
        while inbox.greeting == nil {
            if control.isStopping { throw .cancelled }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw .timeout }
            guard let socket = client.socket else { throw .connectionLost }
            // Only until TCP is up: during a TLS hand-shake a socket that can be written to would keep us spinning.
            let ready = control.wait(on: socket, forWriting: !reached, atMost: left)
            if ready.isBroken, let error = MosquittoError(ofSocket: socket) { throw error }
            reached = reached || ready.isWritable
            guard ready.isReadable || ready.isWritable || ready.isBroken else { continue }
            try client.loopRead()
            // A reset amid the TLS hand-shake is no error to the library, however often it is asked.
            if ready.isBroken, inbox.greeting == nil { throw .connectionLost }
            if inbox.greeting == nil { try client.loopWrite() }
        }
        if let reason = inbox.greeting?.reason, let refusal = MosquittoError(reasonCode: reason) { throw refusal }
    }

    /// Reads at most one packet (over TLS: what one record holds); whether anything came of it.
    func read() throws(LinkFailure) -> Bool {
        let before = inbox.events
        do {
            try client.loopRead()
        } catch {
            throw inbox.failure(error)
        }
        // A DISCONNECT from the broker is a success to the library; only the socket is gone.
        if client.socket == nil { throw inbox.failure(.connectionLost) }
        return inbox.events != before
    }

    /// Queues a ping when one is due, and lets everything queued out as far as the socket takes it.
    ///
    /// A burst's acknowledgements are four bytes each and the library writes each by itself; corked, they travel
    /// together, which spares the network and above all the broker a wake-up for each.
    func flush() throws(LinkFailure) {
        do throws(MosquittoError) {
            try client.loopMisc()
            guard client.wantsWrite, let socket = client.socket else { return }
            cork(socket, true)
            defer { if let socket = client.socket { cork(socket, false) } }
            try client.loopWrite()
        } catch {
            throw inbox.failure(error)
        }
    }

    /// `setsockopt(TCP_CORK)`; a system that refuses is only slower.
    private func cork(_ socket: CInt, _ isOn: Bool) {
        var flag: CInt = isOn ? 1 : 0
        setsockopt(socket, CInt(IPPROTO_TCP), TCP_CORK, &flag, socklen_t(MemoryLayout.size(ofValue: flag)))
    }

    /// Until the broker has sent something or takes more, somebody wakes the loop, or `limit` has passed.
    func wait(atMost limit: Duration) {
        _ = control.wait(on: client.socket, forWriting: client.wantsWrite, atMost: limit)
    }

    /// Whether SUBACK has just come. Throws when it grants less than QoS 1 for a filter.
    func takeSubscribed() throws(LinkFailure) -> Bool {
        guard let granted = inbox.takeGranted() else { return false }
        for code in granted {
            if let refusal = MosquittoError(reasonCode: code) { throw inbox.failure(refusal) }
            guard code >= QoS.atLeastOnce.rawValue else { throw inbox.failure(.qosNotGranted) }
        }
        return true
    }

    /// Queues a message; returns the packet identifier that its acknowledgement will carry.
    func publish(_ message: Publication) throws(MosquittoError) -> UInt16 { try client.publish(message) }

    /// `shutdown(2)`: from here on not a byte leaves, whatever the library has queued.
    func cut() {
        if let socket = client.socket { shutdown(socket, CInt(SHUT_RDWR)) }
    }

    /// Sends everything queued and DISCONNECT, then waits for the broker to close.
    ///
    /// The library closes its socket as soon as DISCONNECT is written. With unread data in it that is a reset, which
    /// can make the broker drop acknowledgements that it has not read yet; so a second descriptor keeps the socket
    /// open, and it is read to its end.
    consuming func close(within limit: Duration) throws(LinkFailure) {
        do throws(MosquittoError) {
            guard let socket = client.socket else { throw .notConnected }
            let kept = dup(socket)
            guard kept >= 0 else { throw .system(errno) }
            defer { Glibc.close(kept) }
            let deadline = ContinuousClock.now + limit
            try client.disconnect()
            try client.loopWrite()
            while client.socket != nil {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { throw .timeout }
                _ = control.wait(on: kept, forWriting: true, atMost: left)
                try client.loopWrite()
            }
            shutdown(kept, CInt(SHUT_WR))
            drain(kept, until: deadline)
        } catch {
            throw inbox.failure(error)
        }
    }

    private func drain(_ socket: CInt, until deadline: ContinuousClock.Instant) {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { scrap in
            while case let left = ContinuousClock.now.duration(to: deadline), left > .zero {
                _ = control.wait(on: socket, atMost: left)
                let count = Glibc.read(socket, scrap.baseAddress, scrap.count)
                if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { return }
            }
        }
    }
}

extension Inbox {
    /// What the broker said in CONNACK or DISCONNECT, otherwise what the library made of it, with its own words.
    func failure(_ error: MosquittoError) -> LinkFailure {
        let said = [greeting?.reason, farewell].lazy.compactMap { $0 }.compactMap { MosquittoError(reasonCode: $0) }
        return .link(said.first ?? error, detail: complaint)
    }
}
