"""Readings that come twice, late, early or in any order; and a second service on the same directory."""

import json
import random
import subprocess

import campaign
import pytest
import stack
from load import POINTS, VELOCITY, House, now

DAY = 86_400_000


@pytest.fixture
def house(tmp_path, program, library):
    house = House.build(tmp_path, program, library).start()
    yield house
    house.stop()


def send(house, readings, point="BL-P102/DE-H"):
    """Pairs of (milliseconds, value), each in a message of its own; returns once they have been taken."""
    with house.gateway() as gateway:
        for at, value in readings:
            gateway.publish(
                f"fieldloop/v1/beilun/{point}/reading", json.dumps({"ts": at, VELOCITY: value, "running": True}))
    house.caught_up()


def stored(house):
    return sorted((at, value) for point, at, value in house.velocities())


def reasons(house):
    return {row["reason"] for row in house.service.api.rejected() if not row["head"].startswith(("the end", "?"))}


def test_duplicates_count_once(house):
    first = now() - 60_000
    breach = [(first + 1000 * n, 3.4 + n / 100) for n in range(3)]
    send(house, breach[:2] * 5)
    assert stored(house) == breach[:2]
    assert not house.service.api.cards(), "two readings, however often they are said, are no breach"
    send(house, breach * 5)
    assert stored(house) == breach
    assert len(house.service.api.cards()) == 1
    assert reasons(house) == set()


def test_another_value_under_the_same_key_is_a_conflict(house):
    at = now() - 60_000
    send(house, [(at, 1.0), (at, 1.5)])
    assert stored(house) == [(at, 1.0)]
    assert reasons(house) == {"conflict"}


def test_any_order(house):
    first = now() - 600_000
    readings = [(first + 1000 * n, 1 + n / 1000) for n in range(300)]
    send(house, random.Random(campaign.SEED).sample(readings, len(readings)))
    assert stored(house) == readings
    assert not house.service.api.cards()


def test_a_week_late_is_recorded_and_wakes_nobody(house):
    first = now() - 7 * DAY
    readings = [(first + 1000 * n, 9 + n / 100) for n in range(5)]
    send(house, readings)
    assert stored(house) == readings
    assert not house.service.api.cards()


@pytest.mark.parametrize("shift, reason", [(-31 * DAY, "too_old"), (3_600_000, "in_the_future")])
def test_out_of_time_is_rejected_with_a_reason(house, shift, reason):
    send(house, [(now() + shift, 1.0)])
    assert stored(house) == []
    assert reasons(house) == {reason}


def test_a_sender_whose_clock_was_set_back(house):
    first = now() - 600_000
    forth = [(first + 1000 * n, 1 + n / 1000) for n in range(100)]
    back = [(at - 3_600_000, value) for at, value in forth]
    send(house, forth + back)
    assert stored(house) == sorted(forth + back)
    assert reasons(house) == set()


def test_a_second_service_on_the_directory_refuses(house):
    second = stack.Service(house.service.folder, house.broker, house.service.program)
    done = subprocess.run(
        [second.program, "serve", *second.flags()], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert "another fieldloop is running on this data directory" in done.stderr
    # The first has noticed nothing, and when it is killed its lock goes with it.
    send(house, [(now() - 1000, 1.0)], POINTS[0])
    house.service.kill()
    second.start()
    second.stop()
    house.service.start()
