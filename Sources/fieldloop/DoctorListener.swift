import AsyncHTTPClient
import Domain
import Foundation
import Glibc
import NIOCore
import NIOSSL

extension Examination {
    /// The board's address: free, or ours already.
    func checkListener() async -> [Finding] {
        let place = settings["http.listen"]
        guard let (host, port) = try? settings.listener() else { return [] }
        guard port != 0 else { return [.fine("board", "takes whatever port is free")] }
        switch bindError(host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port) {
        case 0:
            guard isHeld(settings["data.dir"]) else {
                return [.fine("board", "\(place) is free, no service runs on it")]
            }
            return [
                .doubt(
                    "board", "a service is at work on \(settings["data.dir"]), but not on \(place)",
                    "run doctor with the service's own --config and --set")
            ]
        case EADDRINUSE: return await whoAnswers(place, host, port)
        case EACCES:
            return [
                .fault("board", "\(place): this user may not listen there", "take a port from 1024 up for http.listen")
            ]
        case EADDRNOTAVAIL:
            return [.fault("board", "\(place) is no address of this machine", "set http.listen to one of its own")]
        case let code:
            return [.fault("board", "\(place): \(String(cString: strerror(code)))", "check http.listen")]
        }
    }

    /// `bind`; 0 when it can be done. Nothing listens afterwards.
    private func bindError(_ host: String, _ port: Int) -> CInt {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let address = list?.pointee else {
            return EADDRNOTAVAIL
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(
            address.ai_family, address.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), address.ai_protocol)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var yes: CInt = 1
        // As the service does: connections of an earlier run that are still closing are no hindrance.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
        guard Glibc.bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 else { return errno }
        return Glibc.listen(descriptor, 1) == 0 ? 0 : errno
    }

    private func whoAnswers(_ place: String, _ host: String, _ port: Int) async -> [Finding] {
        guard let health = await health(host, port) else {
            return [
                .fault(
                    "board", "\(place) is taken by another program", "stop it, or set http.listen to another address")
            ]
        }
        var findings: [Finding] = []
        if health.store != "ok" {
            findings.append(.fault("board", "the service says that its store is \(health.store)", "look at its log"))
        }
        if health.broker != "connected" {
            findings.append(.doubt("board", "the service says that a broker is away", "see the broker's line above"))
        }
        for loss in health.sessionLosses {
            findings.append(
                .doubt(
                    "board", "the service says that \(loss.broker) has lost our session (\(loss.session))",
                    "see the page Intake and ops/runbook.md"))
        }
        if let rate = health.clockRate.flatMap(Double.init), rate != 1 {
            let remedy = "good for a demonstration only; without --clock-rate it keeps the wall's time"
            findings.append(.doubt("board", "the service's clock runs \(rate) times as fast", remedy))
        }
        return findings.isEmpty ? [.fine("board", "the service answers on \(place)")] : findings
    }

    /// What we read of `/healthz`.
    private struct Health: Decodable {
        struct Loss: Decodable {
            var broker: String
            var session: String
        }
        var store: String
        var broker: String
        var clockRate: String?
        var sessionLosses: [Loss]
    }

    /// `/healthz`; nil when nobody answers as we do.
    private func health(_ host: String, _ port: Int) async -> Health? {
        // The certificate is made for the name that people use, not for this one; its date is looked at elsewhere.
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        let http = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: tls))
        let address = ["0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "[::1]", "::1": "[::1]"][host] ?? host
        let scheme = settings.optional("http.tls.cert") == nil ? "http" : "https"
        var found: Health?
        do {
            let request = HTTPClientRequest(url: "\(scheme)://\(address):\(port)/healthz")
            let response = try await http.execute(request, timeout: .seconds(3))
            let body = try await response.body.collect(upTo: Limits.requestBody)
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            found = try decoder.decode(Health.self, from: Data(body.readableBytesView))
        } catch {}
        try? await http.shutdown()
        return found
    }
}
