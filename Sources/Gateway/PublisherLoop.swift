/// The publisher's thread: connect, then pass on acknowledgements and publish what waits, until stopped.
struct PublisherLoop {
    private let options: Publisher.Options
    private let onMessage: @Sendable (Message) -> Void
    private let queue: PublishQueue
    private let control: LoopControl
    private let reporter: LinkReporter
    private var backoff: Backoff
    /// Published on this connection and not yet acknowledged, by packet identifier.
    private var inFlight: [UInt16: PublishQueue.ID] = [:]
    /// The birth's packet identifier, until it is acknowledged.
    private var birth: UInt16?

    init(
        _ options: Publisher.Options, _ onMessage: @escaping @Sendable (Message) -> Void, _ queue: PublishQueue,
        _ control: LoopControl, _ reporter: LinkReporter
    ) {
        self.options = options
        self.onMessage = onMessage
        self.queue = queue
        self.control = control
        self.reporter = reporter
        backoff = Backoff(first: options.timing.firstRetry, longest: options.timing.longestRetry)
    }

    mutating func run() {
        while !control.isStopping {
            let start = ContinuousClock.now
            do throws(LinkFailure) {
                try serve()
            } catch {
                if case .link(.cancelled, _) = error { break }
                reporter.failed(error)
                // A connection that held is no reason to wait longer than the first time.
                if start.duration(to: .now) > options.timing.longestRetry { backoff.reset() }
                queue.putBack(Array(inFlight.values))
                inFlight = [:]
                birth = nil
                control.sleep(backoff.next())
            }
        }
        queue.close()
        reporter.stopped()
    }

    /// One connection, from its first packet to its end. Returns when told to stop.
    private mutating func serve() throws(LinkFailure) {
        let inbox = Inbox()
        let presence = options.presence?()
        let connection = try Connection.open(settings(will: presence?.will), inbox, control)
        let deadline = ContinuousClock.now + options.timing.connect
        var isReady = false
        repeat {
            try receive(from: connection)
            if !isReady {
                isReady = options.filters.isEmpty ? true : try connection.takeSubscribed()
                if isReady {
                    birth = try presence.map { presence throws(LinkFailure) in
                        try send(presence.birth, on: connection)
                    }
                    reporter.connected(sessionPresent: false, inbox.greeting?.limits)
                }
                if !isReady, ContinuousClock.now > deadline { throw inbox.failure(.timeout) }
            }
            // Nobody hears from us before they have heard that we are there.
            if isReady, birth == nil { try publishWaiting(on: connection) }
            try connection.flush()
            // At QoS 0 writing is all the acknowledgement there is.
            try settle(connection.inbox)
            connection.wait(atMost: .seconds(1))
        } while !control.isStopping
        if isReady, let will = presence?.will { _ = try send(will, on: connection) }
        try connection.close(within: options.timing.farewell)
    }

    /// What is said on behalf of nobody who waits.
    private func send(
        _ message: Publication, on connection: borrowing Connection
    ) throws(LinkFailure) -> UInt16 {
        do {
            return try connection.publish(message)
        } catch {
            throw connection.inbox.failure(error)
        }
    }

    private mutating func receive(from connection: borrowing Connection) throws(LinkFailure) {
        repeat {
            for message in connection.inbox.takeMessages() { onMessage(message) }
            try settle(connection.inbox)
        } while try connection.read()
    }

    /// Tells the callers what the broker has acknowledged, or refused.
    private mutating func settle(_ inbox: Inbox) throws(LinkFailure) {
        for (packet, reason) in inbox.takeAcknowledged() {
            let refusal = MosquittoError(reasonCode: reason)
            if packet == birth {
                birth = nil
                if let refusal { throw inbox.failure(refusal) }
                backoff.reset()
            }
            guard let id = inFlight.removeValue(forKey: packet) else { continue }
            backoff.reset()
            reporter.count { $0.messages += 1 }
            queue.finish(id, refusal.map { .failure($0) } ?? .success(()))
        }
    }

    private mutating func publishWaiting(on connection: borrowing Connection) throws(LinkFailure) {
        while inFlight.count < options.inFlight, let (id, request) = queue.next() {
            switch request {
            case .ready: queue.finish(id, .success(()))
            case .publish(let message):
                do {
                    inFlight[try connection.publish(message)] = id
                } catch {
                    queue.finish(id, .failure(error))
                }
            }
        }
        // Nobody waits for any of these any more, and they bar the way: this broker does not answer.
        if inFlight.count >= options.inFlight, !inFlight.values.contains(where: queue.isPending) {
            throw connection.inbox.failure(.timeout)
        }
    }

    private func settings(will: Publication?) -> LinkSettings {
        LinkSettings(
            broker: options.broker, clientID: options.clientID, cleanStart: true, sessionExpiry: .zero,
            receiveWindow: options.inFlight, sendWindow: options.inFlight, filters: options.filters, will: will,
            timing: options.timing)
    }
}
