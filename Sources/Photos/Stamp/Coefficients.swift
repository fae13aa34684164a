import CJPEG
import Domain

/// Method A: libjpeg reads and writes the coefficients, and between them the blocks under the stamp are painted.
enum Coefficients {
    /// Blocks of one component that stand side by side.
    struct Row {
        var component: Int
        var row: Int
        /// The first one's.
        var column: Int
        var blocks: UnsafeMutableBufferPointer<Int16>
        /// In natural order.
        var quantiser: UnsafePointer<UInt16>
    }

    /// A copy of `jpeg` with painted coefficients and no other segments than `segments`.
    static func paint(
        _ jpeg: [UInt8], _ header: JPEGHeader, _ segments: [JPEGHeader.Segment], _ painter: BlockPainter
    ) throws(PhotoRefusal) -> [UInt8] {
        var output = cjpeg_output()
        defer { cjpeg_free(&output) }
        let request = Request(jpeg: jpeg, header: header, segments: segments, visited: painter.touched)
        try request.run(writing: &output) { row in
            let quantiser = BlockPainter.Quantiser(row.quantiser)
            for i in 0..<row.blocks.count / 64 {
                painter.apply(
                    row.blocks.baseAddress! + 64 * i, column: row.column + i, row: row.row, of: row.component,
                    quantiser)
            }
        }
        return Array(UnsafeBufferPointer(start: output.bytes, count: output.length))
    }

    /// Shows all coefficients of `jpeg` to `visit`.
    static func read(_ jpeg: [UInt8], _ header: JPEGHeader, _ visit: (Row) -> Void) throws(PhotoRefusal) {
        let request = Request(
            jpeg: jpeg, header: header, segments: [], visited: header.components.map(header.blocks))
        try request.run(writing: nil, visit)
    }
}

/// One call of CJPEG.
private struct Request {
    var jpeg: [UInt8]
    var header: JPEGHeader
    var segments: [JPEGHeader.Segment]
    /// For each component.
    var visited: [BlockRect]

    private struct Visitor {
        var visit: (Coefficients.Row) -> Void
    }

    func run(
        writing output: UnsafeMutablePointer<cjpeg_output>?, _ visit: (Coefficients.Row) -> Void
    ) throws(PhotoRefusal) {
        var reason = [CChar](repeating: 0, count: Int(CJPEG_REASON_LENGTH))
        let segments = segments.map {
            cjpeg_segment(code: Int32($0.marker), offset: $0.payload.lowerBound, length: UInt32($0.payload.count))
        }
        let status = withoutActuallyEscaping(visit) { visit in
            withUnsafePointer(to: Visitor(visit: visit)) { visitor in
                jpeg.withUnsafeBufferPointer { source in
                    segments.withUnsafeBufferPointer { segments in
                        var request = plain
                        request.source = source.baseAddress
                        request.length = source.count
                        request.segments = segments.baseAddress
                        request.segment_count = segments.count
                        request.context = UnsafeMutableRawPointer(mutating: visitor)
                        request.visit = { context, component, row, left, count, blocks, quantiser in
                            guard let context, let blocks, let quantiser else { return }
                            context.assumingMemoryBound(to: Visitor.self).pointee.visit(
                                Coefficients.Row(
                                    component: Int(component), row: Int(row), column: Int(left),
                                    blocks: UnsafeMutableBufferPointer(start: blocks, count: 64 * Int(count)),
                                    quantiser: quantiser))
                        }
                        return output.map { cjpeg_paint(&request, $0, &reason) } ?? cjpeg_read(&request, &reason)
                    }
                }
            }
        }
        guard status == CJPEG_DONE else {
            let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw PhotoRefusal(status, String(decoding: bytes, as: UTF8.self))
        }
    }

    /// What is not a pointer.
    private var plain: cjpeg_request {
        var request = cjpeg_request()
        request.width = UInt32(header.width)
        request.height = UInt32(header.height)
        request.components = Int32(header.components.count)
        request.is_rgb = header.colours == .rgb
        let blocks = visited.map {
            cjpeg_blocks(
                left: UInt32($0.columns.lowerBound), top: UInt32($0.rows.lowerBound), width: UInt32($0.columns.count),
                height: UInt32($0.rows.count))
        }
        request.visited.0 = blocks[0]
        if blocks.count == 3 { (request.visited.1, request.visited.2) = (blocks[1], blocks[2]) }
        request.memory_limit = Limits.photoMemory
        request.output_limit = 4 * Limits.photoBytes
        request.scan_limit = Int32(Limits.photoScans)
        return request
    }
}

extension PhotoRefusal {
    fileprivate init(_ status: cjpeg_status, _ reason: String) {
        switch status {
        case CJPEG_TRUNCATED: self = .truncated
        case CJPEG_UNSUPPORTED: self = .unsupportedProcess(reason)
        case CJPEG_OVER_LIMIT, CJPEG_NO_MEMORY: self = .tooMuchMemory
        default: self = .corrupt(reason)
        }
    }
}
