"""A photo as a shell sends it, and as paho does: kept untouched, stamped, attached to its ticket."""

import hashlib
import io
import json
import subprocess
import time

import pytest
from PIL import Image

import stack


def photo(seed):
    """A camera-like JPEG, different for every seed."""
    image = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    image.paste((40 * seed % 256, 90, 160), (200, 200, 900, 700))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=88)
    return data.getvalue()


@pytest.fixture(scope="module")
def ticket(service, broker):
    """The ticket that E03 has accepted."""
    from client import Client
    now = time.time_ns() // 1_000_000
    engineer = Client(broker, "E03")
    engineer.subscribe("fieldloop/v1/engineers/E03/inbox")
    position = {"lat": 29.8784, "lon": 121.7903, "datum": "wgs84", "accuracy_m": 5, "fix_at": now}
    engineer.publish("fieldloop/v1/engineers/E03/position", json.dumps(position))
    gateway = Client(broker, "gw-beilun")
    readings = [{"ts": now - 10_000 + 1000 * n, "velocity_rms_mm_s": 3.4, "running": True} for n in range(3)]
    gateway.publish("fieldloop/v1/beilun/BL-P101/DE-H/reading", json.dumps(readings))
    offer = json.loads(engineer.receive(10).payload)
    answer = {"ticket": offer["ticket"], "epoch": offer["epoch"], "answer": "accept"}
    engineer.publish("fieldloop/v1/engineers/E03/answer", json.dumps(answer))
    stack.until(lambda: service.api.cards_of("BL-P101")[0]["state"] == "accepted", what="the acceptance")
    gateway.close()
    engineer.close()
    return offer["ticket"]


def photos_of(service, ticket):
    return service.api.get(f"api/tickets/{ticket}")["photos"]


def kept(service, ticket, original):
    """The ticket's photo with these bytes, once it is stamped."""
    digest = hashlib.sha256(original).hexdigest()

    def found():
        return [row for row in photos_of(service, ticket) if row["sha256"] == digest and row["stamped_sha256"]]

    rows = stack.until(found, what="the stamped photo")
    assert len(rows) == 1
    return rows[0]


def original_on_disk(service, digest):
    return (service.folder / "photos" / digest[:2] / f"{digest}.jpg").read_bytes()


def test_a_shell_sends_a_photo(service, broker, ticket, tmp_path):
    """(echo header; cat a.jpg) | mosquitto_pub -s"""
    original = photo(1)
    (tmp_path / "a.jpg").write_bytes(original)
    header = json.dumps({"ticket": ticket})
    command = (f"(echo '{header}'; cat a.jpg) | mosquitto_pub -h 127.0.0.1 -p {broker.port} -u E03 "
               f"-P {broker.password('E03')} -q 1 -t fieldloop/v1/photos/E03/shell-1 -s")
    subprocess.run(["bash", "-c", command], check=True, cwd=tmp_path)

    row = kept(service, ticket, original)
    assert original_on_disk(service, row["sha256"]) == original
    assert service.api.raw(f"api/photos/{row['id']}/original") == original
    stamped = service.api.raw(f"api/photos/{row['id']}/stamped")
    assert hashlib.sha256(stamped).hexdigest() == row["stamped_sha256"]
    assert Image.open(io.BytesIO(stamped)).size == (1600, 1200)
    assert stamped != original


def test_sent_twice_it_is_attached_once(service, connect, ticket):
    original = photo(2)
    payload = json.dumps({"ticket": ticket}).encode() + b"\n" + original
    engineer = connect("E03")
    for _ in range(2):
        assert engineer.publish("fieldloop/v1/photos/E03/twice", payload) == 0
    kept(service, ticket, original)
    engineer.publish("fieldloop/v1/photos/E03/end", json.dumps({"ticket": ticket}).encode() + b"\n" + photo(3))
    kept(service, ticket, photo(3))
    digest = hashlib.sha256(original).hexdigest()
    assert len([row for row in photos_of(service, ticket) if row["sha256"] == digest]) == 1


def test_a_position_of_a_chinese_map_is_stored_as_wgs84(service, connect, ticket):
    now = time.time_ns() // 1_000_000
    header = {"ticket": ticket, "captured_at": now, "position": {
        "lat": 29.875976, "lon": 121.794568, "datum": "gcj02", "accuracy_m": 8, "fix_at": now}}
    original = photo(4)
    connect("E03").publish("fieldloop/v1/photos/E03/where", json.dumps(header).encode() + b"\n" + original)
    row = kept(service, ticket, original)
    assert row["lat"] == pytest.approx(29.87845, abs=2e-5)
    assert row["lon"] == pytest.approx(121.79035, abs=2e-5)
