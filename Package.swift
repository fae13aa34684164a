// swift-tools-version: 6.2
import PackageDescription

// Every target and what it may import, on one screen. Domain, Geo and Vibration are pure; adapters see Domain (and, where
// named, the concrete Store) and never each other; only `fieldloop` sees everyone.

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let real = Target.Dependency.product(name: "RealModule", package: "swift-numerics")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "fieldloop",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C doors: each imported by exactly one Swift target.
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(name: "CExif", pkgConfig: "libexif", providers: [.apt(["libexif-dev"])]),
        .systemLibrary(name: "CJPEGLibrary", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .systemLibrary(name: "CTextLibrary", pkgConfig: "harfbuzz freetype2", providers: [.apt(["libharfbuzz-dev"])]),
        .systemLibrary(name: "CHeap"),
        .target(name: "CJPEG", dependencies: ["CJPEGLibrary"]),
        .target(name: "CText", dependencies: ["CTextLibrary"]),

        // Pure.
        .target(name: "Geo", dependencies: [real]),
        .target(name: "Domain", dependencies: ["Geo"]),
        .target(name: "Vibration", dependencies: [real]),

        // Adapters.
        .target(name: "Gateway", dependencies: ["CMosquitto", "Domain", log]),
        .target(
            name: "Store", dependencies: ["Domain", "Geo", "Vibration", grdb, crypto], resources: [.copy("Shipped")]),
        .target(
            name: "Ingest", dependencies: ["Domain", "Geo", "Store", log, protobuf, yams],
            exclude: ["Sparkplug/Schema"]),
        .target(name: "Photos", dependencies: ["CExif", "CJPEG", "CText", "Domain", "Geo", "Store", crypto, log]),
        .target(name: "Notify", dependencies: ["Domain", "Store", crypto, httpClient, log, nio, nioHTTP, nioPosix]),
        .target(
            name: "Board",
            dependencies: [
                "Domain", "Geo", "Store", crypto, httpTypes, hummingbird, hummingbirdCore, hummingbirdTLS, lifecycle,
                log, mustache, nio,
            ],
            resources: [.copy("Pages")]),

        .executableTarget(
            name: "fieldloop",
            dependencies: [
                "Board", "CHeap", "Domain", "Gateway", "Geo", "Ingest", "Notify", "Photos", "Store", "Vibration",
                arguments, crypto, httpClient, lifecycle, log, nio, nioHTTP, nioSSL, signals, yams,
            ]),

        .testTarget(name: "TidyTests"),
        .testTarget(name: "GeoTests", dependencies: ["Geo"]),
        .testTarget(name: "DomainTests", dependencies: ["Domain", "Geo"]),
        .testTarget(name: "VibrationTests", dependencies: ["Vibration", real]),
        .testTarget(name: "GatewayTests", dependencies: ["Gateway", "Domain", log]),
        .testTarget(name: "StoreTests", dependencies: ["Store", "Domain", "Geo", "Vibration", grdb]),
        .testTarget(name: "IngestTests", dependencies: ["Ingest", "Store", "Domain", "Geo", grdb]),
        .testTarget(name: "PhotosTests", dependencies: ["Photos", "Domain", "Geo", "Store"]),
        .testTarget(
            name: "NotifyTests",
            dependencies: ["Notify", "Store", "Domain", hummingbird, httpClient, crypto, log, nio]),
        .testTarget(name: "BoardTests", dependencies: ["Board", "Store", "Domain", "Geo", hummingbirdTesting]),
        .testTarget(
            name: "FlowTests",
            dependencies: [
                "fieldloop", "Board", "Domain", "Gateway", "Ingest", "Photos", "Store", "Geo", "Vibration", grdb, log,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
}

// A transform without the optimiser takes fifty times as long, and the tests read and make whole records; so does a
// photo's every bit.
for target in package.targets where target.name.hasPrefix("Vibration") || target.name == "Photos" {
    target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
}
