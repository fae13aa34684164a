import Glibc
import Synchronization
import Testing

/// A broker that says what a test tells it to, in plain sockets, and keeps every packet that it was sent.
///
/// The script runs once for each connection, one after the other, on a thread of the broker's own.
final class ScriptedBroker: Sendable {
    let port: UInt16
    private let listener: Int32
    private let connections = Mutex<[Peer]>([])

    init(_ script: @escaping @Sendable (_ peer: Peer, _ number: Int) throws -> Void) throws {
        (listener, port) = try listenSocket()
        try ScriptThread.run { [listener, self] in
            var number = 0
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                number += 1
                let peer = Peer(descriptor)
                connections.withLock { $0.append(peer) }
                // A script that ends, or throws because the client went away, ends the connection.
                try? script(peer, number)
                peer.hangUp()
                // Descriptors are closed here alone: closed by another thread, the number could be another socket's
                // by the time that this one uses it.
                close(descriptor)
            }
            close(listener)
        }
    }

    /// Ends listening, and every connection.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        for peer in peers { peer.hangUp() }
    }

    var peers: [Peer] { connections.withLock { $0 } }
}

/// One client as the scripted broker sees it.
final class Peer: Sendable {
    struct Gone: Error {}
    struct Packet: Sendable, Equatable {
        /// First byte: type and flags.
        var header: UInt8
        var body: [UInt8]
        var type: PacketType? { PacketType(rawValue: header >> 4) }
        /// Where the packet begins with its identifier.
        var id: UInt16 { UInt16(body[0]) << 8 | UInt16(body[1]) }
    }

    enum PacketType: UInt8 {
        case connect = 1, connack, publish, puback
        case subscribe = 8, suback
        case pingreq = 12, disconnect = 14
    }

    private let descriptor: Int32
    private let isOpen = Mutex(true)
    private let log = Mutex<[Packet]>([])

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        // A script that waits for ever would keep the test from ending.
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Everything that this client has sent and the script has read.
    var packets: [Packet] { log.withLock { $0 } }
    var acknowledged: [UInt16] { packets.filter { $0.type == .puback }.map(\.id) }

    func hangUp() {
        isOpen.withLock { isOpen in
            if isOpen { shutdown(descriptor, Int32(SHUT_RDWR)) }
            isOpen = false
        }
    }

    /// The next packet; throws when the client has gone.
    @discardableResult
    func next() throws -> Packet {
        let header = try read(1)[0]
        var length = 0
        var shift = 0
        while true {
            let byte = try read(1)[0]
            length |= Int(byte & 0x7F) << shift
            shift += 7
            if byte & 0x80 == 0 { break }
        }
        let packet = Packet(header: header, body: try read(length))
        log.withLock { $0.append(packet) }
        return packet
    }

    @discardableResult
    func next(_ type: PacketType) throws -> Packet {
        while true {
            let packet = try next()
            if packet.type == type { return packet }
        }
    }

    /// Reads until the client has gone.
    func readToEnd() { while (try? next()) != nil {} }

    /// How many bytes come within a time in which none should.
    func unread(after milliseconds: Int32) -> Int {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, milliseconds) > 0 else { return 0 }
        var scrap = [UInt8](repeating: 0, count: 4096)
        return recv(descriptor, &scrap, scrap.count, Int32(MSG_PEEK))
    }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// CONNECT … CONNACK, SUBSCRIBE … SUBACK.
    func welcome(sessionPresent: Bool = false, subscribing: Bool = true) throws {
        try next(.connect)
        send(connack(sessionPresent: sessionPresent))
        guard subscribing else { return }
        send(suback(for: try next(.subscribe)))
    }

    func connack(sessionPresent: Bool = false, reason: UInt8 = 0) -> [UInt8] {
        packet(0x20, [sessionPresent ? 1 : 0, reason] + noProperties)
    }

    func suback(for subscribe: Packet, granted: UInt8 = 1) -> [UInt8] {
        packet(0x90, subscribe.body.prefix(2) + noProperties + [granted])
    }

    func puback(for publish: Packet, reason: UInt8 = 0) -> [UInt8] {
        let topicLength = Int(publish.body[0]) << 8 | Int(publish.body[1])
        return packet(0x40, publish.body[(2 + topicLength)...].prefix(2) + (noProperties.isEmpty ? [] : [reason]))
    }

    /// PUBLISH at QoS 1.
    func publish(_ text: String, to topic: String = "t/a", id: UInt16) -> [UInt8] {
        let head = [0, UInt8(topic.utf8.count)] + topic.utf8 + [UInt8(id >> 8), UInt8(id & 0xFF)]
        return packet(0x32, head + noProperties + Array(text.utf8))
    }

    /// Short enough for one byte of length.
    private func packet(_ header: UInt8, _ body: [UInt8]) -> [UInt8] { [header, UInt8(body.count)] + body }

    /// The length of an empty list of properties, of which MQTT 3.1.1 knows nothing.
    private var noProperties: [UInt8] { packets.first { $0.type == .connect }?.body[6] == 4 ? [] : [0] }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var chunk = [UInt8](repeating: 0, count: count - bytes.count)
            let got = recv(descriptor, &chunk, chunk.count, 0)
            guard got > 0 else { throw Gone() }
            bytes += chunk.prefix(got)
        }
        return bytes
    }
}

/// A detached thread for a script, which blocks.
enum ScriptThread {
    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func run(_ body: @escaping @Sendable () -> Void) throws {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Work(body)).toOpaque())
        try #require(code == 0)
        pthread_detach(thread)
    }
}
