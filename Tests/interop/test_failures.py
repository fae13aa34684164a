"""The broker away, the service killed: late, but nothing lost and nothing twice."""

import json
import sqlite3
import time

import pytest

import stack
from client import Client


@pytest.fixture
def broker(tmp_path):
    broker = stack.Broker(tmp_path / "mqtt")
    yield broker
    broker.stop()


@pytest.fixture
def service(tmp_path, broker, program):
    service = stack.Service(tmp_path / "data", broker, program).import_plant()
    yield service
    service.stop()


def listened_to(broker, seconds=10):
    """A gateway, once somebody has subscribed to its readings: before that the broker answers 0x10 (nobody listens)."""
    gateway = Client(broker, "gw-beilun")
    stack.until(lambda: gateway.publish("fieldloop/v1/beilun/nobody/home/reading", b"?") == 0, seconds,
                what="the service's subscription")
    return gateway


def breach(gateway, asset="BL-P101", count=3):
    first = time.time_ns() // 1_000_000 - 10_000
    for n in range(count):
        reading = {"ts": first + 1000 * n, "seq": n, "velocity_rms_mm_s": 3.4, "running": True}
        gateway.publish(f"fieldloop/v1/beilun/{asset}/DE-H/reading", json.dumps(reading))


def test_broker_away_at_the_start(service, broker):
    service.start()
    time.sleep(1)
    assert service.process.is_alive()
    broker.start()
    gateway = listened_to(broker, 40)
    breach(gateway)
    gateway.close()
    stack.until(lambda: service.api.cards_of("BL-P101"), what="the ticket")
    assert len(service.api.cards_of("BL-P101")) == 1


def test_broker_restart_loses_nothing(service, broker):
    broker.start()
    service.start()
    listened_to(broker).close()
    broker.stop()
    time.sleep(1)
    broker.start()
    gateway = Client(broker, "gw-beilun")
    breach(gateway)
    gateway.close()
    stack.until(lambda: service.api.cards_of("BL-P101"), 40, what="the ticket")
    assert len(service.api.cards_of("BL-P101")) == 1


def test_service_away_readings_wait_at_the_broker(service, broker):
    broker.start()
    service.start()
    listened_to(broker).close()
    service.kill()
    gateway = Client(broker, "gw-beilun")
    breach(gateway)
    gateway.close()
    service.start()
    stack.until(lambda: service.api.cards_of("BL-P101"), what="the ticket")
    assert len(service.api.cards_of("BL-P101")) == 1


def test_stops_when_asked(service, broker):
    broker.start()
    service.start()
    assert service.stop() == 0


def test_killed_in_the_middle_of_the_story_it_ends_with_the_same_single_ticket(service, broker, program, tmp_path):
    broker.start()
    service.start()
    log = tmp_path / "story.log"
    story = stack.Process(
        [program, "story", stack.ROOT / "fixtures/story", *service.flags(), "--credentials", broker.folder,
         "--rate", "60", "--check"], log)
    try:
        before = stack.until(lambda: service.api.cards_of("BL-P101"), 120, what="the ticket")
        service.kill()
        time.sleep(1)
        service.start()
        story.child.wait(300)
    finally:
        story.stop()
    assert story.child.returncode == 0, log.read_text()
    assert [card["ticket"] for card in service.api.cards_of("BL-P101")] == [before[0]["ticket"]]


def test_killed_again_and_again_the_readings_are_all_there_once(service, broker):
    """Every reading that the broker took for us is in the store, and each once."""
    broker.start()
    service.start()
    listened_to(broker).close()
    first = time.time_ns() // 1_000_000 - 3_600_000
    gateway = Client(broker, "gw-beilun")
    count = 3000
    for n in range(count):
        reading = {"ts": first + 1000 * n, "velocity_rms_mm_s": 1.0, "running": True}
        gateway.publish("fieldloop/v1/beilun/BL-P102/DE-V/reading", json.dumps(reading))
        if n % 1000 == 500:
            service.kill()
            service.start()
    gateway.close()

    def stored():
        with sqlite3.connect(f"file:{service.folder}/fieldloop.db?mode=ro", uri=True) as store:
            return store.execute("SELECT count(*) FROM reading WHERE measure = 0").fetchone()[0]

    stack.until(lambda: stored() == count, 60, what="all readings")
    time.sleep(0.5)
    assert stored() == count
