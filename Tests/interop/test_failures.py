"""The broker away, the service killed: late, but nothing lost and nothing twice."""

import json
import signal
import time

import pytest

import stack
from client import Client, gateway_once_heard


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
    gateway = gateway_once_heard(broker, seconds=40)
    breach(gateway)
    gateway.close()
    stack.until(lambda: service.api.cards_of("BL-P101"), what="the ticket")
    assert len(service.api.cards_of("BL-P101")) == 1


def calm(gateway, first, count):
    """`count` readings far below any limit, a second apart."""
    for n in range(count):
        reading = {"ts": first + 1000 * n, "velocity_rms_mm_s": 1.0, "running": True}
        gateway.publish("fieldloop/v1/beilun/BL-P102/DE-V/reading", json.dumps(reading))


def stored(service):
    """How many velocities the store holds."""
    rows = stack.stored_readings(service.folder, service.program)
    return sum(measure == "velocity_rms_mm_s" for _, measure, _, _ in rows)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_broker_goes_and_comes_back(service, broker, how):
    """What was stored stays, the service says that the broker is away, and finds back by itself."""
    broker.start()
    service.start()
    gateway, first = gateway_once_heard(broker), time.time_ns() // 1_000_000 - 3_600_000
    calm(gateway, first, 50)
    gateway.close()
    stack.until(lambda: stored(service) == 50, what="the first readings")

    broker.process.stop(how)
    stack.until(lambda: service.health()["broker"] == "away", what="the service's notice of it")
    assert service.health()["broker_error"]
    broker.start()
    # A broker that was killed may have lost the session: the service must have subscribed anew.
    gateway = gateway_once_heard(broker, seconds=40)
    calm(gateway, first + 50_000, 50)
    gateway.close()
    stack.until(lambda: stored(service) == 100, what="the later readings")
    # The broker sends what it kept before it answers the subscription, which is what "connected" waits for.
    stack.until(lambda: service.health()["broker"] == "connected", what="the service's notice of the return")


@pytest.mark.parametrize("broker_restarts", [False, True])
def test_service_away_readings_wait_at_the_broker(service, broker, broker_restarts):
    broker.start()
    service.start()
    gateway_once_heard(broker).close()
    service.kill()
    gateway = Client(broker, "gw-beilun")
    breach(gateway)
    gateway.close()
    if broker_restarts:
        broker.stop()
        broker.start()
    service.start()
    stack.until(lambda: service.api.cards_of("BL-P101"), what="the ticket")
    assert len(service.api.cards_of("BL-P101")) == 1


def test_stops_when_asked(service, broker):
    broker.start()
    service.start()
    assert service.stop() == 0


def state_of(service, asset):
    cards = service.api.cards_of(asset)
    return cards[0]["state"] if cards else None


def test_killed_in_the_middle_of_the_story_it_ends_with_the_same_single_ticket(service, broker, program, tmp_path):
    """Killed three times: with the offer out, at work, and while the machine proves itself."""
    broker.start()
    # An offer lasts longer than a restart here: at this pace five minutes are two and a half seconds.
    service.settings["offer.minutes"] = 30
    clock = ["--clock-rate", "120", "--clock-behind", "240"]
    service.start(*clock)
    log = tmp_path / "story.log"
    story = stack.Process(
        [program, "story", stack.ROOT / "fixtures/story", *service.flags(), "--credentials", broker.folder, "--check"],
        log)

    def reached(*states):
        assert story.is_alive(), log.read_text()
        return state_of(service, "BL-P101") in states

    tickets = []
    try:
        for states in [("offered", "accepted"), ("diagnosing",), ("verifying",)]:
            stack.until(lambda: reached(*states), 120, what=f"state {states[0]}")  # noqa: B023
            tickets.append([card["ticket"] for card in service.api.cards_of("BL-P101")])
            service.kill()
            service.start(*clock)
        story.child.wait(120)
    finally:
        story.stop()
    assert story.child.returncode == 0, log.read_text()
    tickets.append([card["ticket"] for card in service.api.cards_of("BL-P101")])
    assert tickets == [tickets[0]] * 4
    assert len(tickets[0]) == 1


def test_killed_again_and_again_the_readings_are_all_there_once(service, broker):
    """Every reading that the broker took for us is in the store, and each once."""
    broker.start()
    service.start()
    gateway_once_heard(broker).close()
    first = time.time_ns() // 1_000_000 - 3_600_000
    gateway = Client(broker, "gw-beilun")
    for thousand in range(3):
        calm(gateway, first + 1_000_000 * thousand, 500)
        service.kill()
        service.start()
        calm(gateway, first + 1_000_000 * thousand + 500_000, 500)
    gateway.close()
    stack.until(lambda: stored(service) == 3000, 60, what="all readings")
    time.sleep(0.5)
    assert stored(service) == 3000
