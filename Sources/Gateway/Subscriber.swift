internal import Domain
public import Logging

/// Receives from the broker and acknowledges a message only after its handler has returned.
///
/// One dedicated thread owns the connection: it reads a burst, calls the handler, and only then lets the
/// acknowledgements out. A handler that throws costs the connection: nothing of its burst is acknowledged, and after
/// a wait the broker sends it again. So every message is handled at least once, in the broker's order, and twice when
/// the connection breaks between the handler's return and the broker's reading of the acknowledgement.
///
/// The session is persistent: while we are away the broker queues.
public final class Subscriber: Sendable {
    /// Called on the subscriber's own thread, which it may block (below one and a half times the keep-alive); must
    /// not call ``stop()``.
    public typealias Handler = @Sendable (borrowing Burst) throws -> Void

    public struct Options: Sendable {
        public var broker: Broker
        /// Fixed: it names the session at the broker. Two clients with the same one throw each other out.
        public var clientID: String
        public var filters: [TopicFilter]
        public var burst = BurstLimits()
        /// The first whose filter matches holds; a topic with none may carry what the broker lets through.
        public var payloadLimits: [PayloadLimit] = []
        /// How many unacknowledged messages the broker may have on the way to us.
        public var receiveMaximum = Limits.receiveMaximum
        /// How long the broker keeps our session and queue while we are away.
        public var sessionExpiry = Duration.days(14)
        public var timing = LinkTiming()
        /// Whether an earlier run had a session under this id: a broker that knows none has lost it.
        public var hadSession = false

        public init(broker: Broker, clientID: String, filters: [TopicFilter]) {
            self.broker = broker
            self.clientID = clientID
            self.filters = filters
        }
    }

    private let options: Options
    private let handler: Handler
    private let control: LoopControl
    private let reporter: LinkReporter
    private let thread = LoopThread()

    /// Connects to nothing yet; ``start()`` or ``run()`` does.
    ///
    /// `onEvent` is called on the subscriber's thread and must not block.
    public init(
        _ options: Options, logger: Logger, onEvent: @escaping @Sendable (LinkEvent) -> Void = { _ in },
        handler: @escaping Handler
    ) throws(MosquittoError) {
        guard !options.clientID.isEmpty, !options.filters.isEmpty else { throw .invalidArgument }
        self.options = options
        self.handler = handler
        control = try LoopControl()
        reporter = LinkReporter(logger: logger, onEvent: onEvent)
    }

    deinit { control.stop() }

    /// The connection and the counters as they are now.
    public var status: LinkStatus { reporter.status }

    /// Starts the thread and returns; a broker that is away is tried again until it is there. Once only.
    public func start() throws(MosquittoError) {
        let loop = { @Sendable [options, handler, control, reporter] in
            var loop = SubscriberLoop(options, handler, control, reporter)
            loop.run()
        }
        try thread.start("mqtt-subscriber", loop)
    }

    /// Stops cleanly: finishes the burst in hand, sends its acknowledgements and DISCONNECT. Blocks until that is
    /// done, which a handler, a name look-up and `timing.farewell` bound.
    public func stop() {
        control.stop()
        thread.join()
    }

    /// ``start()``, and suspends until stopped. Cancelling the task stops cleanly.
    public func run() async throws(MosquittoError) {
        try start()
        await withTaskCancellationHandler {
            await thread.ended()
        } onCancel: {
            control.stop()
        }
        // The thread has nothing left to do but to end.
        thread.join()
    }
}
