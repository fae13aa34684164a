"""A broker that sees each byte: it gives messages to the service and records when which one is acknowledged."""

import socket
import struct
import threading
import time
from pathlib import Path

import stack
import wire

CLIENT = "fieldloop"


class ScriptedBroker:
    """MQTT 5 for the service alone. What was not acknowledged is given again on the next connection."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, stack.free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.waiting: dict[int, tuple[str, bytes]] = {}
        self.acknowledged: dict[int, float] = {}
        self.connections = 0
        self._given = 0
        # The connection of the client that reads, as against those that publish; and where it has subscribed.
        self._main: socket.socket | None = None
        self._subscriber: socket.socket | None = None
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def password_file(self, _user: str) -> Path:
        path = self.folder / "password"
        path.write_text("any\n", encoding="utf-8")
        return path

    def start(self) -> "ScriptedBroker":
        return self

    def stop(self):
        self._listener.close()

    def give(self, topic: str, payload: bytes) -> int:
        with self._lock:
            self._given += 1
            self.waiting[self._given] = (topic, payload)
            if self._subscriber:
                self._send(self._given, again=False)
            return self._given

    def _send(self, identifier: int, again: bool):
        topic, payload = self.waiting[identifier]
        try:
            self._subscriber.sendall(wire.publish(topic, payload, identifier, again, version=5))
        except OSError:
            self._subscriber = None

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        stream = wire.Stream(connection)
        try:
            while True:
                for packet in stream.packets():
                    self._take(packet, connection)
        except OSError:
            connection.close()

    def _take(self, packet: wire.Packet, connection: socket.socket):
        with self._lock:
            match packet.kind:
                case wire.CONNECT:
                    is_main = wire.client_of(packet.body) == CLIENT
                    connection.sendall(wire.packet(wire.CONNACK, bytes([is_main and self.connections > 0, 0, 0])))
                    if is_main:
                        self._main, self.connections = connection, self.connections + 1
                case wire.SUBSCRIBE:
                    granted = bytes([1]) * wire.filters_of(packet.body)
                    connection.sendall(
                        wire.packet(wire.SUBACK, struct.pack(">HB", packet.identifier, 0) + granted))
                    if connection is self._main and connection is not self._subscriber:
                        self._subscriber = connection
                        for identifier in list(self.waiting):
                            self._send(identifier, again=True)
                case wire.PUBACK:
                    self.waiting.pop(packet.identifier, None)
                    self.acknowledged[packet.identifier] = time.monotonic()
                case wire.PUBLISH:
                    length = struct.unpack_from(">H", packet.body)[0]
                    connection.sendall(wire.packet(wire.PUBACK, packet.body[2 + length:4 + length]))
                case wire.PINGREQ:
                    connection.sendall(wire.packet(wire.PINGRESP))
