import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// What came back from a POST.
struct Answer: Sendable {
    var status: Int
    /// What the other side asks for by `Retry-After`.
    var retryAfter: Duration?
    /// At most `Post.answerBytes`, fewer if the rest did not come in time.
    var body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    /// For an answer that is no success.
    var failure: NotSent {
        if status == 429 || status == 503, let retryAfter { return .busy("HTTP \(status)", wait: retryAfter) }
        return .failed("HTTP \(status)")
    }
}

/// One POST of JSON with a bound on its time and on the answer's size.
struct Post: Sendable {
    /// What is read of an answer; the rest is left unread.
    static let answerBytes = 16 << 10
    /// No `Retry-After` makes us rest longer.
    static let longestWait = Limits.retryLongest

    let http: HTTPClient
    let timeout: Duration
    let wallClock: @Sendable () -> Instant

    /// Throws `NotSent.failed` when no answer came, with nothing of the address in the reason.
    func callAsFunction(
        _ json: [UInt8], to url: SecretURL, headers: [(String, String)] = []
    ) async throws(NotSent) -> Answer {
        var request = HTTPClientRequest(url: url.whole.text)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json; charset=utf-8")
        request.headers.add(name: "user-agent", value: "fieldloop")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(json)
        do {
            return try await exchange(request)
        } catch {
            throw .failed(url.redact(reason(for: error)))
        }
    }

    private func exchange(_ request: HTTPClientRequest) async throws -> Answer {
        let end = ContinuousClock.now + timeout
        let response = try await within(timeout) { [http] in
            try await http.execute(request, deadline: .distantFuture)
        }
        var answer = Answer(status: Int(response.status.code), retryAfter: retryAfter(response.headers), body: [])
        // The status line has spoken: a body that breaks off or dawdles does not undo it.
        let body = try? await within(end - .now) {
            var read: [UInt8] = []
            for try await part in response.body {
                read += part.readableBytesView.prefix(Self.answerBytes - read.count)
                if read.count == Self.answerBytes { break }
            }
            return read
        }
        answer.body = body ?? []
        return answer
    }

    /// Seconds or a date, RFC 9110 §10.2.3.
    private func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "retry-after") else { return nil }
        if let seconds = Int64(text), seconds >= 0 { return min(.seconds(seconds), Self.longestWait) }
        guard let at = Instant(httpDate: text) else { return nil }
        return min(max(at - wallClock(), .zero), Self.longestWait)
    }

    private func reason(for error: any Error) -> String {
        switch error {
        case is TimedOut: "no answer within \(timeout.milliseconds) ms"
        case let error as HTTPClientError: error.shortDescription
        case is NIOConnectionError, is IOError: "could not connect"
        default: "\(type(of: error))"
        }
    }
}

private struct TimedOut: Error {}

private func within<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimedOut()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw TimedOut() }
        return first
    }
}

extension Instant {
    /// Real time, of this machine.
    static var wallClock: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// `Wed, 21 Oct 2015 07:28:00 GMT`; the older forms that RFC 9110 also mentions are not sent by anybody.
    init?(httpDate text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]),
            let day = Int32(parts[1]), let year = Int32(parts[3])
        else { return nil }
        let clock = parts[4].split(separator: ":").map { Int32($0) ?? -1 }
        guard clock.count == 3, (1...31).contains(day), (1970...9999).contains(year), (0...23).contains(clock[0]),
            (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, Int32(month), day)
        (time.tm_hour, time.tm_min, time.tm_sec) = (clock[0], clock[1], clock[2])
        self.init(milliseconds: Int64(timegm(&time)) * 1000)
    }
}

private let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]
