import Glibc
import Synchronization
import Testing

/// Stands between a client and a broker and breaks what passes: as networks do, and no broker would.
final class Proxy: Sendable {
    let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let state = Mutex(State())

    private struct State {
        var isSwallowing = false
        var isStopped = false
        /// Grows with each `reset`; a connection of an older generation is torn.
        var generation = 0
    }

    init(to target: UInt16) throws {
        self.target = target
        (listener, port) = try listenSocket()
        try ScriptThread.run { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                let generation = state.withLock { $0.generation }
                try? ScriptThread.run { self.carry(client, generation) }
            }
            close(listener)
        }
    }

    /// A black hole: connections stay open, and nothing that is sent arrives.
    func swallow(_ isSwallowing: Bool) { state.withLock { $0.isSwallowing = isSwallowing } }

    /// TCP resets both ways on all connections.
    func reset() { state.withLock { $0.generation += 1 } }

    var resets: Int { state.withLock { $0.generation } }

    func stop() {
        state.withLock { $0.isStopped = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func carry(_ client: Int32, _ generation: Int) {
        guard let server = try? connectedSocket(to: target) else {
            close(client)
            return
        }
        var isTorn = false
        var polled = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        copying: while true {
            let (isSwallowing, isStopped, current) = state.withLock { ($0.isSwallowing, $0.isStopped, $0.generation) }
            isTorn = current != generation
            if isTorn || isStopped { break }
            guard poll(&polled, 2, 2) > 0 else { continue }
            for side in 0...1 where polled[side].revents != 0 {
                let count = recv(polled[side].fd, &bytes, bytes.count, 0)
                guard count > 0 else { break copying }
                if !isSwallowing { sendAll(bytes.prefix(count), to: polled[1 - side].fd) }
            }
        }
        for descriptor in [client, server] {
            // Closing with no time to linger sends RST.
            var linger = linger(l_onoff: isTorn ? 1 : 0, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
            close(descriptor)
        }
    }

    private func sendAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        var left = bytes
        while !left.isEmpty {
            let count = left.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            left = left.dropFirst(count)
        }
    }
}
