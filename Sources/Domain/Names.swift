/// A name that people and gateways use for one thing of kind `Thing`: at most 64 characters of
/// `A–Z a–z 0–9 . _ -`, safe in a topic, a path and an address.
public struct Name<Thing>: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// nil when `text` is empty, too long or holds another character.
    public init?(_ text: some StringProtocol) {
        guard (1...Limits.nameLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.allows) else { return nil }
        // A dot alone would walk up a path.
        guard text.utf8.contains(where: { $0 != UInt8(ascii: ".") }) else { return nil }
        self.text = String(text)
    }

    /// For names that were checked when they were stored.
    public init(stored text: String) { self.text = text }

    public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
    public var description: String { text }

    private static func allows(_ c: UInt8) -> Bool {
        switch c {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

public enum Site {}
public enum Asset {}
public enum Engineer {}
public enum Customer {}
public enum Upload {}

public typealias SiteID = Name<Site>
public typealias AssetID = Name<Asset>
public typealias EngineerID = Name<Engineer>
public typealias CustomerID = Name<Customer>
/// What a phone calls one upload, so that a repeat is known as one.
public typealias UploadID = Name<Upload>

/// A measuring place and direction on an asset; its name is unique on the asset.
public struct PointID: Hashable, Sendable, CustomStringConvertible {
    public let asset: AssetID
    public let name: Name<PointID>

    public init(asset: AssetID, name: Name<PointID>) {
        self.asset = asset
        self.name = name
    }

    public var description: String { "\(asset)/\(name)" }
}

/// A ticket's number, as people say it.
public struct TicketID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
    public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
    public var description: String { "T\(number)" }
}

/// One breach from raise to clear.
public struct EpisodeID: Hashable, Sendable {
    public let number: Int64
    public init(_ number: Int64) { self.number = number }
}
