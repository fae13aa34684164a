import Domain
import Foundation
public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
public import Store

/// The web side: pages, API, uploads and live updates over one store.
///
/// Knows no other adapter; what it needs of them comes in as `BoardDoors`.
public struct Board: Sendable {
    let store: Store
    let options: BoardOptions
    let doors: BoardDoors
    let keys: BoardKeys
    let pages: Pages
    let signIns = SignInCounts()
    let log: Logger

    /// Reads the pages from the bundle and Chart.js from the disk.
    /// - Throws: when a page is missing or broken (an installation fault, not one of a request), or the store fails.
    public init(
        store: Store, options: BoardOptions, doors: BoardDoors, keys: BoardKeys, log: Logger
    ) throws {
        self.store = store
        self.options = options
        self.doors = doors
        self.keys = keys
        self.log = log
        pages = try Pages(chartJS: options.chartJS)
        try store.endSessions(unlessBy: fingerprint(keys.adminTokenHash), fingerprint(keys.secret))
    }

    /// The server, ready to run in a service group; tests call the same.
    /// - Throws: when the certificate or its key can't be read.
    public func application() throws -> some ApplicationProtocol {
        Application(
            router: router(),
            server: try server(),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port), serverName: nil,
                availableConnectionsDelegate: .maximum(Limits.liveBoards * 2, logger: log)),
            onServerRunning: { [doors] channel in
                if let port = channel.localAddress?.port { doors.listening(port) }
            },
            logger: log)
    }

    func router() -> Router<BoardContext> {
        let router = Router(context: BoardContext.self)
        router.addMiddleware {
            SecurityHeaders()
            Faults(board: self)
            ChooseLanguage(fallback: options.language)
            Identify(board: self)
            SameOrigin(publicURL: options.publicURL)
        }
        PageRoutes(board: self).add(to: router)
        SignInRoutes(board: self).add(to: router)
        TicketRoutes(board: self).add(to: router)
        PhotoRoutes(board: self).add(to: router)
        ListRoutes(board: self).add(to: router)
        IntakeRoutes(board: self).add(to: router)
        PlannedWorkRoutes(board: self).add(to: router)
        HealthRoutes(board: self).add(to: router)
        LiveRoutes(board: self).add(to: router)
        return router
    }

    private func server() throws -> HTTPServerBuilder {
        let plain = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                idleTimeout: .milliseconds(Limits.idleConnection.milliseconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: Limits.requestBody, maxHeaderListSize: Limits.requestBody,
                    maxHeaderFieldCount: 100)))
        guard let tls = options.tls else { return plain }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
        return try .tls(plain, tlsConfiguration: configuration)
    }
}
