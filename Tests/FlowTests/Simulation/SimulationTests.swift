import Domain
import Foundation
import Testing

@testable import Store

/// Hundreds of short stories, each from one seed: whatever arrives in whatever order, however often, and whatever
/// breaks in between, the loop holds.
///
/// `FIELDLOOP_SEED=17`, or `1-5000`, plays other seeds than the usual ones.
@Suite struct SimulationTests {
    private static let usual: ClosedRange<UInt64> = 1...200

    private static var seeds: ClosedRange<UInt64> {
        let ends = ProcessInfo.processInfo.environment["FIELDLOOP_SEED"]?.split(separator: "-").compactMap {
            UInt64($0)
        }
        guard let first = ends?.first, let last = ends?.last, first <= last else { return usual }
        return first...last
    }

    @Test(.timeLimit(.minutes(60)))
    func `the loop holds over everything that a plant and a failing disk bring`() async throws {
        let template = try SimService.template()
        defer { try? FileManager.default.removeItem(atPath: template) }
        let happened = await withTaskGroup(of: Set<String>.self, returning: Set<String>.self) { group in
            // Two lanes: the machines that this is tested on have two processors.
            for lane in 0..<2 as Range<UInt64> {
                group.addTask {
                    var happened: Set<String> = []
                    for seed in Self.seeds where seed % 2 == lane {
                        do { happened.formUnion(try await Self.play(seed, template)) } catch {
                            Issue.record("\(error)")
                        }
                    }
                    return happened
                }
            }
            return await group.reduce(into: []) { $0.formUnion($1) }
        }
        guard Self.seeds == Self.usual else { return }
        // Stories in which little happens prove little.
        let untold =
            // Nothing here comments, photographs or records waveforms.
            Entry.Kind.allCases.filter { ![.comment, .photo, .diagnosed].contains($0) }.map(\.rawValue)
            + Outcome.allCases.map(\.rawValue) + Answer.allCases.map(\.rawValue)
        #expect(Set(untold).subtracting(happened).isEmpty)
    }

    /// Returns what happened: kinds of entries, answers, outcomes.
    private static func play(_ seed: UInt64, _ template: String) async throws -> Set<String> {
        var simulation = try Simulation(seed: seed, template: template)
        try await simulation.run(steps: 22)
        let clean = try await cleanRun(simulation.steps, template)
        let (played, expected) = (try simulation.service.facts(), try clean.facts())
        for table in expected.keys.sorted() where played[table] != expected[table] {
            let missing = Set(expected[table] ?? []).subtracting(played[table] ?? [])
            let extra = Set(played[table] ?? []).subtracting(expected[table] ?? [])
            throw Violation(
                seed: seed, step: simulation.steps.count,
                what: "\(table) is not what a run without faults gives: \(extra.sorted()), not \(missing.sorted())")
        }
        return Set(
            try simulation.service.texts(
                """
                SELECT kind FROM ticket_entry UNION SELECT answer FROM assignment
                UNION SELECT outcome FROM ticket WHERE outcome IS NOT NULL
                """))
    }

    /// What took effect, once and with nothing broken.
    private static func cleanRun(_ steps: [Simulation.Step], _ template: String) async throws -> SimService {
        let service = try SimService(template: template)
        for step in steps {
            switch step {
            case .burst(let messages, let now): try service.take(messages, at: now)
            case .supervisor(let ticket, let action, let now):
                try service.store.perform([Input(.action(ticket, action, by: .supervisor))], at: now)
            case .due(let now): _ = try await service.store.performDue(at: now)
            }
        }
        return service
    }
}
