"""Phones and gateways that speak MQTT 3.1.1: no properties, and what we need is in topic and payload alone."""

import json
import time

import paho.mqtt.client as mqtt
import pytest

import stack


@pytest.fixture
def phone(broker):
    """E03's phone, with what came into its inbox."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="old-phone", protocol=mqtt.MQTTv311)
    client.username_pw_set("E03", broker.password("E03"))
    client.inbox = []
    client.on_message = lambda _c, _u, message: client.inbox.append(json.loads(message.payload))
    client.on_connect = lambda *_: client.subscribe("fieldloop/v1/engineers/E03/inbox", qos=1)
    heard = []
    client.on_subscribe = lambda *_: heard.append(True)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    stack.until(lambda: heard, what="the subscription")
    yield client
    client.disconnect()
    client.loop_stop()


def tell(phone, topic, what):
    phone.publish(f"fieldloop/v1/engineers/E03/{topic}", json.dumps(what), qos=1).wait_for_publish(5)


def test_position_offer_and_answer(service, connect, phone):
    now = time.time_ns() // 1_000_000
    tell(phone, "position", {"lat": 29.8784, "lon": 121.7903, "datum": "wgs84", "accuracy_m": 5, "fix_at": now})

    stack.until(lambda: any(row["engineer"] == "E03" and row["fix_at"] == now
                            for row in service.api.get("api/engineers")["engineers"]), what="the position")
    readings = [{"ts": now - 10_000 + 1000 * n, "velocity_rms_mm_s": 3.4, "running": True} for n in range(3)]
    connect("gw-beilun").publish("fieldloop/v1/beilun/BL-P101/DE-H/reading", json.dumps(readings))
    offer = stack.until(lambda: phone.inbox and phone.inbox[0], what="the offer")
    tell(phone, "answer", {"ticket": offer["ticket"], "epoch": offer["epoch"], "answer": "accept"})
    stack.until(lambda: service.api.cards_of("BL-P101")[0]["state"] == "accepted", what="the acceptance")
    assert not [row for row in service.api.rejected() if "E03" in row["topic"]]
