"""ops/mosquitto.conf keeps its promises: nothing that was queued for the service is dropped."""

import pytest

import stack
from client import Client

READING = "fieldloop/v1/beilun/BL-P101/DE-H/reading"


@pytest.fixture
def own_broker(tmp_path):
    broker = stack.Broker(tmp_path).start()
    yield broker
    broker.stop()


def collect(client, count):
    return [message.payload for message in iter(lambda: client.receive(wait=2), None)][:count + 1]


@pytest.mark.parametrize("qos", [0, 1])
def test_keeps_everything_for_an_absent_service_over_its_own_restart(own_broker, qos):
    """More than mosquitto's default of 1000, and QoS 0 too."""
    service = Client(own_broker, "fieldloop", session="fieldloop")
    service.subscribe("fieldloop/v1/+/+/+/reading")
    service.close()

    sent = [str(n).encode() for n in range(3000)]
    gateway = Client(own_broker, "gw-beilun")
    for payload in sent:
        gateway.publish(READING, payload, qos=qos)
    # A QoS-1 message behind the others: once it is acknowledged the broker has them all.
    gateway.publish(READING, b"last", qos=1)
    gateway.close()
    own_broker.stop()
    own_broker.start()

    service = Client(own_broker, "fieldloop", session="fieldloop")
    assert collect(service, 3001) == [*sent, b"last"]
    service.close()


def test_disconnects_who_sends_more_than_the_largest_packet(own_broker):
    gateway = Client(own_broker, "gw-beilun")
    gateway.send(READING, bytes(16 * 1024 * 1024 + 1))
    assert gateway.disconnected.wait(10)
    gateway.close()


def test_takes_the_largest_photo(own_broker):
    engineer = Client(own_broker, "E03")
    assert engineer.publish("fieldloop/v1/photos/E03/big", bytes(15 * 1024 * 1024), wait=30) in (0, 0x10)
    engineer.close()
