"""paho-mqtt with the waiting done: MQTT 5, so that a refusal is told with its reason."""

import queue
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from stack import until

NOT_AUTHORIZED = 0x87


class Refused(Exception):
    """The broker did not let us in; `code` is the CONNACK's reason."""

    def __init__(self, reason):
        super().__init__(str(reason))
        self.code = reason.value


class Client:
    """One connection as `user`. `session` keeps the session of that client id for a day."""

    def __init__(self, broker, user, password=None, session=None):
        self.messages = queue.Queue()
        self.disconnected = threading.Event()
        self._answers = {}
        self._connack = queue.Queue()
        self._suback = queue.Queue()
        self._lock = threading.Condition()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=session or "", protocol=mqtt.MQTTv5)
        if user is not None:
            self._client.username_pw_set(user, broker.password(user) if password is None else password)
        self._client.on_connect = lambda _c, _u, _flags, reason, _p: self._connack.put(reason)
        self._client.on_disconnect = lambda *_: self.disconnected.set()
        self._client.on_message = lambda _c, _u, message: self.messages.put(message)
        self._client.on_subscribe = lambda _c, _u, _mid, reasons, _p: self._suback.put(reasons)
        self._client.on_publish = self._published
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 86400 if session else 0
        self._client.connect(
            "127.0.0.1", broker.port, keepalive=60, clean_start=session is None, properties=properties)
        self._client.loop_start()
        reason = self._connack.get(timeout=5)
        if reason.is_failure:
            self.close()
            raise Refused(reason)

    def _published(self, _client, _userdata, mid, reason, _properties):
        with self._lock:
            self._answers[mid] = reason
            self._lock.notify_all()

    def publish(self, topic, payload, qos=1, retain=False, wait=5):
        """The PUBACK's reason code (0 = taken)."""
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        if qos == 0:
            info.wait_for_publish(wait)
            return 0
        with self._lock:
            if not self._lock.wait_for(lambda: info.mid in self._answers, wait):
                raise TimeoutError(f"no acknowledgement for {topic}")
            return self._answers.pop(info.mid).value

    def send(self, topic, payload):
        """At QoS 1, without waiting for the acknowledgement."""
        self._client.publish(topic, payload, qos=1)

    def subscribe(self, topic):
        self._client.subscribe(topic, qos=1)
        return [reason.value for reason in self._suback.get(timeout=5)]

    def receive(self, wait=5.0):
        """The next message; None when none comes in time."""
        try:
            return self.messages.get(timeout=wait)
        except queue.Empty:
            return None

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def gateway_once_heard(broker, site="beilun", seconds=10.0):
    """The site's gateway, once the service has subscribed: before that the broker answers 0x10 and drops."""
    gateway = Client(broker, f"gw-{site}")
    probe = f"fieldloop/v1/{site}/nobody/home/reading"
    until(lambda: gateway.publish(probe, b"?") == 0, seconds, what="the service's subscription")
    return gateway
