import Testing

/// Calls that the house does without, each with its reason.
@Suite struct CallRules {
    struct Ban: CustomTestStringConvertible {
        let call: String
        let why: String
        /// Modules where it is allowed.
        var except: Set<String> = []
        /// Files where it is allowed, with the reason.
        var files: [String: String] = [:]

        var testDescription: String { call }
    }

    static let bans: [Ban] = [
        Ban(call: "ISO8601DateFormatter", why: "183 µs a call; see Domain/Instant.swift"),
        Ban(call: "DateFormatter", why: "slow, and it reads the machine's locale; see Domain/Instant.swift"),
        Ban(call: "try!", why: "an error is handled or thrown on"),
        Ban(call: "as!", why: "types are known, or asked with as?"),
        Ban(call: "fatalError(", why: "no input ends the service; a broken promise is a precondition"),
        Ban(call: "print(", why: "the command line prints, everybody else logs", except: ["fieldloop"]),
        Ban(call: "debugPrint(", why: "left over from looking for a bug"),
        Ban(call: "dump(", why: "left over from looking for a bug"),
        Ban(call: "NSLog(", why: "swift-log is the log"),
        Ban(call: "Thread.sleep", why: "it blocks a thread that others share"),
        Ban(call: "usleep(", why: "it blocks a thread that others share"),
        Ban(call: "Date()", why: "time is an argument", files: clocks),
        Ban(call: "Date.now", why: "time is an argument", files: clocks),
        Ban(call: "timeIntervalSinceNow", why: "time is an argument", files: clocks),
        Ban(call: "CLOCK_REALTIME", why: "time is an argument", files: clocks),
        Ban(call: "gettimeofday(", why: "time is an argument", files: clocks),
    ]

    private static let clocks = [
        "Sources/fieldloop/ServiceClock.swift": "the clock itself",
        "Sources/Gateway/LinkReporter.swift": "since when the link is up is said to people, by the wall",
        "Sources/Notify/Post.swift": "signatures and HTTP dates are checked against the receiver's wall clock",
    ]

    /// `file:line` of each call; a longer name that ends in it is another call.
    static func find(_ call: String, in source: Source) -> [Int] {
        let isWord = { (c: Character) in c.isLetter || c.isNumber || c == "_" }
        return source.lines.enumerated().flatMap { index, line in
            line.ranges(of: call).compactMap { range in
                let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : " "
                let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
                // `log.print(` is somebody's method, `Foundation.Date()` still the clock.
                if isWord(before) || before == "." && call == "print(" { return nil }
                return isWord(call.last ?? " ") && isWord(after) ? nil : index + 1
            }
        }
    }

    @Test(arguments: bans) func nobodyCalls(ban: Ban) throws {
        let violations = try House.read.get().sources(.swift, in: "Sources").flatMap { source -> [String] in
            if ban.except.contains(source.module) || ban.files[source.path] != nil { return [] }
            return Self.find(ban.call, in: source).map { "\(source.path):\($0): \(ban.call) — \(ban.why)" }
        }
        #expect(violations == [])
    }

    /// An exception that nothing needs any more would hide the next offender.
    @Test func exceptionsAreInUse() throws {
        let sources = try House.read.get().sources(.swift, in: "Sources")
        for path in Set(Self.bans.flatMap { $0.files.keys }) {
            let source = try #require(sources.first { $0.path == path }, "\(path) is gone")
            #expect(Self.bans.contains { $0.files[path] != nil && !Self.find($0.call, in: source).isEmpty }, "\(path)")
        }
    }

    @Test(arguments: bans) func aBannedCallIsSeen(ban: Ban) {
        let text = "// \(ban.call)\nlet a = \"\(ban.call)\"\nlet b = \(ban.call) // yes\nlet c = x\(ban.call)"
        #expect(Self.find(ban.call, in: Source("Sources/X/a.swift", text, .swift)) == [3])
    }

    /// The marks of statements that only a database understands.
    static let statements = [
        "SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "CREATE INDEX ", "DROP TABLE ", "PRAGMA ",
        "ON CONFLICT ", " SET ? ", "ORDER BY ", "GROUP BY ",
    ]

    static func sql(in source: Source) -> [String] {
        source.literals.filter { literal in statements.contains { literal.text.contains($0) } }
            .map { "\(source.path):\($0.line): SQL stands in Store" }
    }

    @Test func sqlStandsInStoreOnly() throws {
        let sources = try House.read.get().sources(.swift, in: "Sources")
        #expect(sources.filter { $0.module != "Store" }.flatMap(Self.sql) == [])
        // The rule would see it: Store is full of it.
        #expect(sources.filter { $0.module == "Store" }.flatMap(Self.sql).count > 20)
    }
}
