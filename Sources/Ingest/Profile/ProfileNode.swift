import Domain
import Yams

/// A mapping of a YAML file on its way to a profile: keys are taken out one by one, and what is left at the end was
/// misspelt.
struct ProfileNode {
    private let file: String
    private let line: Int
    private var keys: [(name: String, node: Node)]

    /// nil when `node` is no mapping.
    init?(_ node: Node, file: String) {
        guard let mapping = node.mapping else { return nil }
        self.file = file
        line = node.mark?.line ?? 1
        keys = mapping.map { ($0.key.string ?? "", $0.value) }
    }

    func bad(_ reason: String) -> BadProfile { BadProfile(description: "\(file):\(line): \(reason)") }

    private mutating func take(_ key: String) -> Node? {
        keys.firstIndex { $0.name == key }.map { keys.remove(at: $0).node }
    }

    private func wrong(_ key: String, _ node: Node, _ expected: String) -> BadProfile {
        BadProfile(description: "\(file):\(node.mark?.line ?? line): “\(key)” is no \(expected)")
    }

    /// Throws when a key was left.
    func end() throws(BadProfile) {
        guard let (name, node) = keys.first else { return }
        throw BadProfile(description: "\(file):\(node.mark?.line ?? line): nobody knows the key “\(name)”")
    }

    mutating func text(_ key: String) throws(BadProfile) -> String? {
        guard let node = take(key) else { return nil }
        guard let scalar = node.scalar else { throw wrong(key, node, "text") }
        return scalar.string
    }

    mutating func number(_ key: String) throws(BadProfile) -> Double? {
        guard let node = take(key) else { return nil }
        return try number(node, key)
    }

    private func number(_ node: Node, _ key: String) throws(BadProfile) -> Double {
        // An integer first: 0x54 is no float.
        guard let number = node.int.map(Double.init) ?? node.float, number.isFinite else {
            throw wrong(key, node, "number")
        }
        return number
    }

    mutating func integer(_ key: String) throws(BadProfile) -> Int? {
        guard let node = take(key) else { return nil }
        guard let integer = node.int else { throw wrong(key, node, "integer") }
        return integer
    }

    mutating func flag(_ key: String) throws(BadProfile) -> Bool {
        guard let node = take(key) else { return false }
        guard let flag = node.bool else { throw wrong(key, node, "true or false") }
        return flag
    }

    /// One number or a list; empty when the key is absent.
    mutating func numbers(_ key: String) throws(BadProfile) -> [Double] {
        guard let node = take(key) else { return [] }
        guard let sequence = node.sequence else { return [try number(node, key)] }
        var numbers: [Double] = []
        for element in sequence { numbers.append(try number(element, key)) }
        return numbers
    }

    /// One text or a list; empty when the key is absent.
    mutating func texts(_ key: String) throws(BadProfile) -> [String] {
        guard let node = take(key) else { return [] }
        var texts: [String] = []
        for element in node.sequence.map(Array.init) ?? [node] {
            guard let scalar = element.scalar else { throw wrong(key, element, "text") }
            texts.append(scalar.string)
        }
        return texts
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws(BadProfile) -> Choice?
    where Choice.RawValue == String {
        guard let text = try text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw bad("“\(key)” is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")), not “\(text)”")
        }
        return choice
    }

    /// nil when the key is absent or no mapping.
    mutating func map<Value>(
        _ key: String, _ read: (inout ProfileNode) throws(BadProfile) -> Value
    ) throws(BadProfile) -> Value? {
        guard let node = keys.first(where: { $0.name == key })?.node, var inner = ProfileNode(node, file: file) else {
            return nil
        }
        _ = take(key)
        let value = try read(&inner)
        try inner.end()
        return value
    }

    /// Empty when the key is absent.
    mutating func list<Value>(
        _ key: String, _ read: (inout ProfileNode) throws(BadProfile) -> Value
    ) throws(BadProfile) -> [Value] {
        guard let node = take(key) else { return [] }
        guard let sequence = node.sequence else { throw wrong(key, node, "list") }
        var values: [Value] = []
        for element in sequence {
            guard var inner = ProfileNode(element, file: file) else { throw wrong(key, element, "list of keys") }
            values.append(try read(&inner))
            try inner.end()
        }
        return values
    }

    mutating func factors(_ key: String) throws(BadProfile) -> [Double: Double] {
        guard let node = take(key) else { return [:] }
        guard let mapping = node.mapping else { throw wrong(key, node, "mapping of codes to factors") }
        var factors: [Double: Double] = [:]
        for (code, factor) in mapping { factors[try number(code, key)] = try number(factor, key) }
        return factors
    }

    mutating func axes() throws(BadProfile) -> [Profile.Axis] {
        guard let node = take("axes") else { return [] }
        var axes: [Profile.Axis] = []
        if let mapping = node.mapping {
            for (name, key) in mapping {
                guard let name = name.scalar, let key = key.scalar else { throw wrong("axes", node, "list of names") }
                axes.append(Profile.Axis(name: name.string, key: key.string))
            }
        } else {
            for name in node.sequence ?? [] {
                guard let scalar = name.scalar else { throw wrong("axes", node, "list of names") }
                axes.append(Profile.Axis(name: scalar.string, key: scalar.string))
            }
        }
        return axes
    }
}
