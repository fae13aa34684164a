import Domain

@testable import Ingest

extension Decoders {
    static let sparkplug: @Sendable ([UInt8]) -> Void = { _ in }
}
