import Domain
import Foundation
import GRDB
import Ingest
import Synchronization

@testable import Store

/// What was broken, and how to see it again.
struct Violation: Error, CustomStringConvertible {
    let seed: UInt64
    let step: Int
    let what: String
    var description: String { "step \(step): \(what) (FIELDLOOP_SEED=\(seed) repeats it)" }
}

/// A real store behind the real decoders, on a clock of the test's own.
final class SimService {
    let directory: String
    private(set) var store: Store
    private var ingest: Ingest
    private let clock = Clock()

    private final class Clock: Sendable {
        let now = Mutex(SimPlant.start)
    }

    /// Takes a copy of `template`, the database of a plant just imported.
    init(template: String? = nil) throws {
        // In memory where that is to be had: what happens here is a crash, never a power cut.
        let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        directory = "\(root)/fieldloop-flow-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if let template {
            try FileManager.default.copyItem(atPath: template, toPath: directory + "/fieldloop.db")
        }
        store = try Store(directory: directory, policy: SimPlant.policy)
        ingest = try Self.ingest(store, clock)
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func ingest(_ store: Store, _ clock: Clock) throws -> Ingest {
        // No photo gets as far as its bytes.
        try Ingest(store: store, now: { clock.now.withLock { $0 } }, keepPhoto: { _ in throw CancellationError() })
    }

    /// As after a crash: nothing is kept but the file.
    func reopen() throws {
        try store.close()
        store = try Store(directory: directory, policy: SimPlant.policy)
        ingest = try Self.ingest(store, clock)
    }

    func take(_ messages: [SimMessage], at now: Instant) throws {
        clock.now.withLock { $0 = now }
        try ingest.take(messages.map(\.raw))
    }

    func texts(_ sql: String) throws -> [String] { try store.pool.read { try String.fetchAll($0, sql: sql) } }

    /// The database of a plant just imported, made once.
    static func template() throws -> String {
        let service = try SimService()
        let folder = service.directory + "/plant"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in SimPlant.files {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        let report = try service.store.importPlant(from: [folder])
        guard report.errors.isEmpty else { throw Violation(seed: 0, step: 0, what: "\(report.errors)") }
        let file = service.directory + ".db"
        try service.store.pool.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO '\(file)'") }
        return file
    }
}

/// One seed's story: the plant sends, people answer, time passes, and things break in between.
struct Simulation {
    /// What took effect, for the run without faults.
    enum Step {
        case burst([SimMessage], Instant)
        case supervisor(TicketID, Action, Instant)
        case due(Instant)
    }

    let seed: UInt64
    let service: SimService
    private var random: SeededRandom
    private var traffic = Traffic()
    private var now = SimPlant.start
    private(set) var expectation = Expectation()
    private(set) var steps: [Step] = []
    private var audit = Audit()

    init(seed: UInt64, template: String) throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        service = try SimService(template: template)
    }

    mutating func run(steps count: Int) async throws {
        for step in 1...count {
            do {
                try await self.step()
                if let what = try audit.firstBroken(service, expectation) {
                    throw Violation(seed: seed, step: step, what: what)
                }
            } catch let violation as Violation {
                throw violation
            } catch {
                throw Violation(seed: seed, step: step, what: "\(error)")
            }
        }
    }

    private mutating func step() async throws {
        if random.chance(0.1) { try service.reopen() }
        if random.chance(0.2) { try service.compact() }
        now = now + .seconds(random.chance(0.7) ? random.pick(10...90) : random.pick(90...900))
        try await fireTimers()
        let burst = traffic.burst(at: now, seeing: try openTickets(), &random)
        if random.chance(0.2), try !survivesBrokenDisk(burst) {
            // Nothing was acknowledged; the broker sends it again, cut elsewhere.
            now = now + .seconds(random.pick(0...5))
            if random.chance(0.3) { try service.reopen() }
            let cut = random.pick(0...burst.count)
            for part in [Array(burst[..<cut]), Array(burst[cut...])] {
                try service.take(part, at: now)
                try committed(part)
            }
        } else {
            try service.take(burst, at: now)
            try committed(burst)
        }
        try supervise()
    }

    /// Books a burst that took effect, and sometimes delivers it again: a crash before its acknowledgement.
    private mutating func committed(_ burst: [SimMessage]) throws {
        for message in burst { _ = expectation.deliver(message, at: now) }
        steps.append(.burst(burst, now))
        guard random.chance(0.3) else { return }
        if random.chance(0.3) { try service.reopen() }
        let again = random.chance(0.5) ? burst : burst.filter { _ in random.chance(0.5) }
        try service.take(again, at: now)
        for message in again { _ = expectation.deliver(message, at: now) }
    }

    private mutating func fireTimers() async throws {
        let at = now
        if random.chance(0.1) {
            try breakTable()
            // Each timer falls in a transaction of its own, so some may have; the service tries the others again.
            do { _ = try await service.store.performDue(at: at) } catch {}
            try mendTable()
        }
        _ = try await service.store.performDue(at: at)
        steps.append(.due(at))
    }

    private mutating func supervise() throws {
        guard random.chance(0.03), let ticket = try openTickets().first.map({ TicketID($0.id) }) else { return }
        let action = random.chance(0.6) ? Action.override(reason: "scrapped") : .cancel(reason: "a drill")
        try service.store.perform([Input(.action(ticket, action, by: .supervisor))], at: now)
        steps.append(.supervisor(ticket, action, now))
    }

    private func openTickets() throws -> [Traffic.Seen] {
        try service.store.pool.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM ticket WHERE closed_at IS NULL ORDER BY id").map {
                Traffic.Seen(id: $0["id"], state: $0["state"], engineer: $0["engineer"], epoch: $0["epoch"])
            }
        }
    }
}

// MARK: - A disk that fails

extension Simulation {
    /// Returns whether the burst committed all the same; if it did not, nothing of it may be seen.
    private mutating func survivesBrokenDisk(_ burst: [SimMessage]) throws -> Bool {
        let before = try service.facts()
        try breakTable()
        do { try service.take(burst, at: now) } catch {
            try mendTable()
            guard try service.facts() == before else {
                throw Violation(seed: seed, step: steps.count, what: "half a burst stayed behind")
            }
            return false
        }
        try mendTable()
        try committed(burst)
        return true
    }

    private mutating func breakTable() throws {
        let table = random.pick(["ticket_entry", "outbox", "timer", "detector", "journal", "ledger", "rejected"])
        // Not `raise`, which is a contradiction in what is stored: this is a database that fails.
        try service.store.pool.write { db in
            try db.execute(sql: "CREATE TRIGGER broken BEFORE INSERT ON \(table) BEGIN SELECT json('broken disk'); END")
        }
    }

    private func mendTable() throws {
        try service.store.pool.write { try $0.execute(sql: "DROP TRIGGER broken") }
    }
}
