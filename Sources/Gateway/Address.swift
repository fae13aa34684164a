internal import Glibc

/// One of the addresses behind a broker's name. The library, when told not to block, would try the first alone, and
/// `localhost` often is ::1 first where the broker listens on 127.0.0.1.
struct Address {
    /// `192.0.2.1`, `2001:db8::1`.
    var text: String
    /// The local address that ties a socket to this address's family.
    var anyLocal: String

    /// `getaddrinfo`. Blocks as long as the resolver does.
    static func lookUp(_ host: String) throws(MosquittoError) -> [Address] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw .nameNotFound }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.compactMap { $0.flatMap(Address.init) }
    }

    private init?(_ info: UnsafeMutablePointer<addrinfo>) {
        guard info.pointee.ai_family == AF_INET || info.pointee.ai_family == AF_INET6 else { return nil }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let failed = getnameinfo(
            info.pointee.ai_addr, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard failed == 0 else { return nil }
        self.text = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        anyLocal = info.pointee.ai_family == AF_INET ? "0.0.0.0" : "::"
    }
}
