public import Domain
import GRDB

extension StoredReadings {
    /// So many readings stand in memory at a time, 136 bytes each (36 MB). A slice of time that holds more is the last
    /// of its length: should all senders together become twice as fast at once, it is twice as much.
    static let readingsAtOnce = 1 << 18

    /// From the beginning of the first day that holds something to the end of the last; nil when nothing is stored.
    public func extent() throws -> ClosedRange<Instant>? {
        let days = try days(from: Instant(milliseconds: 0), to: Instant(milliseconds: .max))
        guard let first = days.first, let last = days.last else { return nil }
        return first.start...last.end
    }

    /// Readings of all points in order of event time; those of one time by point.
    public func visitInOrder(
        from: Instant, to: Instant, _ body: (PointID, Reading) throws -> Void
    ) throws {
        var slice = Duration.hours(1)
        for day in try days(from: from, to: to) {
            var start = max(from, day.start)
            let end = min(to, day.end)
            while start <= end {
                let last = min(end, start + slice - .milliseconds(1))
                let count = try visitSlice(start...last, body)
                if count > Self.readingsAtOnce { slice = max(.seconds(1), slice / 2) }
                if count < Self.readingsAtOnce / 4 { slice = min(.hours(24), slice * 2) }
                start = last + .milliseconds(1)
            }
        }
    }

    private func visitSlice(_ span: ClosedRange<Instant>, _ body: (PointID, Reading) throws -> Void) throws -> Int {
        /// Where a reading stands in `runs`.
        struct Place {
            let at: Instant
            let run: Int32
            let index: Int32
        }
        var runs: [(point: PointID, readings: [Reading])] = []
        var order: [Place] = []
        try visit(from: span.lowerBound, to: span.upperBound) { point, readings in
            for (index, reading) in readings.enumerated() {
                order.append(Place(at: reading.at, run: Int32(runs.count), index: Int32(index)))
            }
            runs.append((point, readings))
        }
        order.sort { ($0.at.milliseconds, $0.run, $0.index) < ($1.at.milliseconds, $1.run, $1.index) }
        for place in order {
            let run = runs[Int(place.run)]
            try body(run.point, run.readings[Int(place.index)])
        }
        return order.count
    }
}
