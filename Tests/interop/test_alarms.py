"""Alarms that explain themselves: waveforms become a diagnosis, silence and broken sensors tickets of their own, planned
work opens none."""

import json
import math
import random
import struct
import subprocess
import time
import urllib.error

import pytest

import stack
from client import gateway_once_heard

RATE = 12_800
HEADER = {"sample_rate_hz": RATE, "unit": "g", "encoding": "float32le"}


def publish(gateway, asset, point, values, at, site="beilun"):
    assert gateway.publish(f"fieldloop/v1/{site}/{asset}/{point}/reading", json.dumps({"ts": at, **values})) == 0


def record(seconds=1.28, seed=1, order=0.0, rpm=2960, level=0.1):
    """g: a shaft that is heard, noise, and a ring at 3 kHz each 1/`order` turn."""
    rng = random.Random(seed)
    turn = 2 * math.pi * rpm / 60 / RATE
    samples = [rng.gauss(0, level) + 0.03 * math.sin(turn * n) for n in range(int(seconds * RATE))]
    at = 0.002
    while order and at < seconds:
        for n in range(math.ceil(at * RATE), min(len(samples), math.ceil(at * RATE) + 80)):
            since = n / RATE - at
            samples[n] += 2 * math.exp(-since / 0.001) * math.sin(2 * math.pi * 3000 * since)
        at += rng.gauss(1, 0.004) / (order * rpm / 60)
    return struct.pack(f"<{len(samples)}f", *samples)


def send_waveform(gateway, asset, point, at, samples, site="beilun", **header):
    payload = json.dumps({"ts": at, **HEADER, **header}).encode() + b"\n" + samples
    assert gateway.publish(f"fieldloop/v1/{site}/{asset}/{point}/waveform", payload) == 0


def now_ms():
    return int(time.time() * 1000)


def tickets_of(service, asset, kind):
    return [card for card in service.api.cards_of(asset) if card["kind"] == kind]


@pytest.fixture
def gateway(connect):
    return connect("gw-beilun")


def test_a_waveform_alone_opens_a_ticket_and_says_what_it_is(service, gateway):
    """No scalar but what we read from the waveforms ourselves: three of five with a bearing's line open the ticket."""
    start = now_ms() - 600_000
    for number in range(4):
        samples = record(seed=number, order=3.071)
        send_waveform(gateway, "BL-P102", "DE-H", start + number * 60_000, samples, rpm=2960)
    ticket = stack.until(lambda: tickets_of(service, "BL-P102", "vibration"), 20, what="the ticket")[0]
    assert ticket["measure"] == "envelope_ratio" and ticket["value"] > 20
    assert "轴承特征谱线倍数" in ticket["why"]["zh"] and "Bearing line ratio" in ticket["why"]["en"]
    story = stack.until(lambda: told(service, ticket["ticket"]), 10, what="the diagnosis")
    finding = story["diagnosis"]["findings"][0]
    assert finding["cause"] == "outer_race" and finding["confidence"] > 0.8 and "bearing" in finding["bring"]
    evidence = finding["evidence"][0]
    assert evidence["line"] == "bpfo" and abs(evidence["hz"] - 3.071 * 2960 / 60) < 2 and evidence["ratio"] > 20
    assert story["diagnosis"]["bearing"] == "6313" and story["diagnosis"]["rpm"] == 2960
    assert [entry["detail"]["cause"] for entry in story["entries"] if entry["kind"] == "diagnosed"] == ["outer_race"]
    spectrum = service.api.get(f"api/tickets/{ticket['ticket']}/spectrum")
    envelope = spectrum["before"]["envelope"]
    highest = max((point for point in envelope["points"] if point[0] > 60), key=lambda point: point[1])
    assert abs(highest[0] - 3.071 * 2960 / 60) < 3
    assert "BPFO" in [mark["name"] for mark in envelope["marks"]] and spectrum["after"] is None


def told(service, number):
    story = service.api.get(f"api/tickets/{number}")
    return story if story["diagnosis"] and story["diagnosis"]["findings"] else None


def test_a_senders_own_values_stand_before_what_we_read(service, gateway):
    """The gateway measures velocity itself: ours of the waveform is not mixed in, what it does not measure is."""
    at = now_ms() - 60_000
    publish(gateway, "BL-P103", "DE-H", {"velocity_rms_mm_s": 1.11, "running": True}, at)
    stack.until(lambda: stored(service, "BL-P103", "DE-H"), 10, what="the reading")
    send_waveform(gateway, "BL-P103", "DE-H", at + 1000, record(), rpm=2960)
    rows = stack.until(lambda: [row for row in stored(service, "BL-P103", "DE-H") if row[0] == at + 1000], 10,
                       what="what was read from the waveform")
    values = {measure: value for _, measure, value in rows}
    assert "velocity_rms_mm_s" not in values
    assert values["acceleration_rms_g"] == pytest.approx(0.1, rel=0.05)
    assert values["kurtosis"] == pytest.approx(3, abs=0.3) and values["envelope_ratio"] < 10


