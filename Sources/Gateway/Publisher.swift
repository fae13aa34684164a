public import Logging

/// Publishes to the broker and returns on its acknowledgement.
///
/// A client of its own beside the ``Subscriber``, so that a burst that fails never holds a downlink back. Its
/// connection is kept in the background; the session is clean, what must not be lost is the caller's to repeat.
///
/// The library's own loop thread would not do: it waits with `select`, which fails for good once the process has
/// 1,024 descriptors open, and it ends at the first wrong password.
public final class Publisher: Sendable {
    public struct Options: Sendable {
        public var broker: Broker
        /// Must differ from every other client's.
        public var clientID: String
        /// Topics to receive from as well, at QoS 1.
        public var filters: [TopicFilter] = []
        /// Asked anew for each connection, so that birth and will can carry the same time. nil = neither.
        public var presence: (@Sendable () -> Presence)?
        /// Publishes that may be on the way to the broker, unacknowledged.
        public var inFlight = 64
        /// Publishes that may wait in all; more throw ``MosquittoError/quotaExceeded``.
        public var waiting = 1_000
        public var timing = LinkTiming()

        public init(broker: Broker, clientID: String) {
            self.broker = broker
            self.clientID = clientID
        }
    }

    /// How others see whether we are there; as a rule retained, so that who comes later sees it too.
    public struct Presence: Sendable {
        /// Published on each connection once subscribed; everything else waits for its acknowledgement. A broker that
        /// refuses it ends the connection.
        public var birth: Publication
        /// What the broker publishes when the connection breaks. ``Publisher/close()`` publishes it itself: DISCONNECT
        /// makes the broker forget it.
        public var will: Publication

        public init(birth: Publication, will: Publication) {
            self.birth = birth
            self.will = will
        }
    }

    private let queue: PublishQueue
    private let control: LoopControl
    private let reporter: LinkReporter
    private let thread = LoopThread()

    /// Begins to connect, and goes on trying until ``close()``.
    ///
    /// `onMessage` gets what arrives on `options.filters`, on the publisher's thread; it must not block.
    public init(
        _ options: Options, logger: Logger, onMessage: @escaping @Sendable (Message) -> Void = { _ in }
    ) throws(MosquittoError) {
        guard !options.clientID.isEmpty, options.inFlight > 0 else { throw .invalidArgument }
        queue = PublishQueue(capacity: options.waiting)
        control = try LoopControl()
        reporter = LinkReporter(logger: logger)
        let loop = { @Sendable [queue, control, reporter] in
            var loop = PublisherLoop(options, onMessage, queue, control, reporter)
            loop.run()
        }
        try thread.start("mqtt-publisher", loop)
    }

    deinit { control.stop() }

    /// The connection and the counters as they are now.
    public var status: LinkStatus { reporter.status }

    /// Publishes, and returns when the broker has acknowledged it (at QoS 0: when it was written).
    ///
    /// While the broker is away the message waits. Throws ``MosquittoError/timeout`` when no acknowledgement came in
    /// time: the broker may have the message all the same, and a message whose connection broke may reach it twice.
    /// Throws the broker's reason when it refused (``MosquittoError/notAuthorized``), ``MosquittoError/quotaExceeded``
    /// when too much waits already, ``MosquittoError/cancelled`` with the task or by ``close()``.
    public func publish(
        _ topic: Topic, _ payload: [UInt8], qos: QoS = .atLeastOnce, retain: Bool = false,
        timeout: Duration = .seconds(10)
    ) async throws(MosquittoError) {
        try await submit(.publish(Publication(topic, payload, qos: qos, retain: retain)), timeout)
    }

    /// Returns once connected and subscribed; throws ``MosquittoError/timeout`` when that takes too long.
    public func ready(timeout: Duration = .seconds(10)) async throws(MosquittoError) {
        try await submit(.ready, timeout)
    }

    /// Disconnects for good. Publishes that still wait throw ``MosquittoError/cancelled``.
    public func close() async {
        control.stop()
        await thread.ended()
        thread.join()
    }

    private func submit(_ request: PublishQueue.Request, _ timeout: Duration) async throws(MosquittoError) {
        let id = queue.newID()
        let timer = Task { [queue, control] in
            try await Task.sleep(for: timeout)
            queue.finish(id, .failure(.timeout))
            // The loop may have nothing left but messages that nobody waits for.
            control.wake()
        }
        defer { timer.cancel() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                queue.submit(request, as: id, for: caller)
                control.wake()
            }
        } onCancel: {
            queue.finish(id, .failure(.cancelled))
        }
        try outcome.get()
    }
}
