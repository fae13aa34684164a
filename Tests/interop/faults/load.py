"""Numbered readings under load, and the check that the store holds each of them once."""

import json
import socket
import threading
import time
from collections import Counter, deque
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import stack
import wire
from client import Client, gateway_once_heard
from disk import Disk

SITE = "beilun"
CALM = ("BL-P102/DE-H", "BL-P102/DE-V", "BL-P103/DE-H", "BL-P103/DE-V", "BL-F201/DE-H", "BL-F202/DE-H")
# Each in breach from its first reading to its last: one fault, so one ticket.
BREACHED = ("BL-P101/DE-H", "BL-H401/DE-H")
POINTS = CALM + BREACHED
VELOCITY = "velocity_rms_mm_s"
# Two per second and point for hours without ever reaching the present.
STEP, BACK = 1, 4 * 3_600_000
BATCH, IN_FLIGHT = 20, 500


def now() -> int:
    return time.time_ns() // 1_000_000


def reading_of(number: int, first: int) -> tuple[str, int, float]:
    """Point, milliseconds and velocity. Never flat: a sensor that says the same for ever is a fault of its own."""
    point = POINTS[number % len(POINTS)]
    return point, first + number * STEP, (5.0 if point in BREACHED else 1.0) + number % 97 / 1000


def topic_of(number: int) -> str:
    return f"fieldloop/v1/{SITE}/{POINTS[number % len(POINTS)]}/reading"


