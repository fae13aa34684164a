import Domain
import Foundation

/// The metrics of a message, each with a value of its own:
///
/// - a member of a template instance (UDT) is called `{instance}/{member}`, templates in it likewise;
/// - a column of a data set is called `{data set}/{column}`, and each row is a metric. The first column of type DateTime
///   says the rows' time; without one the last row counts, at the data set's own time.
///
/// Template and data set stay among them without a value: births name their alias. A template's definition says nothing
/// of any machine, and is left out. What is too much, too deep or of no proper shape costs itself.
struct SparkplugParts {
    private(set) var metrics: [SparkplugMetric] = []
    private(set) var rejections: [Rejection] = []
    /// Metrics that templates and data sets may still add.
    private var room: Int
    /// Names those that come by alias alone.
    private let device: SparkplugDevice?

    init(_ sent: [SparkplugMetric], of device: SparkplugDevice? = nil) {
        self.device = device
        room = Limits.sparkplugMetrics - sent.count
        guard sent.contains(where: \.hasParts) else {
            metrics = sent
            return
        }
        for metric in sent { add(metric, depth: 1) }
    }

    private mutating func add(_ metric: SparkplugMetric, depth: Int) {
        let name = metric.name.isEmpty && metric.hasAlias ? device?[alias: metric.alias]?.name ?? "" : metric.name
        // One that can't be named is told like any other.
        guard metric.hasParts, !metric.isNull, !name.isEmpty, let value = metric.value else {
            return metrics.append(metric)
        }
        var whole = metric
        (whole.name, whole.value) = (name, nil)
        do throws(Rejection) {
            if let flaw = try metric.told().flaw {
                throw Rejection(.noMeasure, "“\(name)” is \(flaw), says its sender")
            }
            switch value {
            case .templateValue(let bytes):
                let template = try SparkplugTemplate(bounded: bytes, "“\(name)”: a template")
                guard !template.isDefinition else { return }
                metrics.append(whole)
                try add(template, of: whole, depth: depth)
            case .datasetValue(let bytes):
                metrics.append(whole)
                try add(try SparkplugDataSet(bounded: bytes, "“\(name)”: a data set"), of: whole)
            default: break
            }
        } catch {
            rejections.append(error)
        }
    }

    /// - Parameter count: what `metric` consists of.
    private mutating func take(_ count: Int, of metric: SparkplugMetric) throws(Rejection) {
        guard metric.name.utf8.count <= Limits.sparkplugName else {
            throw Rejection(.tooMany, "“\(metric.name.prefix(64))…”: a name has at most \(Limits.sparkplugName) bytes")
        }
        guard count <= room else {
            throw Rejection(
                .tooMany,
                "“\(metric.name)” has \(count) parts; one message may have \(Limits.sparkplugMetrics) metrics")
        }
        room -= count
    }

    private mutating func add(
        _ template: SparkplugTemplate, of whole: SparkplugMetric, depth: Int
    ) throws(Rejection) {
        guard depth <= Limits.sparkplugDepth else {
            throw Rejection(.tooMany, "“\(whole.name)”: templates stand \(Limits.sparkplugDepth) deep at most")
        }
        try take(template.metrics.count, of: whole)
        for bytes in template.metrics {
            do throws(Rejection) {
                var member = try SparkplugMetric(bounded: bytes, "“\(whole.name)”: a metric")
                if !member.name.isEmpty { member.name = "\(whole.name)/\(member.name)" }
                if member.timestamp == 0, whole.timestamp != 0 { member.timestamp = whole.timestamp }
                add(member, depth: depth + 1)
            } catch {
                rejections.append(error)
            }
        }
    }

    // MARK: - Data sets

    private mutating func add(_ table: SparkplugDataSet, of whole: SparkplugMetric) throws(Rejection) {
        guard table.types.count == table.columns.count else {
            throw Rejection(
                .wrongShape, "“\(whole.name)” has \(table.columns.count) columns and \(table.types.count) types")
        }
        guard table.columns.count <= Limits.sparkplugColumns else {
            throw Rejection(
                .tooMany,
                "“\(whole.name)” has \(table.columns.count) columns; \(Limits.sparkplugColumns) are taken")
        }
        let clock = table.types.firstIndex(of: SparkplugType.dateTime.rawValue)
        let rows = clock == nil ? table.rows.suffix(1) : table.rows[...]
        // The columns are named also where there is no row.
        try take(table.columns.count * (rows.count + 1), of: whole)
        let columns = zip(table.columns, table.types).map { column, type in
            var metric = SparkplugMetric()
            metric.name = "\(whole.name)/\(column)"
            metric.datatype = type
            if whole.timestamp != 0 { metric.timestamp = whole.timestamp }
            return metric
        }
        for index in columns.indices where index != clock { metrics.append(columns[index]) }
        for bytes in rows {
            do throws(Rejection) {
                try add(try SparkplugRow(bounded: bytes, "“\(whole.name)”: a row"), columns, clock, of: whole)
            } catch {
                rejections.append(error)
            }
        }
    }

    private mutating func add(
        _ row: SparkplugRow, _ columns: [SparkplugMetric], _ clock: Int?, of whole: SparkplugMetric
    ) throws(Rejection) {
        guard row.elements.count == columns.count else {
            throw Rejection(
                .wrongShape, "“\(whole.name)”: a row of \(row.elements.count) values, \(columns.count) columns")
        }
        let cells = try row.elements.map { (bytes) throws(Rejection) in
            try SparkplugCell(bounded: bytes, "“\(whole.name)”: a value")
        }
        let time: UInt64? =
            switch clock.map({ cells[$0].value }) {
            case .longValue(let time)?: time
            case .intValue(let time)?: UInt64(time)
            default: nil
            }
        guard clock == nil || time ?? 0 != 0 else {
            throw Rejection(.missingTime, "“\(whole.name)”: a row without its time")
        }
        for index in columns.indices where index != clock {
            guard let value = cells[index].value else { continue }
            var metric = columns[index]
            metric.value = .init(value)
            if let time { metric.timestamp = time }
            metrics.append(metric)
        }
    }
}

extension SparkplugMetric {
    fileprivate var hasParts: Bool {
        switch value {
        case .templateValue, .datasetValue: true
        default: false
        }
    }
}

extension SparkplugMetric.OneOf_Value {
    fileprivate init(_ cell: SparkplugCell.OneOf_Value) {
        self =
            switch cell {
            case .intValue(let value): .intValue(value)
            case .longValue(let value): .longValue(value)
            case .floatValue(let value): .floatValue(value)
            case .doubleValue(let value): .doubleValue(value)
            case .booleanValue(let value): .booleanValue(value)
            case .stringValue(let value): .stringValue(value)
            }
    }
}
