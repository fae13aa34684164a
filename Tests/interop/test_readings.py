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
