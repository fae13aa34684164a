/// Work that was planned on a machine or a whole site: what shows meanwhile is recorded and opens no ticket. What is
/// still on when it ends opens one then.
public struct PlannedWork: Hashable, Sendable {
    /// From when to when, event time.
    public struct Span: Hashable, Sendable {
        public var from: Instant
        public var until: Instant

        /// nil when it ends before it begins.
        public init?(from: Instant, until: Instant) {
            guard from <= until else { return nil }
            self.from = from
            self.until = until
        }

        public func contains(_ at: Instant) -> Bool { from <= at && at < until }
    }

    public enum Scope: Hashable, Sendable {
        case site(SiteID)
        case asset(AssetID)
    }
    public var scope: Scope
    public var span: Span
    public var reason: String
    public var by: Actor

    public init(_ scope: Scope, _ span: Span, reason: String, by: Actor) {
        self.scope = scope
        self.span = span
        self.reason = reason
        self.by = by
    }
}
