import Domain
import HTTPTypes
import Hummingbird
import ServiceLifecycle
import Store
import Synchronization

/// Server-sent events: "something changed, look again", and a heartbeat while nothing does.
///
/// The event carries nothing: what has changed is fetched with the reader's own rights, and a slow browser that
/// misses ten changes fetches once.
struct LiveRoutes {
    let board: Board
    private let seats = Seats(Limits.liveBoards)
    /// A burst of commits is one event.
    private static let pause = Duration.milliseconds(250)

    init(board: Board) { self.board = board }

    func add(to router: Router<BoardContext>) {
        router.get("/api/events", use: events)
    }

    @Sendable private func events(_ request: Request, _ context: BoardContext) async throws -> Response {
        try context.reader(board.options)
        guard let seat = seats.take() else { throw Problem.full }
        let changes = board.store.changes
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                defer { seat.leave() }
                let feed = Feed()
                let pump = Task { await feed.pump(changes, pause: Self.pause) }
                defer { pump.cancel() }
                try await withGracefulShutdownHandler {
                    try await request.body.consumeWithInboundCloseHandler { _ in
                        for await _ in feed.wakes {
                            try await writer.write(ByteBuffer(string: feed.next()))
                        }
                    } onInboundClosed: {
                        feed.end()
                    }
                } onGracefulShutdown: {
                    feed.end()
                }
                try await writer.finish(nil)
            })
    }
}

/// One listener's wake-ups, and whether there is news in them.
private final class Feed: Sendable {
    let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let hasNews = Mutex(false)

    init() { (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// What to send now.
    func next() -> String {
        let isNews = hasNews.withLock { news in
            defer { news = false }
            return news
        }
        return isNews ? "event: changed\ndata: {}\n\n" : ": still here\n\n"
    }

    func end() { wake.finish() }

    /// Runs until cancelled.
    func pump(_ changes: Changes, pause: Duration) async {
        await withTaskGroup { group in
            group.addTask {
                for await _ in changes.stream() {
                    self.hasNews.withLock { $0 = true }
                    self.wake.yield()
                    do { try await Task.sleep(for: pause) } catch { return }
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    do { try await Task.sleep(for: Limits.heartbeat) } catch { return }
                    self.wake.yield()
                }
            }
        }
    }
}

/// So many at a time, and no more.
final class Seats: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// nil when all are taken.
    func take() -> Seat? {
        let isTaken = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        return isTaken ? Seat(self) : nil
    }

    fileprivate func give() { free.withLock { $0 += 1 } }
}

/// A place that is given back once: when its holder leaves, or is gone.
final class Seat: Sendable {
    private let seats: Seats
    private let isHeld = Mutex(true)

    fileprivate init(_ seats: Seats) { self.seats = seats }

    func leave() {
        let wasHeld = isHeld.withLock { held in
            defer { held = false }
            return held
        }
        if wasHeld { seats.give() }
    }

    deinit { leave() }
}
