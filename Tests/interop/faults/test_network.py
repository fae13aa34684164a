"""The way to the broker fails, and the broker itself: the service comes back, and what the broker kept is all there."""

import random
import signal

import campaign
import pytest
import stack
from client import Client
from load import House, Numbers, is_perfect
from proxy import Proxy


@pytest.fixture
def house(tmp_path, program, library):
    house = House.build(tmp_path, program, library)
    yield house
    house.stop()


def put_between(house):
    """A proxy between the service and the broker."""
    proxy = Proxy(house.broker.port)
    house.service.settings["mqtt.port"] = proxy.port
    return proxy


def test_resets_under_load(house):
    proxy = put_between(house)
    numbers = Numbers(house.start().broker).start()
    campaign.reset_often(proxy, 15, random.Random(campaign.SEED))
    numbers.stop()
    verdict = house.verdict(numbers)
    proxy.stop()
    assert is_perfect(verdict), verdict


def test_silence_is_noticed_by_the_keep_alive(house, tmp_path, program, library):
    """A minute until the ping, and as long for its answer: so both kinds of silence at one time."""
    other = House.build(tmp_path / "other", program, library)
    try:
        houses = [(house, put_between(house)), (other, put_between(other))]
        loads = [Numbers(each.start().broker) for each, _ in houses]
        accepted = [proxy.accepted for _, proxy in houses]
        houses[0][1].swallow()
        houses[1][1].half_open()
        for load in loads:
            load.start()
            stack.until(lambda: load.acknowledged > 1000, what="some load")  # noqa: B023
            load.stop()
        for (each, proxy), before, load in zip(houses, accepted, loads, strict=True):
            stack.until(lambda: proxy.accepted > before, 150, what="a new connection")  # noqa: B023
            verdict = each.verdict(load)
            assert is_perfect(verdict), verdict
    finally:
        other.stop()


def test_broker_killed_with_a_queue(house):
    """What it had saved by then is what it kept: all of that arrives."""
    house.start()
    house.service.kill()
    numbers = Numbers(house.broker).start()
    stack.until(lambda: numbers.acknowledged > 1000, what="some load")
    numbers.stop()
    campaign.save(house.broker)
    house.broker.process.stop(signal.SIGKILL)
    house.broker.start()
    house.service.start()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict), verdict


def test_broker_killed_under_load(house):
    """No reading that it had saved is missing, and none is there twice though it was sent twice."""
    numbers = Numbers(house.start().broker).start()
    unsaved = campaign.kill_broker_often(house, numbers, 5, random.Random(campaign.SEED))
    numbers.stop()
    verdict = house.verdict(numbers, unsaved)
    assert is_perfect(verdict), verdict


def test_broker_full(tmp_path, program, library):
    """A broker that may keep 200 messages drops the others, says how many, and all that it kept arrives."""
    broker = stack.Broker(tmp_path / "mqtt", extra=("watch",), rights="user watch\ntopic read $SYS/#\n")
    text = broker.configuration.read_text()
    text = text.replace("max_queued_messages 0", "max_queued_messages 200").replace("sys_interval 10", "sys_interval 1")
    broker.configuration.write_text(text)
    house = House.build(tmp_path, program, library, broker)
    try:
        house.start()
        house.service.stop()
        numbers = Numbers(broker).start()
        stack.until(lambda: numbers.acknowledged > 1000, what="some load")
        numbers.stop()
        dropped = numbers.sent - 200
        watch = Client(broker, "watch")
        watch.subscribe("$SYS/broker/publish/messages/dropped")
        stack.until(lambda: int(watch.receive().payload) == dropped, what=f"{dropped} dropped")
        watch.close()
        house.service.start()
        stack.until(lambda: len(house.velocities()) == 200, what="what the broker kept")
        assert numbers.compare(house.stored()) == (set(range(200, numbers.sent)), 0)

        later = Numbers(broker).start()
        stack.until(lambda: later.acknowledged > 100, what="more load")
        later.stop()
        house.caught_up()
        assert later.compare(house.stored())[0] == set()
    finally:
        house.stop()


def test_qos_0_while_the_service_is_down(house):
    """The broker keeps them as if they had been sent at QoS 1 (upgrade_outgoing_qos)."""
    house.start()
    house.service.kill()
    numbers = Numbers(house.broker, qos=0).start()
    stack.until(lambda: numbers.sent >= 500, what="some load")
    numbers.stop()
    house.service.start()
    stack.until(lambda: len(house.velocities()) >= numbers.sent, what="all readings")
    assert len(house.velocities()) == numbers.sent
