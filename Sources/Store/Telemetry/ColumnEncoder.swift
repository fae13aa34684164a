import Domain
import Foundation

/// How the values of a column stand in bytes. Every one gives back the very bits that were put in.
///
/// A sender rounds to some decimals: at the smallest scale that loses nothing values are small whole numbers, and their
/// differences smaller. What was a 32-bit float on the way is found out too; anything else stays as it is.
enum ColumnCoding: UInt8 {
    /// value = whole number / 10^scale.
    case decimal
    /// value = Float(whole number / 10^scale).
    case decimalFloat
    case float, double

    /// 10^scale is exact.
    static let scales = 16
    /// Whole numbers stay below; adding and taking away `rounding` rounds what is.
    static let largest = 0x1p51
    static let rounding = 0x1.8p52
    static let powers: InlineArray<16, Double> = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}

/// Puts runs of one point's readings behind one another as columns; see `Columns` for the format.
///
/// One encoder serves a whole burst: its buffers grow to the longest run and are used again.
struct ColumnEncoder: ~Copyable {
    private(set) var out = ByteWriter()
    private var capacity = 0
    private var numbers = UnsafeMutablePointer<Int64>.allocate(capacity: 0)
    private var values = UnsafeMutablePointer<Double>.allocate(capacity: 0)

    init() {}

    deinit {
        numbers.deallocate()
        values.deallocate()
    }

    mutating func removeAll() { out.removeAll() }

    /// What was encoded since `removeAll`, handed over without a copy.
    mutating func finish() -> Data {
        var done = ByteWriter(capacity: 0)
        swap(&out, &done)
        return done.data()
    }

    /// - Precondition: 1…`Columns.longest` readings.
    mutating func append(_ readings: UnsafeBufferPointer<Reading>) {
        precondition((1...Columns.longest).contains(readings.count))
        grow(to: readings.count)
        var (some, every): (UInt16, UInt16) = (0, .max)
        var sequences = 0
        for reading in readings {
            some |= reading.values.present
            every &= reading.values.present
            sequences += reading.sequence == nil ? 0 : 1
        }
        out.appendVarint(UInt64(readings.count))
        out.append(readings[0].at.milliseconds)
        let numbering = sequences == 0 ? 0 : sequences == readings.count ? Columns.sequenced : Columns.partlySequenced
        out.append(UInt8(some.nonzeroBitCount) | numbering)
        appendTimes(readings)
        if sequences > 0 { appendSequences(readings, isWhole: sequences == readings.count) }
        for measure in Measure.allCases where some & measure.bit != 0 {
            appendColumn(of: readings, measure, isWhole: every & measure.bit != 0)
        }
    }

    private mutating func grow(to count: Int) {
        guard count > capacity else { return }
        capacity = max(count, 1_024)
        numbers.deallocate()
        values.deallocate()
        numbers = .allocate(capacity: capacity)
        values = .allocate(capacity: capacity)
    }

    /// The first time stands in the header, here are the steps.
    private mutating func appendTimes(_ readings: UnsafeBufferPointer<Reading>) {
        for index in 1..<readings.count {
            numbers[index - 1] = readings[index].at.milliseconds &- readings[index - 1].at.milliseconds
        }
        appendNumbers(readings.count - 1)
    }

    private mutating func appendSequences(_ readings: UnsafeBufferPointer<Reading>, isWhole: Bool) {
        if !isWhole { appendBitmap(readings) { $0.sequence != nil } }
        var (count, previous): (Int, Int64) = (0, 0)
        for reading in readings {
            guard let sequence = reading.sequence else { continue }
            numbers[count] = sequence &- previous
            previous = sequence
            count += 1
        }
        appendNumbers(count)
    }

