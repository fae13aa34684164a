import Domain

/// Readings of one point in order of time, each value once.
///
/// Joining is a union: what is there already changes nothing, so that a compaction may be done twice.
struct Run {
    private(set) var readings: [Reading] = []

    /// `stored` is in order; of `new` the order of arrival decides between twins.
    init(_ stored: [Reading] = [], joined new: some Collection<Reading>) {
        readings.reserveCapacity(stored.count + new.count)
        var rest = stored[...]
        for reading in new {
            while let next = rest.first, next.at <= reading.at {
                readings.append(next)
                rest.removeFirst()
            }
            add(reading)
        }
        readings += rest
    }

    /// In order of time, and of arrival where that is the same.
    init(sorting readings: [Reading]) {
        let isSorted = zip(readings, readings.dropFirst()).allSatisfy { $0.at <= $1.at }
        guard !isSorted else {
            self.init(joined: readings)
            return
        }
        let order = readings.indices.sorted { (readings[$0].at, $0) < (readings[$1].at, $1) }
        self.init(joined: order.map { readings[$0] })
    }

    /// One time may have several readings: of different measures, in messages with numbers of their own.
    private mutating func add(_ reading: Reading) {
        guard readings.last?.at == reading.at else {
            readings.append(reading)
            return
        }
        var new = reading.values
        var twin: Int?
        var index = readings.count - 1
        while index >= 0, readings[index].at == reading.at {
            for measure in Measure.allCases where readings[index].values[measure] != nil { new[measure] = nil }
            if readings[index].sequence == reading.sequence { twin = index }
            index -= 1
        }
        guard !new.isEmpty else { return }
        guard let twin else {
            readings.append(Reading(at: reading.at, sequence: reading.sequence, values: new))
            return
        }
        for measure in Measure.allCases {
            if let value = new[measure] { readings[twin].values[measure] = value }
        }
    }
}
