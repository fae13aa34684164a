"""Readings in over real MQTT, a ticket out over HTTP, an offer in the engineer's inbox."""

import json
import subprocess
import time

import stack

VELOCITY = "velocity_rms_mm_s"


def topic(asset, point="DE-H", site="beilun"):
    return f"fieldloop/v1/{site}/{asset}/{point}/reading"


def now():
    return time.time_ns() // 1_000_000


def breach(first, value=3.4, count=3):
    return [{"ts": first + 1000 * n, "seq": n, VELOCITY: value, "running": True} for n in range(count)]


def the_card_of(service, asset):
    """The one card of an asset; more than one is an error at once."""
    cards = stack.until(lambda: service.api.cards_of(asset), what=f"a ticket for {asset}")
    assert len(cards) == 1
    return cards[0]


def test_a_breach_becomes_one_ticket_and_one_offer(service, connect):
    inboxes = {engineer: connect(engineer) for engineer in ("E02", "E03", "E05")}
    for engineer, client in inboxes.items():
        client.subscribe(f"fieldloop/v1/engineers/{engineer}/inbox")
    gateway = connect("gw-beilun")
    for reading in breach(now() - 10_000):
        gateway.publish(topic("BL-P102"), json.dumps(reading))

    card = the_card_of(service, "BL-P102")
    assert card["severity"] == "warning"
    assert card["grade"] == "A"
    offer = json.loads(inboxes[card["engineer"]].receive().payload)
    assert offer["kind"] == "offer"
    assert offer["ticket"] == card["ticket"]
    assert offer["asset"] == "BL-P102"

    # What is said twice changes nothing.
    again = breach(now() - 9_500)
    for reading in [*again, *again]:
        gateway.publish(topic("BL-P102"), json.dumps(reading))
    the_card_of(service, "BL-P102")


def test_an_array_of_readings_counts_as_that_many(service, connect):
    connect("gw-beilun").publish(topic("BL-P103"), json.dumps(breach(now() - 10_000)))
    the_card_of(service, "BL-P103")


def test_two_spikes_are_no_ticket(service, connect):
    first = now() - 20_000
    values = [1.1, 9.9, 1.1, 9.9, 1.1, 1.1, 1.1]
    readings = [{"ts": first + 1000 * n, VELOCITY: value, "running": True} for n, value in enumerate(values)]
    gateway = connect("gw-beilun")
    gateway.publish(topic("BL-H401"), json.dumps(readings))
    # A message that is surely rejected marks the end: when it shows, the readings before it were judged.
    gateway.publish(topic("BL-H401"), b"the end")
    stack.until(lambda: [row for row in service.api.rejected() if row["head"] == "the end"], what="the end")
    assert not service.api.cards_of("BL-H401")


def test_a_shell_is_enough(service, broker):
    """mosquitto_pub, MQTT 3.1.1, QoS 0."""
    payload = json.dumps(breach(now() - 10_000, value=9.0))
    subprocess.run(
        ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-u", "gw-yuyao", "-P",
         broker.password("gw-yuyao"), "-t", topic("YY-H101", site="yuyao"), "-m", payload], check=True)
    assert the_card_of(service, "YY-H101")["severity"] == "critical"


def stored(service, asset, point="DE-H"):
    """(ts, value) of every velocity that the store has of a point."""
    return sorted(
        (ts, value) for where, measure, ts, value in stack.stored_readings(service.folder, stack.binary())
        if (where, measure) == (f"{asset}/{point}", VELOCITY))


def test_a_duplicate_is_stored_once_and_another_value_for_its_time_is_a_conflict(service, connect):
    at = now() - 60_000
    gateway = connect("gw-beilun")
    for value in (1.25, 1.25, 1.5):
        assert gateway.publish(topic("BL-M501"), json.dumps({"ts": at, VELOCITY: value, "running": True})) == 0

    def conflicts():
        return [row for row in service.api.rejected() if row["topic"] == topic("BL-M501")]

    stack.until(conflicts, what="the conflict")
    assert [row["reason"] for row in conflicts()] == ["conflict"]
    assert stored(service, "BL-M501") == [(at, 1.25)]


def test_three_times_the_same_reading_is_one_and_opens_no_ticket(service, connect):
    reading = json.dumps({"ts": now() - 60_000, VELOCITY: 9.9, "running": True})
    gateway = connect("gw-beilun")
    for _ in range(5):
        gateway.publish(topic("BL-F202"), reading)
    gateway.publish(topic("BL-F202"), b"the end of five")
    stack.until(lambda: [row for row in service.api.rejected() if row["head"] == "the end of five"], what="the end")
    assert len(stored(service, "BL-F202")) == 1
    assert not service.api.cards_of("BL-F202")


def test_a_retained_reading_comes_again_at_each_start_and_changes_nothing(service, connect):
    at = now() - 60_000
    gateway = connect("gw-beilun")
    gateway.publish(topic("BL-P110"), json.dumps({"ts": at, VELOCITY: 1.25, "running": True}), retain=True)
    stack.until(lambda: stored(service, "BL-P110"), what="the reading")
    rejected = len(service.api.rejected())
    service.stop()
    service.start()
    # What is published now comes behind the retained one, which the broker sends on subscribing.
    stack.until(lambda: int(service.health()["messages"]) >= 1, what="the retained message")
    gateway.publish(topic("BL-P110"), json.dumps({"ts": at + 1000, VELOCITY: 1.5, "running": True}))
    stack.until(lambda: len(stored(service, "BL-P110")) > 1, what="the next reading")
    assert stored(service, "BL-P110") == [(at, 1.25), (at + 1000, 1.5)]
    assert len(service.api.rejected()) == rejected
