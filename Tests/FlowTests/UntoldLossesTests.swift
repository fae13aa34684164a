import Domain
import Synchronization
import Testing

@testable import fieldloop

@Suite struct UntoldLossesTests {
    private struct Full: Error {}

    /// In their order, each once, however often the disk was full.
    @Test func areToldWhenTheDiskHasRoomAgain() throws {
        let kept = Mutex<[String]>([])
        let isFull = Mutex(true)
        let untold = UntoldLosses { loss in
            if isFull.withLock({ $0 }) { throw Full() }
            kept.withLock { $0.append(loss.session) }
        }
        try untold.tell()
        for session in ["a", "b"] {
            let loss = SessionLoss(
                broker: "b:1", session: session, awaySince: nil, noticedAt: Instant(milliseconds: 0))
            untold.add(loss)
            #expect(throws: Full.self) { try untold.tell() }
        }
        isFull.withLock { $0 = false }
        try untold.tell()
        try untold.tell()
        #expect(kept.withLock { $0 } == ["a", "b"])
    }
}
