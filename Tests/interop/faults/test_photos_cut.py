"""Photos through power cuts: what the broker had acknowledged is on its ticket, original and stamped copy."""

import hashlib
import io
import json
import random
import subprocess

import campaign
import pytest
import stack
from client import Client
from load import House, now
from PIL import Image

CUTS, PHOTOS = 12, 3


@pytest.fixture
def house(tmp_path, program, library):
    house = House.build(tmp_path, program, library).start()
    yield house
    house.stop()


def photo(number):
    """A small JPEG, another one for each number."""
    data = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).rotate(number).save(data, "JPEG")
    return data.getvalue()


def open_ticket(house):
    readings = [{"ts": now() - 9000 + 1000 * n, "velocity_rms_mm_s": 3.4, "running": True} for n in range(3)]
    with house.gateway() as gateway:
        gateway.publish("fieldloop/v1/beilun/BL-P101/DE-H/reading", json.dumps(readings))
    return stack.until(lambda: house.service.api.cards_of("BL-P101"), what="a ticket")[0]["ticket"]


def test_photos_outlive_power_cuts(house):
    ticket, dice, sent = open_ticket(house), random.Random(campaign.SEED), set()
    house.service.stop()
    engineer = Client(house.broker, "E03")
    for _ in range(CUTS):
        for _ in range(PHOTOS):
            original = photo(len(sent))
            header = json.dumps({"ticket": ticket}).encode()
            assert engineer.publish(f"fieldloop/v1/photos/E03/p{len(sent)}", header + b"\n" + original) == 0
            sent.add(hashlib.sha256(original).hexdigest())
        campaign.roll(house.disk.control, dice, latest=150)
        house.service.launch()
        try:
            house.service.process.child.wait(5)
        except subprocess.TimeoutExpired:
            # It had nothing more to write.
            house.service.kill()
    engineer.close()
    campaign.calm(house.disk.control)
    house.service.start()

    def stamped():
        rows = house.service.api.get(f"api/tickets/{ticket}")["photos"]
        return rows if len([row for row in rows if row["stamped_sha256"]]) == len(sent) else None

    rows = stack.until(stamped, 60, what="all photos, stamped")
    assert {row["sha256"] for row in rows} == sent
    for row in rows:
        for kind, digest in (("original", row["sha256"]), ("stamped", row["stamped_sha256"])):
            assert hashlib.sha256(house.service.api.raw(f"api/photos/{row['id']}/{kind}")).hexdigest() == digest
