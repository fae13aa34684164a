import Domain

/// A run of one point's readings as columns of bytes: what journal and chunks hold. Little-endian.
///
///     readings    varint
///     first at    Int64, milliseconds
///     shape       1 byte: the number of columns, with `sequenced` or `partlySequenced` if there are sequence numbers
///     times       size UInt32, then the steps' differences
///     sequences   [presence], size UInt32, the steps' differences
///     columns     measure (with `partly`), [presence], [lowest, highest, sum], coding and scale, size UInt32, values
///
/// Presence is a bit a reading; a summary stands only where `summarised` values pay for it.
enum Columns {
    static let partly: UInt8 = 0x80
    static let sequenced: UInt8 = 0x80
    static let partlySequenced: UInt8 = 0xC0
    /// Readings in one run; a damaged count must not make us hold more.
    static let longest = 1 << 20
    static let summarised = 16

    /// Appends the run in `bytes` to `readings`; nothing of a damaged one.
    static func decode(_ bytes: UnsafeRawBufferPointer, into readings: inout [Reading]) throws(DamagedColumns) {
        let known = readings.count
        do {
            var decoder = try ColumnDecoder(bytes)
            try decoder.decode(into: &readings)
        } catch {
            readings.removeLast(readings.count - known)
            throw error
        }
    }

    /// The values of one measure with their times, in order; no other column is looked at.
    static func decode(
        _ measure: Measure, of bytes: UnsafeRawBufferPointer, _ body: (_ at: Int64, _ value: Double) -> Void
    ) throws(DamagedColumns) {
        var decoder = try ColumnDecoder(bytes)
        try decoder.decode(measure, body)
    }
}
