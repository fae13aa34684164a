internal import CMosquitto
internal import Domain
internal import Glibc

/// What the library's callbacks leave for the loop: they record, the loop decides.
///
/// Confined to the loop's thread: the library calls back only from within `mosquitto_loop_*`, and only the loop's
/// thread calls those.
final class Inbox {
    /// CONNACK: its reason code, whether the broker still has our session, and what it takes.
    private(set) var greeting: (reason: CInt, sessionPresent: Bool, limits: BrokerLimits)?
    /// SUBACK: what was granted for each filter, a QoS or a reason code.
    private(set) var granted: [CInt]?
    /// DISCONNECT: its reason code, or the `MOSQ_ERR_*` with which the library gave up.
    private(set) var farewell: CInt?
    /// PUBACKs, or at QoS 0 packets written, not yet taken by the loop.
    private(set) var acknowledged: [(id: UInt16, reason: CInt)] = []
    private(set) var messages: [Message] = []
    /// Payload bytes in `messages`.
    private(set) var bytes = 0
    /// Grows with every callback. `EAGAIN` does not mean that the socket is drained (the library also reports it for
    /// its own wake-up socket pair, which nobody reads), a count that has stopped moving does.
    private(set) var events = 0
    /// The last thing that the library logged as an error.
    private(set) var complaint: String?

    private let limits: [PayloadLimit]
    private let defaultLimit: Int
    private var topics = TopicCache()

    init(limits: [PayloadLimit] = [], defaultLimit: Int = Limits.brokerPacket) {
        self.limits = limits
        self.defaultLimit = defaultLimit
    }

    func takeMessages() -> [Message] {
        defer {
            messages = []
            bytes = 0
        }
        return messages
    }

    func takeAcknowledged() -> [(id: UInt16, reason: CInt)] {
        defer { acknowledged = [] }
        return acknowledged
    }

    func takeGranted() -> [CInt]? {
        defer { granted = nil }
        return granted
    }
}

extension Inbox {
    /// Sets the callbacks; `userdata` is the inbox, which must outlive the handle.
    func attach(to handle: OpaquePointer) {
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        mosquitto_connect_v5_callback_set(handle) { _, inbox, reason, flags, properties in
            let reason = MosquittoError.reasonCode(ofGreeting: reason)
            Inbox.of(inbox).record { $0.greeting = (reason, flags & 1 == 1, BrokerLimits(properties)) }
        }
        mosquitto_disconnect_v5_callback_set(handle) { _, inbox, reason, _ in
            Inbox.of(inbox).record { $0.farewell = reason }
        }
        mosquitto_subscribe_v5_callback_set(handle) { _, inbox, _, count, granted, _ in
            Inbox.of(inbox).record { $0.granted = Array(UnsafeBufferPointer(start: granted, count: Int(count))) }
        }
        mosquitto_publish_v5_callback_set(handle) { _, inbox, id, reason, _ in
            Inbox.of(inbox).record { $0.acknowledged.append((UInt16(truncatingIfNeeded: id), reason)) }
        }
        mosquitto_message_v5_callback_set(handle) { _, inbox, message, _ in
            guard let message else { return }
            Inbox.of(inbox).record { $0.receive(message.pointee) }
        }
        // Taken off by `Client.muteLog`.
        mosquitto_log_callback_set(handle) { _, inbox, level, text in
            guard level == MOSQ_LOG_ERR, let text else { return }
            Inbox.of(inbox).complaint = String(cString: text)
        }
    }

    private static func of(_ userdata: UnsafeMutableRawPointer?) -> Inbox {
        // Set by `attach` before any callback can run.
        Unmanaged<Inbox>.fromOpaque(userdata!).takeUnretainedValue()
    }

    private func record(_ change: (Inbox) -> Void) {
        events += 1
        change(self)
    }

    /// Copies a message out: the library frees it when the callback returns.
    private func receive(_ message: mosquitto_message) {
        let name = UnsafeBufferPointer(
            start: UnsafeRawPointer(message.topic).assumingMemoryBound(to: UInt8.self), count: strlen(message.topic))
        let known = topics.entry(for: name, limit: limit)
        let size = Int(message.payloadlen)
        let kept = size <= known?.limit ?? defaultLimit ? size : min(size, Limits.rejectedHead)
        messages.append(
            Message(
                topic: known?.topic,
                topicText: known?.topic.text ?? String(decoding: name.prefix(Limits.topicLength), as: UTF8.self),
                payload: Array(UnsafeRawBufferPointer(start: message.payload, count: kept)),
                size: size, qos: message.qos == 0 ? .atMostOnce : .atLeastOnce, isRetained: message.retain,
                id: UInt16(truncatingIfNeeded: message.mid)))
        bytes += kept
    }

    private func limit(for topic: Topic) -> Int {
        limits.first { $0.filter.matches(topic) }?.bytes ?? defaultLimit
    }
}
