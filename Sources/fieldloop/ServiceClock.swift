import Domain
import Foundation

/// The service's clock: the wall's, or for demonstrations one that starts behind it and runs faster until it has
/// caught up. It is never ahead of the wall, so nothing that it stamps lies in the future.
struct ServiceClock: Sendable {
    private let rate: Double
    private let wallStart: Instant
    private let serviceStart: Instant

    /// The wall's clock.
    init() { self.init(rate: 1, behind: .zero) }

    /// - Parameters:
    ///   - rate: how many seconds of the service pass in one of the wall.
    ///   - behind: how far behind the wall it starts.
    init(rate: Double, behind: Duration, wall: Instant = .wall) {
        self.rate = rate
        wallStart = wall
        serviceStart = wall - behind
    }

    func now(wall: Instant = .wall) -> Instant {
        let elapsed = Double((wall - wallStart).milliseconds) * rate
        return min(wall, serviceStart + .milliseconds(Int64(elapsed)))
    }

    /// A clock that was stopped goes on where it would be now, so that a restart in the middle does not turn it back.
    init?(stored text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 3, let rate = Double(parts[0]), let wall = Int64(parts[1]), let service = Int64(parts[2])
        else { return nil }
        self.rate = rate
        wallStart = Instant(milliseconds: wall)
        serviceStart = Instant(milliseconds: service)
    }

    var stored: String { "\(rate) \(wallStart.milliseconds) \(serviceStart.milliseconds)" }

    /// How fast it runs now.
    func rate(wall: Instant = .wall) -> Double { now(wall: wall) < wall ? rate : 1 }
}

extension Instant {
    /// The only place where the service reads a clock.
    static var wall: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
