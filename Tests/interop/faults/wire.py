"""MQTT packets as bytes: as much as the numbered gateway and the scripted broker need."""

import socket
import struct
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14


class Packet(NamedTuple):
    kind: int
    flags: int
    body: bytes

    @property
    def identifier(self) -> int:
        """Of a PUBACK or a SUBSCRIBE."""
        return struct.unpack_from(">H", self.body)[0]


def text(string: str | bytes) -> bytes:
    raw = string.encode() if isinstance(string, str) else string
    return struct.pack(">H", len(raw)) + raw


def packet(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    length, rest = b"", len(body)
    while True:
        length += bytes([rest % 128 | (128 if rest > 127 else 0)])
        rest //= 128
        if not rest:
            return bytes([kind << 4 | flags]) + length + body


def connect(client: str, user: str, password: str) -> bytes:
    """MQTT 3.1.1, a clean session, no keep-alive."""
    return packet(CONNECT, text("MQTT") + bytes([4, 0b1100_0010, 0, 0]) + text(client) + text(user) + text(password))


def publish(topic: str, payload: bytes, identifier: int = 0, again: bool = False, version: int = 4) -> bytes:
    """At QoS 1; at QoS 0 without an identifier."""
    head = text(topic) + (struct.pack(">H", identifier) if identifier else b"") + (b"\0" if version == 5 else b"")
    return packet(PUBLISH, head + payload, (2 if identifier else 0) | (8 if again else 0))


def client_of(connect_body: bytes) -> str:
    """The client id of a CONNECT, MQTT 5: it follows the properties."""
    properties = connect_body[10]
    if properties > 127:
        raise ValueError("more properties than we expect")
    at = 11 + properties
    length = struct.unpack_from(">H", connect_body, at)[0]
    return connect_body[at + 2:at + 2 + length].decode()


def filters_of(subscribe_body: bytes) -> int:
    """How many filters a SUBSCRIBE has, MQTT 5 without properties."""
    at, count = 3, 0
    while at < len(subscribe_body):
        at += 3 + struct.unpack_from(">H", subscribe_body, at)[0]
        count += 1
    return count


class Stream:
    """Packets from a socket."""

    def __init__(self, connection: socket.socket):
        self.connection, self._rest = connection, b""

    def packets(self) -> list[Packet]:
        """What has come within the socket's time-out; ConnectionError when the other side has gone."""
        try:
            chunk = self.connection.recv(1 << 16)
        except (TimeoutError, BlockingIOError):
            return []
        if not chunk:
            raise ConnectionError("closed")
        self._rest += chunk
        found = []
        while parsed := self._first():
            found.append(parsed)
        return found

    def _first(self) -> Packet | None:
        length, shift = 0, 0
        for at, byte in enumerate(self._rest[1:5], 2):
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                if len(self._rest) < at + length:
                    return None
                head, body = self._rest[0], self._rest[at:at + length]
                self._rest = self._rest[at + length:]
                return Packet(head >> 4, head & 15, body)
        return None
