"""Hostile messages: each is acknowledged, stored with its reason, and the service goes on."""

import base64
import json
import re
import time

import pytest

import stack

CASES = [json.loads(line) for line in
         (stack.ROOT / "fixtures/telemetry/bad-input.jsonl").read_text(encoding="utf-8").splitlines()]


def fill(text, ticket):
    """The placeholders that fixtures/README.md describes."""
    now = time.time_ns() // 1_000_000
    text = re.sub(r"\{now([+-]\d+)?\}", lambda found: str(now + int(found[1] or 0)), text)
    return text.replace("{ticket}", str(ticket))


def payload(case, ticket):
    if "repeat" in case:
        text, count = case["repeat"]
        return (text * count).encode()
    if "text" in case:
        return fill(case["text"], ticket).encode()
    head = fill(case["head"], ticket).encode() + b"\n" if "head" in case else b""
    return head + base64.b64decode(case["base64"])


@pytest.fixture(scope="module")
def ticket(service, broker):
    """A ticket of E03's, so that photos and answers have something to go wrong with."""
    from client import Client
    first = time.time_ns() // 1_000_000 - 10_000
    readings = [{"ts": first + 1000 * n, "velocity_rms_mm_s": 3.4, "running": True} for n in range(3)]
    gateway = Client(broker, "gw-beilun")
    gateway.publish("fieldloop/v1/beilun/BL-P101/DE-H/reading", json.dumps(readings))
    gateway.close()
    card = stack.until(lambda: service.api.cards_of("BL-P101"), what="a ticket")[0]
    return card["ticket"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_is_rejected_with_its_reason(service, connect, ticket, case):
    known = len([row for row in service.api.rejected() if row["topic"] == case["topic"]])
    sent = payload(case, ticket)
    assert connect(case["as"]).publish(case["topic"], sent) == 0

    def row():
        rows = [row for row in service.api.rejected() if row["topic"] == case["topic"]]
        return rows[0] if len(rows) > known else None

    rejected = stack.until(row, what=f"the rejection of {case['name']}")
    assert rejected["reason"] == case["reason"], rejected
    assert rejected["detail"]
    assert rejected["bytes"] == len(sent)
    assert service.is_healthy()


def test_good_readings_still_get_through(service, connect, ticket):
    first = time.time_ns() // 1_000_000 - 10_000
    readings = [{"ts": first + 1000 * n, "velocity_rms_mm_s": 9.9, "running": True} for n in range(3)]
    connect("gw-zhenhai").publish("fieldloop/v1/zhenhai/ZH-P201/DE-H/reading", json.dumps(readings))
    assert stack.until(lambda: service.api.cards_of("ZH-P201"), what="a ticket")
    assert service.process.is_alive()
    assert len([card for card in service.api.cards() if card["ticket"] == ticket]) == 1


def test_over_the_brokers_limit_the_sender_is_cut_off_and_the_service_goes_on(service, connect):
    """Documented behaviour: no stored reason, since nothing arrives; the broker disconnects the sender."""
    known = len(service.api.rejected())
    gateway = connect("gw-beilun")
    gateway.send("fieldloop/v1/beilun/BL-P101/DE-H/reading", bytes(16 * 1024 * 1024 + 1))
    assert gateway.disconnected.wait(10)
    assert service.is_healthy()
    assert len(service.api.rejected()) == known
