/// `spBv1.0/{group}/{kind}/{node}[/{device}]`: who says it, and what kind of message it is.
struct SparkplugTopic: Hashable, Sendable {
    enum Kind: String, Sendable {
        case nodeBirth = "NBIRTH"
        case nodeDeath = "NDEATH"
        case nodeData = "NDATA"
        case deviceBirth = "DBIRTH"
        case deviceDeath = "DDEATH"
        case deviceData = "DDATA"
        /// Commands are for edge nodes, not for hosts.
        case nodeCommand = "NCMD"
        case deviceCommand = "DCMD"
        /// Another host's, or our own.
        case state = "STATE"

        var isOfDevice: Bool {
            switch self {
            case .deviceBirth, .deviceDeath, .deviceData, .deviceCommand: true
            default: false
            }
        }
        var isBirth: Bool { self == .nodeBirth || self == .deviceBirth }
        var isDeath: Bool { self == .nodeDeath || self == .deviceDeath }
        /// Whether it is meant for a host application.
        var isForHosts: Bool {
            switch self {
            case .nodeCommand, .deviceCommand, .state: false
            default: true
            }
        }
    }

    /// The first level of every topic.
    static let namespace = "spBv1.0"

    var kind: Kind
    /// `group/node`; empty for STATE.
    var node: String
    /// Empty: the node itself; in DDATA, a device that the topic does not name (pysparkplug's `update_device`).
    var device: String

    /// nil: no topic of Sparkplug B.
    init?(_ levels: [Substring]) {
        guard levels.first == Self.namespace[...], !levels.contains("") else { return nil }
        if levels.count == 3, levels[1] == "STATE" {
            (kind, node, device) = (.state, "", "")
            return
        }
        guard levels.count >= 4, let kind = Kind(rawValue: String(levels[2])), kind != .state,
            levels.count == (kind.isOfDevice ? 5 : 4) || levels.count == 4 && kind == .deviceData
        else { return nil }
        self.kind = kind
        node = "\(levels[1])/\(levels[3])"
        device = levels.count == 5 ? String(levels[4]) : ""
    }

    /// Who sends, as `sources.csv` names it.
    var sender: String { device.isEmpty ? node : "\(node)/\(device)" }
}