    private mutating func appendColumn(of readings: UnsafeBufferPointer<Reading>, _ measure: Measure, isWhole: Bool) {
        var count = 0
        for reading in readings {
            guard let value = reading.values[measure] else { continue }
            values[count] = value
            count += 1
        }
        out.append(measure.rawValue | (isWhole ? 0 : Columns.partly))
        if !isWhole { appendBitmap(readings) { $0.values.present & measure.bit != 0 } }
        if count >= Columns.summarised { appendSummary(count) }
        let isFloat = (0..<count).allSatisfy { values[$0].isFloat }
        if let scale = findScale(count) {
            appendDecimals(count, .decimal, scale, plain: isFloat ? 4 : 8)
        } else if isFloat, let scale = findFloatScale(count) {
            appendDecimals(count, .decimalFloat, scale, plain: 4)
        } else {
            appendPlain(count, isFloat: isFloat)
        }
    }

    /// Numbers that jump about are shorter as they are, `plain` bytes each.
    private mutating func appendDecimals(_ count: Int, _ coding: ColumnCoding, _ scale: Int, plain: Int) {
        let start = out.count
        out.append(coding.rawValue << 4 | UInt8(scale))
        appendNumbers(count)
        guard out.count - start > count * plain + 8 else { return }
        out.remove(downTo: start)
        appendPlain(count, isFloat: plain == 4)
    }

    private mutating func appendPlain(_ count: Int, isFloat: Bool) {
        out.append((isFloat ? ColumnCoding.float : .double).rawValue << 4)
        out.append(UInt32(count * (isFloat ? 4 : 8)))
        for value in UnsafeBufferPointer(start: values, count: count) {
            if isFloat { out.append(Float(value).bitPattern) } else { out.append(value.bitPattern) }
        }
    }

    /// The differences of `numbers`, behind their length in bytes: a column can be stepped over.
    private mutating func appendNumbers(_ count: Int) {
        let sizeAt = out.count
        out.append(UInt32(0))
        out.appendDeltas(UnsafeBufferPointer(start: numbers, count: count))
        out.store(UInt32(out.count - sizeAt - 4), at: sizeAt)
    }

    private mutating func appendSummary(_ count: Int) {
        var (lowest, highest, sum) = (values[0], values[0], 0.0)
        for value in UnsafeBufferPointer(start: values, count: count) {
            lowest = value < lowest ? value : lowest
            highest = value > highest ? value : highest
            sum += value
        }
        for number in [lowest, highest, sum] { out.append(number.bitPattern) }
    }

    /// One bit a reading, the lowest first.
    private mutating func appendBitmap(_ readings: UnsafeBufferPointer<Reading>, _ isSet: (Reading) -> Bool) {
        var byte: UInt8 = 0
        for (index, reading) in readings.enumerated() {
            if isSet(reading) { byte |= 1 << UInt8(index & 7) }
            if index & 7 == 7 || index == readings.count - 1 {
                out.append(byte)
                byte = 0
            }
        }
    }

    /// The smallest scale that gives back every value; `numbers` then holds them. A try ends at its first misfit, so
    /// that the ones in vain cost little.
    private func findScale(_ count: Int) -> Int? {
        (0..<ColumnCoding.scales).first { scale in
            let power = ColumnCoding.powers[scale]
            for index in 0..<count {
                let scaled = values[index] * power
                let whole = (scaled + ColumnCoding.rounding) - ColumnCoding.rounding
                guard abs(scaled) < ColumnCoding.largest, (whole / power).bitPattern == values[index].bitPattern else {
                    return false
                }
                numbers[index] = Int64(whole)
            }
            return true
        }
    }

    private func findFloatScale(_ count: Int) -> Int? {
        (0..<ColumnCoding.scales).first { scale in
            let power = ColumnCoding.powers[scale]
            for index in 0..<count {
                let scaled = values[index] * power
                let whole = (scaled + ColumnCoding.rounding) - ColumnCoding.rounding
                guard abs(scaled) < ColumnCoding.largest,
                    Float(whole / power).bitPattern == Float(values[index]).bitPattern
                else { return false }
                numbers[index] = Int64(whole)
            }
            return true
        }
    }
}

extension Double {
    /// Whether a Float holds the very same bits.
    fileprivate var isFloat: Bool { Double(Float(self)).bitPattern == bitPattern }
}
