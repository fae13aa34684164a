internal import CMosquitto

/// What the broker said on connecting about what it takes (CONNACK's properties); nil where it said nothing.
public struct BrokerLimits: Sendable, Hashable {
    /// The largest packet in bytes, topic and header included; nil = as much as MQTT can carry.
    public var packet: Int?
    /// How many of our publishes may be unacknowledged; nil = 65,535. mosquitto tells its `max_inflight_messages`.
    public var receiveMaximum: Int?
    /// nil = 2.
    public var maximumQoS: Int?

    /// `mosquitto_property_read_*`.
    init(_ properties: OpaquePointer?) {
        var bytes: UInt32 = 0
        var count: UInt16 = 0
        var qos: UInt8 = 0
        if mosquitto_property_read_int32(properties, CInt(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), &bytes, false) != nil
        {
            packet = Int(bytes)
        }
        if mosquitto_property_read_int16(properties, CInt(MQTT_PROP_RECEIVE_MAXIMUM.rawValue), &count, false) != nil {
            receiveMaximum = Int(count)
        }
        if mosquitto_property_read_byte(properties, CInt(MQTT_PROP_MAXIMUM_QOS.rawValue), &qos, false) != nil {
            maximumQoS = Int(qos)
        }
    }
}