def stored(service, asset, point):
    """(ts, measure, value) of a point, as the export writes them."""
    rows = stack.stored_readings(service.folder, service.program)
    return [(at, measure, value) for name, measure, at, value in rows if name == f"{asset}/{point}"]


def test_what_is_no_waveform_of_a_machine_is_said_so(service, gateway):
    """A record of velocity, a dead sensor, one sample: each is looked at, none stops the next."""
    at = now_ms() - 300_000
    send_waveform(gateway, "BL-P110", "DE-H", at, record(), unit="mm/s")
    send_waveform(gateway, "BL-P110", "DE-H", at + 1, struct.pack("<f", 1.0))
    send_waveform(gateway, "BL-P110", "DE-H", at + 2, struct.pack("<4096f", *[0.0] * 4096))
    nan = struct.pack("<4096f", *[float("nan")] * 4096)
    send_waveform(gateway, "BL-P110", "DE-H", at + 3, nan)
    send_waveform(gateway, "BL-P110", "DE-H", at + 4, record(order=3.58, rpm=2900, seed=5))
    rows = stack.until(lambda: [row for row in stored(service, "BL-P110", "DE-H") if row[0] == at + 4], 15,
                       what="the last of them")
    values = {measure: value for _, measure, value in rows}
    # No speed came with it: the nameplate's is used.
    assert values["envelope_ratio"] > 10
    assert service.is_healthy()


def test_a_stuck_sensor_opens_its_own_ticket_and_mutes_the_machine(service, gateway):
    """A hundred and more equal values while the machine runs; what it says then is no vibration."""
    start = now_ms() - 3_000_000
    rng = random.Random(3)
    values = [1.2 + rng.uniform(-0.1, 0.1) for _ in range(60)] + [3.3] * 140
    for number, value in enumerate(values):
        publish(gateway, "BL-H401", "DE-H", {"velocity_rms_mm_s": round(value, 3), "running": True},
                start + number * 10_000)
    sensor = stack.until(lambda: tickets_of(service, "BL-H401", "sensor"), 10, what="the sensor's ticket")[0]
    assert sensor["rule_kind"] == "sensor" and "不再" not in sensor["why"]["en"]
    assert "no longer moves" in sensor["why"]["en"] and "一成不变" in sensor["why"]["zh"]
    number = sensor["ticket"]
    before = service.api.get(f"api/tickets/{number}")
    # Far over any limit, from a sensor that nobody believes.
    for step in range(10):
        publish(gateway, "BL-H401", "DE-H", {"velocity_rms_mm_s": 3.3, "running": True}, start + (200 + step) * 10_000)
    assert before["episodes"][0]["kind"] == "sensor"
    stack.until(lambda: service.api.get(f"api/tickets/{number}")["episodes"][0]["count"] > 5, 10, what="its count")
    worst = tickets_of(service, "BL-H401", "vibration")
    assert all(card["breach_at"] < sensor["breach_at"] for card in worst)


def test_planned_work_opens_no_ticket_and_what_is_still_on_does(service, gateway):
    api = service.api
    until_ms = now_ms() + 4_000
    for body in ({"asset": "BL-F202", "until": until_ms}, {"reason": "x", "until": until_ms},
                 {"asset": "BL-F202", "reason": "x", "until": until_ms - 60_000},
                 {"asset": "none", "reason": "x", "until": until_ms},
                 {"asset": "BL-F202", "site": "beilun", "reason": "x", "until": until_ms}):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            api.request("POST", "api/planned-work", body)
        assert refusal.value.code == 400
    work = api.request("POST", "api/planned-work",
                       {"asset": "BL-F202", "reason": "更换皮带", "until": until_ms})["work"]
    assert [(w["asset"], w["reason"], w["by"]) for w in work] == [("BL-F202", "更换皮带", "supervisor")]
    for number in range(5):
        publish(gateway, "BL-F202", "DE-H", {"velocity_rms_mm_s": 9.0, "running": True}, now_ms() + number)
        time.sleep(0.05)
    assert stored(service, "BL-F202", "DE-H"), "nothing is dropped meanwhile"
    time.sleep(0.5)
    assert tickets_of(service, "BL-F202", "vibration") == []
    time.sleep(max(0, until_ms - now_ms()) / 1000 + 0.2)
    publish(gateway, "BL-F202", "DE-H", {"velocity_rms_mm_s": 9.0, "running": True}, now_ms())
    ticket = stack.until(lambda: tickets_of(service, "BL-F202", "vibration"), 10, what="the ticket")[0]
    assert ticket["value"] == 9.0


