"""Waveforms in two parts and Sparkplug data under load, and the check that the store holds each of them once."""

import json
import sqlite3
import struct
import threading
from collections import Counter
from contextlib import closing

import stack
from client import Client
from load import SITE, House, first_time

POINT, MEASURE = "BL-P102/DE-V", "kurtosis"
NODE, DEVICE = f"spBv1.0/{SITE}/{{}}/others", POINT.split("/", maxsplit=1)[0]
STEP = 100


def varint(number: int) -> bytes:
    head, rest = number & 0x7F, number >> 7
    return bytes([head | 0x80]) + varint(rest) if rest else bytes([head])


def field(number: int, value: int | bytes | float) -> bytes:
    """Of a protobuf message."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def sparkplug(at: int, sequence: int, *metrics: bytes) -> bytes:
    return field(1, at) + b"".join(field(2, metric) for metric in metrics) + field(3, sequence % 256)


class Others:
    """A gateway that sends a record and a Sparkplug message by turns, each once the broker has the last."""

    def __init__(self, house: House):
        self._house, self._first, self._sent = house, first_time(), 0
        self._over = threading.Event()
        self._gateway = Client(house.broker, f"gw-{SITE}")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Others":
        self._give(NODE.format("NBIRTH"), sparkplug(self._first, 0, field(1, b"bdSeq") + field(4, 8) + field(11, 0)))
        metric = field(1, f"{POINT.split('/')[1]}/{MEASURE}".encode()) + field(2, 1) + field(4, 10)
        born = sparkplug(self._first, 1, metric + field(13, self._value(0)))
        self._give(f"{NODE.format('DBIRTH')}/{DEVICE}", born)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(30)
        self._gateway.close()

    def _give(self, topic: str, payload: bytes):
        if code := self._gateway.publish(topic, payload):
            raise RuntimeError(f"the broker says {code:#x} to {topic}")

    def _run(self):
        while not self._over.wait(0.01):
            number = self._sent + 1
            for part in (2, 1) if number % 2 else (1, 2):
                self._give(f"fieldloop/v1/{SITE}/{POINT}/waveform", self._part(number, part))
            data = sparkplug(self._at(number), number + 1, field(2, 1) + field(4, 10) + field(13, self._value(number)))
            self._give(f"{NODE.format('DDATA')}/{DEVICE}", data)
            self._sent = number

    def _at(self, number: int) -> int:
        return self._first + number * STEP

    def _value(self, number: int) -> float:
        return 3 + number % 97 / 1000

    def _samples(self, number: int) -> bytes:
        """Each its own, of one strength and about one zero point: nothing that a sensor or a machine should be told for."""
        return struct.pack("<400h", *((number * 7 + index) % 400 - 200 for index in range(400)))

    def _part(self, number: int, part: int) -> bytes:
        header = {
            "ts": self._at(number), "sample_rate_hz": 25600, "unit": "g", "encoding": "int16le", "scale": 0.001,
            "n": 400, "part": part, "of": 2}
        half = self._samples(number)[400 * (part - 1):400 * part]
        return json.dumps(header).encode() + b"\n" + half

    def verdict(self) -> dict[str, int]:
        """After all was taken: what the store lacks, and what it has beyond."""
        rows = stack.stored_readings(self._house.service.folder, self._house.service.program)
        values = Counter((at, value) for point, measure, at, value in rows if (point, measure) == (POINT, MEASURE))
        wanted = {(self._at(number), self._value(number)) for number in range(self._sent + 1)}
        records = self._records()
        whole = {self._at(number): self._samples(number) for number in range(1, self._sent + 1)}
        return {
            "messages": self._sent, "messages_missing": len(wanted - values.keys()),
            "messages_doubled": values.total() - len(wanted & values.keys()), "records": len(records),
            "records_wrong": sum(records.get(at) != samples for at, samples in whole.items())}

    def _records(self) -> dict[int, bytes]:
        """By time, wherever the bytes are."""
        folder = self._house.service.folder
        records = {}
        for file in (folder / "fieldloop.db", *(folder / "telemetry").glob("*.waveforms.db")):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as store:
                records |= dict(store.execute("SELECT at, bytes FROM waveform WHERE bytes IS NOT NULL"))
        return records


def is_whole(verdict: dict[str, int]) -> bool:
    return verdict["messages"] > 0 and not any(
        verdict[what] for what in ("messages_missing", "messages_doubled", "records_wrong"))
