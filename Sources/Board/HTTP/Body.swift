import Domain
import Hummingbird
import NIOCore

extension Request {
    /// The whole body, if it is at most `limit` bytes and comes within `time`.
    func bytes(upTo limit: Int = Limits.requestBody, within time: Duration = Limits.bodyTime) async throws -> ByteBuffer
    {
        var whole = ByteBuffer()
        try await chunks(upTo: limit, within: time) { whole.writeImmutableBuffer($0) }
        return whole
    }

    /// As above, a piece at a time: nothing beyond the limit is ever held.
    func chunks(
        upTo limit: Int, within time: Duration, _ take: (ByteBuffer) throws -> Void
    ) async throws {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw Problem.tooLarge(limit)
        }
        let deadline = ContinuousClock.now + time
        var size = 0
        // A silent sender is cut off by the connection's idle limit; one that drips, here.
        for try await chunk in body {
            size += chunk.readableBytes
            guard size <= limit else { throw Problem.tooLarge(limit) }
            guard ContinuousClock.now < deadline else { throw Problem.tooSlow }
            try take(chunk)
        }
    }
}
