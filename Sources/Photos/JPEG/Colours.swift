extension JPEGHeader {
    /// What three components mean, or one.
    enum Colours: Hashable, Sendable {
        case grey, yCbCr, rgb

        /// As libjpeg reads it: a JFIF segment means YCbCr, else Adobe's says, else the components' ids hint. Nil is what
        /// it warns of.
        init?(_ header: JPEGHeader, _ bytes: [UInt8]) {
            var isJFIF = false
            var transform: UInt8?
            for segment in header.segments {
                let payload = bytes[segment.payload]
                let start = payload.startIndex
                switch segment.marker {
                case Marker.app0 where payload.count >= 14 && payload.starts(with: "JFIF\0".utf8):
                    guard bytes[start + 5] == 1 else { return nil }
                    isJFIF = true
                case Marker.app14 where payload.count >= 12 && payload.starts(with: "Adobe".utf8):
                    transform = bytes[start + 11]
                default: break
                }
            }
            if header.components.count == 1 {
                self = .grey
            } else if isJFIF || transform == 1 {
                self = .yCbCr
            } else if let transform {
                guard transform == 0 else { return nil }
                self = .rgb
            } else {
                self = header.components.map(\.id) == Array("RGB".utf8) ? .rgb : .yCbCr
            }
        }
    }
}
