public import Geo

/// How much a customer's waiting costs; A is served first.
public enum Grade: String, Sendable, Comparable, CaseIterable, Codable {
    case A, B, C
    public static func < (a: Grade, b: Grade) -> Bool { a.rawValue < b.rawValue }
}

/// How bad a breach is: zone C is a warning, zone D critical.
public enum Severity: String, Sendable, Comparable, CaseIterable, Codable {
    case warning, critical
    public static func < (a: Severity, b: Severity) -> Bool { a == .warning && b == .critical }
}

/// What a ticket is about. One open ticket per (asset, kind), of silence and sensors per (point, kind); measure, rule,
/// diagnosis and severity are its attributes and never part of the key.
public enum FaultKind: String, Sendable, CaseIterable, Codable {
    case vibration, temperature, silence, sensor, reported

    public init(_ measure: Measure) { self = measure == .temperature ? .temperature : .vibration }

    var isOfPoint: Bool { self == .silence || self == .sensor }
}

/// A name in both languages.
public struct LocalName: Hashable, Sendable, Codable {
    public var zh: String
    public var en: String
    public init(zh: String, en: String) {
        self.zh = zh
        self.en = en
    }
    public subscript(_ language: Language) -> String { language == .zh ? zh : en }
}

/// The product's languages: simplified Chinese and English.
public enum Language: String, Sendable, CaseIterable, Codable { case zh, en }

/// A skill and how good somebody must be, or is, at it (1 = trained … 3 = expert).
public struct Skill: Hashable, Sendable, Codable {
    public var name: String
    public var level: Int
    public init(_ name: String, level: Int) {
        self.name = name
        self.level = level
    }
}

/// What deciding needs to know of a machine.
public struct AssetFacts: Hashable, Sendable {
    public var id: AssetID
    public var site: SiteID
    public var place: Coordinate
    public var grade: Grade
    public var needs: Skill

    public init(id: AssetID, site: SiteID, place: Coordinate, grade: Grade, needs: Skill) {
        self.id = id
        self.site = site
        self.place = place
        self.grade = grade
        self.needs = needs
    }
}
