import Glibc
import Testing

func freePort() throws -> UInt16 {
    let listener = try listenSocket()
    defer { close(listener.descriptor) }
    return listener.port
}

/// A listening socket of the loopback on a port that the system picks.
func listenSocket() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
        }
    }
    try #require(isListening)
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

func canConnect(to port: UInt16) -> Bool {
    guard let descriptor = try? connectedSocket(to: port) else { return false }
    close(descriptor)
    return true
}

func connectedSocket(to port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port)
    let code = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    if code != 0 {
        close(descriptor)
        throw NeverHappened(what: "a connection to port \(port)")
    }
    return descriptor
}

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
