import Synchronization

/// Transforms by length, made once; the longest unused give way.
final class Plans<Plan: Sendable>: Sendable {
    private struct Kept {
        let length: Int
        let plan: Plan
    }

    /// Lengths of all plans together; about 20 bytes each.
    private let limit: Int
    private let make: @Sendable (Int) -> Plan
    /// The latest used last.
    private let kept = Mutex<[Kept]>([])

    init(limit: Int, _ make: @escaping @Sendable (Int) -> Plan) {
        (self.limit, self.make) = (limit, make)
    }

    subscript(length: Int) -> Plan {
        let known = kept.withLock { kept -> Plan? in
            guard let index = kept.firstIndex(where: { $0.length == length }) else { return nil }
            let found = kept.remove(at: index)
            kept.append(found)
            return found.plan
        }
        // Made outside the lock: it takes milliseconds, and that two make the same does no harm.
        return known ?? keep(Kept(length: length, plan: make(length)))
    }

    private func keep(_ new: Kept) -> Plan {
        guard new.length <= limit else { return new.plan }
        kept.withLock { kept in
            guard !kept.contains(where: { $0.length == new.length }) else { return }
            kept.append(new)
            while kept.reduce(0, { $0 + $1.length }) > limit { kept.removeFirst() }
        }
        return new.plan
    }

    /// Lengths that are kept, the latest used last.
    var lengths: [Int] { kept.withLock { $0.map(\.length) } }
}
