/// The subscriber's thread: connect, then read a burst → handle → acknowledge, until stopped.
struct SubscriberLoop {
    private let options: Subscriber.Options
    private let handler: Subscriber.Handler
    private let control: LoopControl
    private let reporter: LinkReporter
    private var backoff: Backoff
    private var hasConnected: Bool
    private var burstAt = ContinuousClock.now

    init(
        _ options: Subscriber.Options, _ handler: @escaping Subscriber.Handler, _ control: LoopControl,
        _ reporter: LinkReporter
    ) {
        self.options = options
        self.handler = handler
        self.control = control
        self.reporter = reporter
        hasConnected = options.hadSession
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
                control.sleep(backoff.next())
            }
        }
        reporter.stopped()
    }

    /// One connection, from its first packet to its end. Returns when told to stop.
    private mutating func serve() throws(LinkFailure) {
        // Fresh for each connection, as the handle is: what was not handled comes again.
        let inbox = Inbox(limits: options.payloadLimits)
        let connection = try Connection.open(settings, inbox, control)
        let sessionPresent = inbox.greeting?.sessionPresent ?? false
        if hasConnected, !sessionPresent { reporter.sessionLost() }
        hasConnected = true
        let deadline = ContinuousClock.now + options.timing.connect
        var isSubscribed = false
        repeat {
            let turn = try takeTurn(connection)
            if !isSubscribed {
                isSubscribed = try connection.takeSubscribed()
                if isSubscribed { reporter.connected(sessionPresent: sessionPresent, inbox.greeting?.limits) }
                if !isSubscribed, ContinuousClock.now > deadline { throw inbox.failure(.timeout) }
            }
            switch turn {
            case .more: break
            case .rush: control.sleep(options.burst.gather)
            case .calm: connection.wait(atMost: .seconds(1))
            }
            // Told to stop here, nothing is in hand: what was read has been handled.
        } while !control.isStopping
        try connection.close(within: options.timing.farewell)
    }

    /// How the next turn begins.
    private enum Turn {
        /// A cap ended the burst: at once.
        case more
        /// Messages come so fast that to be woken for each first one costs the broker more than they wait.
        case rush
        /// With the next message.
        case calm
    }

    /// Reads a burst, has it handled, and only then lets its acknowledgements out.
    private mutating func takeTurn(_ connection: borrowing Connection) throws(LinkFailure) -> Turn {
        let (isCapped, failure) = collect(from: connection)
        let burst = Burst(messages: connection.inbox.takeMessages())
        // A connection that broke meanwhile takes no acknowledgement, but its messages are as good as any.
        if !burst.messages.isEmpty { try handle(burst, from: connection) }
        if let failure { throw failure }
        try connection.flush()
        if isCapped { return .more }
        let span = burstAt.duration(to: .now)
        burstAt += span
        return Double(burst.messages.count) * (options.burst.rush / span) > 1 ? .rush : .calm
    }

    /// Reads until nothing comes any more, the connection breaks, or a cap is reached.
    private func collect(from connection: borrowing Connection) -> (isCapped: Bool, failure: LinkFailure?) {
        let deadline = ContinuousClock.now + options.burst.time
        let inbox = connection.inbox
        var reads = 0
        do throws(LinkFailure) {
            while try connection.read() {
                if inbox.messages.count >= options.burst.messages || inbox.bytes >= options.burst.bytes {
                    return (true, nil)
                }
                // To ask for the time costs a tenth of a read.
                if reads % 16 == 0, ContinuousClock.now >= deadline { return (true, nil) }
                reads += 1
            }
            return (false, nil)
        } catch {
            return (false, error)
        }
    }

    private mutating func handle(_ burst: borrowing Burst, from connection: borrowing Connection) throws(LinkFailure) {
        let start = ContinuousClock.now
        do {
            try handler(burst)
        } catch {
            connection.cut()
            throw .handler(reason: "\(error)", after: start.duration(to: .now))
        }
        backoff.reset()
        reporter.taken(burst.messages.count, burst.bytes, in: start.duration(to: .now))
    }

    private var settings: LinkSettings {
        LinkSettings(
            broker: options.broker, clientID: options.clientID, cleanStart: false,
            sessionExpiry: options.sessionExpiry, receiveWindow: options.receiveMaximum, sendWindow: 0,
            filters: options.filters, will: nil, timing: options.timing)
    }
}