def test_planned_work_ends_early(service):
    api = service.api
    work = api.request("POST", "api/planned-work",
                       {"site": "cixi", "reason": "停电检修", "until": now_ms() + 3_600_000})["work"]
    number = next(w["id"] for w in work if w["site"] == "cixi")
    ended = api.request("POST", f"api/planned-work/{number}/end", {})["work"]
    assert next(w for w in ended if w["id"] == number)["ended_at"] <= now_ms() + 1000
    with pytest.raises(urllib.error.HTTPError) as refusal:
        api.request("POST", f"api/planned-work/{number}/end", {})
    assert refusal.value.code == 404


def test_silence_opens_one_ticket_for_points_that_stop_together(tmp_path, broker, program):
    """Two spindles behind one gateway go quiet; when we were away ourselves nobody was silent."""
    plant = tmp_path / "plant"
    plant.mkdir()
    for file in stack.PLANT.glob("*.csv"):
        (plant / file.name).write_text(file.read_text(encoding="utf-8").replace(",900,", ",60,"), encoding="utf-8")
    service = stack.Service(tmp_path / "quiet", broker, program, plant=plant,
                            settings={"mqtt.client_id": "fieldloop-quiet"}).import_plant().start()
    gateway = gateway_once_heard(broker, "yinzhou")
    try:
        for asset in ("YZ-S101", "YZ-S102"):
            publish(gateway, asset, "FB-H", {"velocity_rms_mm_s": 0.5, "running": True}, now_ms(), site="yinzhou")
        spoke = time.time()
        both = lambda: tickets_of(service, "YZ-S101", "silence") + tickets_of(service, "YZ-S102", "silence")
        found = stack.until(both, 80, every=0.5, what="the ticket of silence")
        assert time.time() - spoke > 59
        time.sleep(3)
        assert len(both()) == 1 and found[0]["rule_kind"] == "silence"
        story = service.api.get(f"api/tickets/{found[0]['ticket']}")
        assert sorted(e["asset"] for e in story["episodes"]) == ["YZ-S101", "YZ-S102"]
        assert "minutes" in story["why"]["en"] and "分钟" in story["why"]["zh"]
        publish(gateway, "YZ-S101", "FB-H", {"velocity_rms_mm_s": 0.5, "running": True}, now_ms(), site="yinzhou")
        stack.until(lambda: [e for e in service.api.get(f"api/tickets/{found[0]['ticket']}")["episodes"]
                             if e["asset"] == "YZ-S101" and e["cleared_at"]], 10, what="the end of the silence")
    finally:
        gateway.close()
        service.stop()


def test_what_was_learned_can_be_learned_anew(service):
    answer = service.api.request("POST", "api/points/BL-P101/DE-H/relearn", {})
    assert answer["forgotten"] >= 0
    with pytest.raises(urllib.error.HTTPError) as refusal:
        service.api.request("POST", "api/points/BL-P101/NONE/relearn", {})
    assert refusal.value.code == 400


def test_the_story_says_what_is_broken_and_that_it_was_mended(tmp_path, program):
    broker = stack.Broker(tmp_path / "mqtt").start()
    service = stack.Service(tmp_path / "data", broker, program).import_plant()
    try:
        service.start("--clock-rate", "150", "--clock-behind", "280")
        played = subprocess.run(
            [program, "story", stack.ROOT / "fixtures/story", *service.flags(), "--credentials", broker.folder, "--check"],
            capture_output=True, text=True, timeout=150, check=False)
        assert played.returncode == 0, played.stdout + played.stderr
        ticket = tickets_of(service, "BL-P101", "vibration")[0]
        story = service.api.get(f"api/tickets/{ticket['ticket']}")
        assert story["diagnosis"]["findings"][0]["cause"] == "outer_race"
        assert "2.80 mm/s" in story["why"]["zh"] and "ISO 10816-3" in story["why"]["en"]
        repairs = {(r["point"], r["measure"]): r for r in story["repair"]}
        mended = repairs["DE-H", "velocity_rms_mm_s"]
        assert mended["before_mean"] > 3 and mended["after_mean"] < 1.5 and mended["same_speed"] is True
        closed = next(e for e in story["entries"] if e["kind"] == "closed")
        assert "→" in closed["detail"]["repair"]
        spectrum = service.api.get(f"api/tickets/{ticket['ticket']}/spectrum")
        top = [max(p[1] for p in spectrum[side]["envelope"]["points"] if p[0] > 100) for side in ("before", "after")]
        assert top[0] > 5 * top[1]
    finally:
        service.stop()
        broker.stop()
