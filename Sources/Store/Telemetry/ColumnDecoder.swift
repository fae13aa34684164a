import Domain

/// Takes a run apart again; see `Columns` for the format.
struct ColumnDecoder: ~Copyable {
    private var reader: ByteReader
    private let count: Int
    private let shape: UInt8
    /// As many as readings: times, and the numbers of the column in hand.
    private let times: Numbers
    private let numbers: Numbers

    /// Reads the times; the columns wait.
    init(_ bytes: UnsafeRawBufferPointer) throws(DamagedColumns) {
        var reader = ByteReader(bytes)
        let count = try reader.count(upTo: Columns.longest)
        guard count > 0 else { throw DamagedColumns(what: "an empty run") }
        let first = try reader.read(Int64.self)
        let shape = try reader.read(UInt8.self)
        var steps = try reader.slice(Int(try reader.read(UInt32.self)))
        let times = Numbers(count)
        times.all[0] = first
        try steps.readDeltas(into: UnsafeMutableBufferPointer(rebasing: times.all[1...]))
        for index in 1..<count { times.all[index] &+= times.all[index - 1] }
        self.reader = reader
        self.count = count
        self.shape = shape
        self.times = times
        numbers = Numbers(count)
    }

    mutating func decode(into readings: inout [Reading]) throws(DamagedColumns) {
        let base = readings.count
        // At least twice as much: runs are decoded one behind the other, and an exact size would copy all each time.
        if readings.capacity < base + count { readings.reserveCapacity(max(base + count, 2 * base)) }
        for at in times.all { readings.append(Reading(at: Instant(milliseconds: at), values: Measures())) }
        if shape & Columns.sequenced != 0 { try decodeSequences(&readings, base) }
        for _ in 0..<shape & 0x0F {
            let (measure, isWhole) = try nextColumn()
            try decodeColumn(isWhole: isWhole) { readings[base + $0].values[measure] = $1 }
        }
    }

    mutating func decode(
        _ measure: Measure, _ body: (_ at: Int64, _ value: Double) -> Void
    ) throws(DamagedColumns) {
        if shape & Columns.sequenced != 0 {
            if shape & Columns.partlySequenced == Columns.partlySequenced { _ = try presence() }
            try skipNumbers()
        }
        for _ in 0..<shape & 0x0F {
            let (found, isWhole) = try nextColumn()
            guard found == measure else {
                let values = isWhole ? count : try presence().count
                if values >= Columns.summarised { _ = try reader.slice(24) }
                _ = try reader.read(UInt8.self)
                try skipNumbers()
                continue
            }
            return try decodeColumn(isWhole: isWhole) { [times = times.all] in body(times[$0], $1) }
        }
    }

    private mutating func skipNumbers() throws(DamagedColumns) {
        _ = try reader.slice(Int(try reader.read(UInt32.self)))
    }

    private mutating func nextColumn() throws(DamagedColumns) -> (Measure, isWhole: Bool) {
        let code = try reader.read(UInt8.self)
        guard let measure = Measure(rawValue: code & ~Columns.partly) else {
            throw DamagedColumns(what: "a measure \(code)")
        }
        return (measure, code & Columns.partly == 0)
    }

    private mutating func decodeSequences(_ readings: inout [Reading], _ base: Int) throws(DamagedColumns) {
        let isWhole = shape & Columns.partlySequenced != Columns.partlySequenced
        var presence = isWhole ? Presence(all: count) : try presence()
        let numbers = UnsafeMutableBufferPointer(rebasing: numbers.all[..<presence.count])
        var steps = try reader.slice(Int(try reader.read(UInt32.self)))
        try steps.readDeltas(into: numbers)
        var sequence: Int64 = 0
        for step in numbers {
            sequence &+= step
            readings[base + presence.next()].sequence = sequence
        }
    }

    /// Tells `body` each value with the index of its reading.
    private mutating func decodeColumn(
        isWhole: Bool, _ body: (Int, Double) -> Void
    ) throws(DamagedColumns) {
        var presence = isWhole ? Presence(all: count) : try presence()
        if presence.count >= Columns.summarised { _ = try reader.slice(24) }
        let code = try reader.read(UInt8.self)
        var bytes = try reader.slice(Int(try reader.read(UInt32.self)))
        guard let coding = ColumnCoding(rawValue: code >> 4) else { throw DamagedColumns(what: "a coding \(code)") }
        switch coding {
        case .decimal, .decimalFloat:
            let numbers = UnsafeMutableBufferPointer(rebasing: numbers.all[..<presence.count])
            try bytes.readDeltas(into: numbers)
            let power = ColumnCoding.powers[Int(code & 0x0F)]
            for number in numbers {
                let value = Double(number) / power
                body(presence.next(), coding == .decimal ? value : Double(Float(value)))
            }
        case .float:
            for _ in 0..<presence.count {
                body(presence.next(), Double(Float(bitPattern: try bytes.read(UInt32.self))))
            }
        case .double:
            for _ in 0..<presence.count { body(presence.next(), Double(bitPattern: try bytes.read(UInt64.self))) }
        }
    }

    private mutating func presence() throws(DamagedColumns) -> Presence {
        try Presence(bits: try reader.slice((count + 7) / 8).rest, of: count)
    }
}

/// Room for numbers that is given back by itself.
private struct Numbers: ~Copyable {
    let all: UnsafeMutableBufferPointer<Int64>

    init(_ count: Int) {
        all = .allocate(capacity: count)
        all.initialize(repeating: 0)
    }

    deinit { all.deallocate() }
}

/// Which readings of a run have a value.
private struct Presence {
    private let bits: UnsafeRawBufferPointer?
    private var index = -1
    let count: Int

    init(all count: Int) {
        bits = nil
        self.count = count
    }

    /// Bits behind the last reading would be values that belong to nobody.
    init(bits: UnsafeRawBufferPointer, of readings: Int) throws(DamagedColumns) {
        self.bits = bits
        count = bits.reduce(0) { $0 + $1.nonzeroBitCount }
        if readings & 7 != 0, let last = bits.last, last >> UInt8(readings & 7) != 0 {
            throw DamagedColumns(what: "presence beyond the end")
        }
    }

    /// The next reading with a value; at most `count` times.
    @inline(__always) mutating func next() -> Int {
        index += 1
        if let bits { while bits[index >> 3] & 1 << UInt8(index & 7) == 0 { index += 1 } }
        return index
    }
}
