public import Domain
import Foundation
import SwiftProtobuf

/// A host application's retained word on whether it is there (Sparkplug 3.0, chapter 5 "Host Application").
///
/// A client with a clean session of its own connects with the will `payload(online: false, at: t)`, retained, QoS 1, and
/// then publishes `payload(online: true, at: t)` with the *same* `t`, so that edge nodes can tell which will belongs to
/// which birth. Before it leaves on purpose it publishes `online: false` itself.
public enum SparkplugState {
    public static func topic(host: String) -> String { "\(SparkplugTopic.namespace)/STATE/\(host)" }

    public static func payload(online: Bool, at: Instant) -> [UInt8] {
        Array(#"{"online":\#(online),"timestamp":\#(at.milliseconds)}"#.utf8)
    }

    /// What the persistent client subscribes to, QoS 1; commands and states are none of its business. DDATA without a
    /// device is what pysparkplug sends.
    public static let filters =
        ["NBIRTH", "NDATA", "NDEATH", "DDATA"].map { "\(SparkplugTopic.namespace)/+/\($0)/+" }
        + ["DBIRTH", "DDATA", "DDEATH"].map { "\(SparkplugTopic.namespace)/+/\($0)/+/+" }
}

extension Request {
    /// Asks an edge node (`group/node`) to say again what it has.
    static func rebirth(of node: String, at now: Instant) -> Request {
        let time = UInt64(clamping: now.milliseconds)
        var metric = SparkplugMetric()
        metric.name = "Node Control/Rebirth"
        metric.timestamp = time
        metric.datatype = SparkplugType.boolean.rawValue
        metric.booleanValue = true
        var payload = SparkplugPayload()
        payload.timestamp = time
        // Encoding can only fail for required fields, which the schema has none of.
        payload.metrics = [(try? metric.serializedData()) ?? Data()]
        let names = node.split(separator: "/", maxSplits: 1)
        let topic = "\(SparkplugTopic.namespace)/\(names[0])/NCMD/\(names[1])"
        return Request(topic: topic, payload: (try? payload.serializedBytes()) ?? [])
    }
}
