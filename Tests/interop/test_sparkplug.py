"""An edge node on pysparkplug, unchanged, against the real broker and the real service."""

import json
import queue
import sqlite3
import struct
import subprocess
import sys
import threading
import time

import pytest

import stack
from client import gateway_once_heard

EDGE = stack.ROOT / "Tests/interop/edge"
# The library and its own version of paho-mqtt, kept between runs.
LIBRARY = stack.ROOT / "var/pysparkplug"
POINT = "BL-P102/DE-V"
VELOCITY, TEMPERATURE = "velocity_rms_mm_s", "temperature_c"


@pytest.fixture(scope="session")
def library():
    wanted = EDGE / "requirements.txt"
    installed = LIBRARY / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", LIBRARY, "-r", wanted]
        if subprocess.run(pip, check=False).returncode != 0:
            pytest.skip("pysparkplug can't be installed: no package index")
        installed.write_text(wanted.read_text())
    return LIBRARY


class EdgeNode:
    """edge_node.py as a process; `commands` are those that it heard."""

    def __init__(self, broker, library, name):
        user, self.name = "gw-beilun", name
        self.commands, self._done = queue.Queue(), queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, EDGE / "edge_node.py", str(broker.port), name, user, broker.password(user)],
            env={"PYTHONPATH": str(library)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            said = json.loads(line)
            (self._done if "done" in said else self.commands).put(said)

    def do(self, what, **order):
        self.process.stdin.write(json.dumps({"do": what} | order) + "\n")
        self.process.stdin.flush()
        if what != "vanish":
            self._done.get(timeout=10)

    def vanish(self):
        self.do("vanish")
        self.process.wait(10)

    def heard_rebirth(self):
        said = self.commands.get(timeout=10)
        assert said == {"command": "Node Control/Rebirth", "value": True}

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def edge(broker, service, library):
    edges = []

    def start(name):
        edges.append(EdgeNode(broker, library, name))
        return edges[-1]

    yield start
    for edge in edges:
        edge.stop()


@pytest.fixture
def stored(service, program):
    """stored(since, count): what came of the point since then, as {measure: value}; waits for `count` of them."""

    def stored(since, count):
        def found():
            rows = stack.stored_readings(service.folder, program)
            values = {measure: value for name, measure, at, value in rows if name == POINT and at >= since}
            return values if len(values) >= count else None

        return stack.until(found, 15, every=0.2, what=f"{count} values of {POINT}")

    return stored


def now():
    return time.time_ns() // 1_000_000


def waveforms(service, since):
    """Records of any point since then, without their time."""
    with sqlite3.connect(f"file:{service.folder}/fieldloop.db?mode=ro", uri=True, timeout=10) as db:
        return db.execute(
            "SELECT sample_rate, unit, encoding, scale, bytes FROM waveform WHERE at >= ?", (since,)).fetchall()


def rejected(service, node, reason):
    """The refusals of a node's data for a reason."""
    topic = f"spBv1.0/beilun/DDATA/{node.name}/BL-P102"
    return [row for row in service.api.rejected() if row["topic"] == topic and row["reason"] == reason]


def test_births_data_and_aliases(edge, stored):
    began, node = now(), edge("calm")
    node.do("connect")
    values = stored(began, 3)
    assert values == pytest.approx({VELOCITY: 2.31, TEMPERATURE: -12, "running": 1})

    later = now()
    node.do("update", values={"DE-V/velocity_rms_mm_s": 4.5, "DE-V/temperature_c": -300 + 273})
    assert stored(later, 2) == pytest.approx({VELOCITY: 4.5, TEMPERATURE: -27})

    # NBIRTH 0, DBIRTH 1, DDATA 2: this is 3.
    later = now()
    node.do("by_alias", seq=3, name="DE-V/kurtosis", value=3.25)
    assert stored(later, 1) == {"kurtosis": 3.25}
    assert node.commands.empty()


def test_a_hole_in_the_numbers_is_recorded_and_a_birth_asked_for(edge, stored, service):
    began, node = now(), edge("leaky")
    node.do("connect")
    stored(began, 3)
    later = now()
    node.do("by_alias", seq=9, name="DE-V/velocity_rms_mm_s", value=1.75)
    assert stored(later, 1) == {VELOCITY: 1.75}
    node.heard_rebirth()
    gaps = [gap for gap in service.api.get("api/intake")["gaps"] if gap["sender"] == f"beilun/{node.name}"]
    assert [gap["ranges"] for gap in gaps] == [[["2", "8"]]]


def test_an_unknown_alias_costs_itself(edge, stored, service):
    began, node = now(), edge("forgetful")
    node.do("connect")
    stored(began, 3)
    node.do("by_alias", seq=2, name="DE-V/velocity_rms_mm_s", value=1.5, alias=99)
    stack.until(lambda: rejected(service, node, "unknown_alias"), what="the refusal")
    later = now()
    node.do("by_alias", seq=3, name="DE-V/velocity_rms_mm_s", value=1.25)
    assert stored(later, 1) == {VELOCITY: 1.25}


def test_a_node_that_nobody_saw_born_is_asked(edge, service):
    node = edge("stranger")
    node.do("connect_unborn")
    node.do("by_alias", seq=7, name="DE-V/velocity_rms_mm_s", value=1.5)
    stack.until(lambda: rejected(service, node, "never_born"), what="the refusal")
    node.heard_rebirth()


def test_a_session_outlives_a_crash_of_ours_and_ends_with_a_will(edge, stored, service, broker):
    began, node = now(), edge("steady")
    node.do("connect")
    stored(began, 3)
    service.kill()
    service.start()
    gateway_once_heard(broker).close()
    later = now()
    node.do("by_alias", seq=2, name="DE-V/temperature_c", value=31)
    assert stored(later, 1) == {TEMPERATURE: 31}

    gone = now()
    node.vanish()
    again = edge("steady")
    again.do("connect")
    assert stored(gone, 3)[TEMPERATURE] == -12
    again.do("leave")
    assert not rejected(service, again, "never_born")


def test_an_array_is_a_waveform(edge, stored, service):
    """sources.csv calls the array of the node edge-7 a waveform; another node's is nobody's."""
    began, node, other = now(), edge("edge-7"), edge("edge-8")
    for one in (node, other):
        one.do("connect")
    stored(began, 3)
    samples = [0, 1, -1, 32767, -32768]
    later = now()
    for one in (other, node):
        one.do("update", values={"Accelerometer": samples})
    record = (25600, "g", "int16le", pytest.approx(0.000244), struct.pack("<5h", *samples))
    assert stack.until(lambda: waveforms(service, later), what="the record") == [record]
    node.do("by_alias", seq=3, name="Accelerometer", value=[7])
    node.do("by_alias", seq=4, name="DE-V/kurtosis", value=3.5)
    assert stored(later, 1) == {"kurtosis": 3.5}
    assert [row[4] for row in waveforms(service, later)] == [record[4], struct.pack("<h", 7)]
    assert not rejected(service, node, "bad_waveform") and not rejected(service, other, "bad_waveform")


def test_templates_and_data_sets(edge, stored, service):
    began, node = now(), edge("edge-7")
    node.do("connect")
    stored(began, 3)
    later = now()
    node.do("template", seq=2, name="Bearing DE", members={"Vrms": 0.5, "Unused": 1.0})
    assert stored(later, 1) == {VELOCITY: pytest.approx(12.7)}

    later = now()
    rows = [[later + 2, 68.0], [later + 1, 50.0]]
    node.do("data_set", seq=3, name="Minutes", columns={"t": "DATETIME", "T": "DOUBLE"}, rows=rows)
    assert stored(later, 1) == {TEMPERATURE: pytest.approx(20)}
    node.do("data_set", seq=4, name="Minutes", columns={"t": "DATETIME", "T": "DOUBLE"}, rows=[[later]])
    stack.until(lambda: rejected(service, node, "wrong_shape"), what="the refusal")
    wide = {f"c{column}": "DOUBLE" for column in range(300)}
    node.do("data_set", seq=5, name="Minutes", columns=wide, rows=[])
    stack.until(lambda: rejected(service, node, "too_many"), what="the refusal")


def test_the_host_says_that_it_is_there(connect, service):
    listener = connect("gw-beilun")
    listener.subscribe("spBv1.0/STATE/+")
    birth = listener.receive()
    said = json.loads(birth.payload)
    assert birth.topic == "spBv1.0/STATE/fieldloop" and said["online"] is True
    assert abs(now() - said["timestamp"]) < 600_000
    service.stop()
    death = json.loads(listener.receive(10).payload)
    assert death == {"online": False, "timestamp": said["timestamp"]}
