"""Several brokers, and several sets of topics at one: each has its own loop, and none waits for another."""

import json
import signal
import subprocess
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

import stack
from client import Client, gateway_once_heard

READING = "fieldloop/v1/beilun/{point}/reading"


@pytest.fixture
def start(tmp_path, program):
    """start(brokers, topics): a service with a session for each broker in turn; `topics` of some of them."""
    services = []

    def start(brokers, topics=None):
        files = []
        for number, broker in enumerate(brokers[1:], 2):
            files.append(tmp_path / f"broker-{number}.yaml")
            files[-1].write_text(json.dumps({"mqtt": {
                "port": str(broker.port), "client_id": f"fieldloop-{number}", "username": "fieldloop",
                "password_file": str(broker.password_file("fieldloop")),
                "topics": (topics or {}).get(number, [])}}), encoding="utf-8")
        settings = {"mqtt.also": ",".join(map(str, files)), "mqtt.topics": ",".join((topics or {}).get(1, []))}
        services.append(stack.Service(tmp_path / "data", brokers[0], program, settings=settings).import_plant())
        return services[-1].start()

    yield start
    for service in services:
        service.stop()


@pytest.fixture
def two(tmp_path):
    brokers = [stack.Broker(tmp_path / name).start() for name in ("left", "right")]
    yield brokers
    for broker in brokers:
        broker.stop()


class Numbers:
    """Readings of one point, a second apart; those that the broker took."""

    def __init__(self, point):
        self.point, self.first, self.sent = point, time.time_ns() // 1_000_000 - 3_600_000, 0

    def send(self, gateway, count):
        for _ in range(count):
            reading = {"ts": self.first + 1000 * self.sent, "velocity_rms_mm_s": 1.0}
            assert gateway.publish(READING.format(point=self.point), json.dumps(reading)) == 0
            self.sent += 1

    def stored(self, service):
        rows = stack.stored_readings(service.folder, service.program)
        return sorted(at for point, measure, at, _ in rows if point == self.point and measure == "velocity_rms_mm_s")

    def await_all(self, service):
        stack.until(lambda: len(self.stored(service)) >= self.sent, 20, what=f"every reading of {self.point}")
        assert self.stored(service) == [self.first + 1000 * n for n in range(self.sent)]


def states(service):
    return {link["session"]: link["state"] for link in service.health()["brokers"]}


def samples(service, name):
    families = text_string_to_metric_families(service.api.raw("metrics").decode())
    return {sample.labels["session"]: sample for family in families for sample in family.samples
            if sample.name == name}


def test_one_killed_and_back_nothing_is_missing_and_the_other_goes_on(two, start):
    service = start(two)
    left, right = Numbers("BL-P101/DE-H"), Numbers("BL-P102/DE-H")
    gateways = [gateway_once_heard(broker) for broker in two]
    left.send(gateways[0], 100)
    right.send(gateways[1], 100)
    left.await_all(service)
    right.await_all(service)
    assert states(service) == {"fieldloop": "connected", "fieldloop-2": "connected"}

    two[1].process.stop(signal.SIGKILL)
    gateways[1].close()
    stack.until(lambda: states(service)["fieldloop-2"] == "away", what="the notice of its absence")
    assert service.health()["broker"] == "away"
    assert states(service)["fieldloop"] == "connected"
    began = time.monotonic()
    left.send(gateways[0], 200)
    left.await_all(service)
    assert time.monotonic() - began < 10

    two[1].start()
    gateways[1] = gateway_once_heard(two[1], seconds=40)
    right.send(gateways[1], 100)
    left.await_all(service)
    right.await_all(service)
    stack.until(lambda: service.health()["broker"] == "connected", 20, what="its return")
    for gateway in gateways:
        gateway.close()


def test_the_first_away_from_the_start_holds_up_no_other(two, start):
    two[0].stop()
    service = start(two)
    gateway, numbers = gateway_once_heard(two[1]), Numbers("BL-P101/DE-H")
    numbers.send(gateway, 50)
    gateway.close()
    numbers.await_all(service)
    assert states(service) == {"fieldloop": "away", "fieldloop-2": "connected"}


@pytest.mark.parametrize("mine", [0, 1])
def test_what_is_missing_is_asked_for_where_its_sender_is(two, start, mine):
    start(two)
    point = "BL-P101/DE-V"
    gateways = [gateway_once_heard(broker) for broker in two]
    for gateway in gateways:
        gateway.subscribe(f"fieldloop/v1/beilun/{point}/resend")
    now = time.time_ns() // 1_000_000
    for number in (1, 5):
        reading = {"ts": now - 10_000 + number, "seq": number, "velocity_rms_mm_s": 1.0}
        assert gateways[mine].publish(READING.format(point=point), json.dumps(reading)) == 0
    assert json.loads(gateways[mine].receive().payload) == {"missing": [[2, 4]]}
    assert gateways[1 - mine].receive(wait=1) is None
    for gateway in gateways:
        gateway.close()


def test_two_sets_of_topics_at_one_broker_are_two_sessions(two, start):
    broker = two[0]
    service = start(
        [broker, broker], {1: ["fieldloop/v1/+/BL-P101/+/reading"], 2: ["fieldloop/v1/+/BL-P102/+/reading"]})
    stack.until(lambda: set(states(service).values()) == {"connected"}, what="both sessions")
    gateway = Client(broker, "gw-beilun")
    left, right = Numbers("BL-P101/DE-H"), Numbers("BL-P102/DE-H")
    left.send(gateway, 3)
    right.send(gateway, 5)
    gateway.close()
    left.await_all(service)
    right.await_all(service)
    counted = samples(service, "fieldloop_messages_total")
    assert {name: sample.value for name, sample in counted.items()} == {"fieldloop": 3, "fieldloop-2": 5}
    assert {sample.labels["broker"] for sample in counted.values()} == {f"127.0.0.1:{broker.port}"}
    # One of them hears what the broker says of itself, else it would count twice.
    assert len(samples(service, "fieldloop_backlog_messages")) <= 1


def doctor(service):
    done = subprocess.run(
        [service.program, "doctor", *service.flags()], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


def test_doctor_looks_at_each(two, start):
    service = start(two)
    for line in ("✓ broker        fieldloop: ", "✓ broker        fieldloop-2: ", "✓ queue         fieldloop-2: "):
        assert line in doctor(service)
    two[1].stop()
    said = doctor(service)
    assert "✓ broker        fieldloop: " in said
    assert "✗ broker        fieldloop-2: " in said
