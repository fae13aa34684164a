/// Where the broker is and how we show who we are.
public struct Broker: Sendable {
    /// A name or an address.
    public var host: String
    public var port: UInt16
    public var credentials: Credentials?
    /// nil = plain TCP.
    public var tls: TLS?
    public var protocolVersion: ProtocolVersion

    /// 3.1.1 for brokers that know no other (RabbitMQ before 3.13): there the broker's configuration says how long a
    /// session is kept and how many messages may be on the way, refusals have five reasons, and a publish that the
    /// broker does not want ends the connection.
    public enum ProtocolVersion: String, Sendable, CaseIterable {
        case v5 = "5"
        case v311 = "3.1.1"
    }

    public init(
        host: String = "127.0.0.1", port: UInt16 = 1883, credentials: Credentials? = nil, tls: TLS? = nil,
        protocolVersion: ProtocolVersion = .v5
    ) {
        self.host = host
        self.port = port
        self.credentials = credentials
        self.tls = tls
        self.protocolVersion = protocolVersion
    }
}

/// A user name and a password. Printing one shows the name alone.
public struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var username: String
    public var password: String

    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    public var description: String { "\(username):•••" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}

/// Paths of PEM files, read anew at each connect, so that renewed ones take effect.
public struct TLS: Sendable {
    /// The authorities that the broker's certificate is checked against.
    public var authority: String
    /// Our own certificate and key, where the broker asks for one. The key must not be encrypted.
    public var identity: (certificate: String, key: String)?

    public init(authority: String, identity: (certificate: String, key: String)? = nil) {
        self.authority = authority
        self.identity = identity
    }
}

/// How a connection is timed.
public struct LinkTiming: Sendable {
    /// At least 60 s: a ping queues behind acknowledgements that wait for a commit.
    public var keepAlive = Duration.seconds(60)
    /// From the first packet to the broker's consent.
    public var connect = Duration.seconds(10)
    /// The first wait after a failure; each further one doubles, up to ``longestRetry``, with jitter.
    public var firstRetry = Duration.milliseconds(500)
    public var longestRetry = Duration.seconds(30)
    /// How long a clean stop may take to get its last packets out.
    public var farewell = Duration.seconds(2)

    public init() {}
}
