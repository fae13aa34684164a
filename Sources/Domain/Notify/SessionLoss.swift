/// A broker has forgotten our session, and with it what it had queued for us: the one loss that nobody can mend but
/// people, so it is told to them.
public struct SessionLoss: Hashable, Sendable {
    /// `host:port`.
    public var broker: String
    /// The client id that the session hangs on.
    public var session: String
    /// When the connection ended that had the session; nil when it was an earlier run's.
    public var awaySince: Instant?
    /// When the broker was found to know nothing of it.
    public var noticedAt: Instant

    /// It is shown for so long, or until somebody acknowledges it.
    public static let shownFor = Duration.days(1)
    /// While an earlier loss of the same session waits for somebody, it is not told again before this.
    public static let toldAgainAfter = Duration.hours(1)

    public init(broker: String, session: String, awaySince: Instant?, noticedAt: Instant) {
        self.broker = broker
        self.session = session
        self.awaySince = awaySince
        self.noticedAt = noticedAt
    }

    /// What happened, what may be missing, what to do.
    /// - Parameter utcOffset: seconds east of UTC, for the time in the text.
    public func text(in language: Language, utcOffset: Int) -> String {
        let since = awaySince.map { CivilTime($0, offsetSeconds: utcOffset).dayAndTime }
        return switch language {
        case .zh:
            "【数据接入】消息服务器 \(broker) 丢失了本服务的会话（\(session)），"
                + "\(since.map { "\($0) 断开之后" } ?? "本服务停止期间")它替我们排队的消息已丢失：读数、答复和照片可能缺失。"
                + "请查看“数据接入”页的缺号和趋势中的空白，请人补发，并检查该服务器的持久化存储。"
        case .en:
            "[Intake] The broker \(broker) has lost our session (\(session)). What it had queued for us "
                + "\(since.map { "since \($0)" } ?? "while the service was stopped") is gone: readings, answers and "
                + "photos may be missing. Look at the gaps on the page Intake and for holes in the trends, have them "
                + "sent again, and check that the broker keeps its state on a disk."
        }
    }
}

extension CivilTime {
    /// `11-23 08:05`.
    fileprivate var dayAndTime: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(month))-\(two(day)) \(two(hour)):\(two(minute))"
    }
}