def payload_of(number: int, first: int) -> bytes:
    _, at, value = reading_of(number, first)
    return json.dumps({"ts": at, "seq": number // len(POINTS), VELOCITY: value, "running": True}).encode()


def first_time() -> int:
    """The time of number 0."""
    return now() - BACK


def identifier_of(number: int) -> int:
    return number % 65_535 + 1


class Numbers:
    """A gateway that numbers its readings and remembers which ones the broker has acknowledged.

    One thread of its own: sends, reads acknowledgements, and when the broker is away comes back and repeats what was
    not acknowledged.
    """

    def __init__(self, broker: stack.Broker, per_second: int = 1000, qos: int = 1):
        self.first, self.sent, self.acknowledged = first_time(), 0, 0
        self._broker, self._qos, self._pause = broker, qos, BATCH / per_second
        self._waiting: deque[int] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Numbers":
        self._thread.start()
        return self

    def stop(self, seconds: float = 30):
        """No more; returns once the broker has acknowledged all."""
        self._over.set()
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TimeoutError(f"the broker acknowledged {self.acknowledged} of {self.sent}")

    def _run(self):
        while not self._over.is_set() or self._waiting:
            try:
                with socket.create_connection(("127.0.0.1", self._broker.port), 5) as connection:
                    self._serve(connection)
            except OSError:
                time.sleep(0.05)

    def _serve(self, connection: socket.socket):
        user, stream = f"gw-{SITE}", wire.Stream(connection)
        connection.sendall(wire.connect(f"numbers-{self.first}", user, self._broker.password(user)))
        while not stream.packets():
            pass
        connection.sendall(b"".join(self._message(number, again=True) for number in self._waiting))
        due = time.monotonic()
        while not self._over.is_set() or self._waiting:
            if not self._over.is_set() and len(self._waiting) < IN_FLIGHT and time.monotonic() >= due:
                due += self._pause
                connection.sendall(b"".join(self._next() for _ in range(BATCH)))
            connection.settimeout(max(0.001, due - time.monotonic()))
            for packet in stream.packets():
                # In the order of sending, or the broker is not one.
                number = self._waiting.popleft()
                if (packet.kind, packet.identifier) != (wire.PUBACK, identifier_of(number)):
                    raise RuntimeError(f"{packet} for number {number}")
                self.acknowledged += 1

    def _next(self) -> bytes:
        number = self.sent
        self.sent += 1
        if self._qos:
            self._waiting.append(number)
        return self._message(number)

    def _message(self, number: int, again: bool = False) -> bytes:
        identifier = identifier_of(number) if self._qos else 0
        return wire.publish(topic_of(number), payload_of(number, self.first), identifier, again)

    def compare(self, stored: list[tuple[str, str, int, float]]) -> tuple[set[int], int]:
        """The acknowledged numbers that the store lacks, and how many rows it has beyond one for each sent."""
        rows = Counter((point, at, value) for point, measure, at, value in stored if measure == VELOCITY)
        sent = [reading_of(number, self.first) for number in range(self.sent)]
        # They are acknowledged in order: what was taken is a beginning of what was sent.
        missing = {number for number in range(self.acknowledged) if sent[number] not in rows}
        return missing, rows.total() - len(rows.keys() & set(sent))


@dataclass
class House:
    """Broker, service on a faulty disk, and what watches them."""

    broker: stack.Broker
    service: stack.Service
    disk: Disk

    @staticmethod
    def build(folder: Path, program: Path, library: Path, broker: stack.Broker | None = None) -> "House":
        broker = broker or stack.Broker(folder / "mqtt")
        disk = Disk(library, folder / "data", folder / "control")
        service = stack.Service(folder / "data", broker, program, env=disk.env).import_plant()
        return House(broker.start(), service, disk)

    def stop(self):
        self.service.stop()
        self.broker.stop()

    def start(self) -> "House":
        """Returns once the service has subscribed: the broker keeps nothing for a session that it has never seen."""
        self.service.start()
        gateway_once_heard(self.broker).close()
        return self

    def stored(self) -> list[tuple[str, str, int, float]]:
        return stack.stored_readings(self.service.folder, self.service.program)

    def velocities(self) -> list[tuple[str, int, float]]:
        return [(point, at, value) for point, measure, at, value in self.stored() if measure == VELOCITY]

    def summed_up(self) -> int:
        """How many velocities the rollups count: what was counted twice shows here, whatever the readings say."""
        rows = stack.export(
            self.service.folder, self.service.program, "--resolution", "hour", "--measure", VELOCITY)
        return sum(int(row["count"]) for row in rows)

    def gateway(self) -> closing[Client]:
        return closing(Client(self.broker, f"gw-{SITE}"))

    def caught_up(self, seconds: float = 60):
        """Waits until the service has taken everything that the broker had for it: a message that is surely rejected
        comes behind all others of its sender, and shows in the store with its burst."""
        mark = f"the end {now()}"
        with self.gateway() as sender:
            sender.publish(topic_of(0), mark)
        stack.until(
            lambda: any(row["head"] == mark for row in self.service.api.rejected()), seconds, 0.2, what="the end")

    def verdict(self, numbers: Numbers, unsaved: frozenset[int] | set[int] = frozenset()) -> dict[str, int]:
        """What the store says about the load; `is_perfect` reads it. `unsaved` died with the broker."""
        self.caught_up()
        stored = self.stored()
        missing, doubled = numbers.compare(stored)
        tickets = Counter(card["asset"] for card in self.service.api.cards())
        # "?" is the probe of `gateway_once_heard`.
        heads = [row["head"] for row in self.service.api.rejected()]
        return {
            "sent": numbers.sent, "acknowledged": numbers.acknowledged, "missing": len(missing - unsaved),
            "died_with_broker": len(missing & unsaved), "doubled": doubled,
            "rollups_off": self.summed_up() - sum(measure == VELOCITY for _, measure, _, _ in stored),
            "tickets": tickets.total(), "faults": len(BREACHED),
            "sessions_lost": int(self.service.health()["sessions_lost"]),
            "rejected": sum(head != "?" and not head.startswith("the end") for head in heads)}


def is_perfect(verdict: dict[str, int]) -> bool:
    return verdict["sent"] > 0 and not any(
        (verdict["missing"], verdict["doubled"], verdict["rollups_off"], verdict["rejected"], verdict["sessions_lost"],
         verdict["tickets"] - verdict["faults"]))
