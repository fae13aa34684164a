"""The store fails: nothing is acknowledged meanwhile, the service says so, and recovers alone."""

import errno
import os
import random
import sqlite3
import subprocess
import time
from contextlib import contextmanager

import campaign
import pytest
import stack
from load import House, Numbers, first_time, is_perfect, payload_of, reading_of, topic_of
from scripted import ScriptedBroker


@pytest.fixture
def house(tmp_path, program, library):
    house = House.build(tmp_path, program, library, ScriptedBroker(tmp_path / "mqtt"))
    house.service.start()
    yield house
    house.stop()


@contextmanager
def locked(service):
    """Another process that holds the write lock."""
    other = sqlite3.connect(service.folder / "fieldloop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


FAULTS = {
    "disk full": {"write_errno": errno.ENOSPC}, "read-only": {"write_errno": errno.EROFS},
    "bad disk": {"write_errno": errno.EIO}, "sync fails": {"sync_errno": errno.EIO},
    "sync fails and nothing is written": {"sync_errno": errno.EIO, "write_errno": errno.EIO, "one_in": 2},
    "locked": None,
}


def give(broker, first, numbers):
    return [broker.give(topic_of(number), payload_of(number, first)) for number in numbers]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_acknowledgement_while_nothing_is_stored(house, fault):
    broker, service, first = house.broker, house.service, first_time()
    give(broker, first, range(20))
    stack.until(lambda: len(broker.acknowledged) == 20, what="the first acknowledgements")

    fields = FAULTS[fault]
    with locked(service) if fields is None else house.disk.failing(**fields):
        late = give(broker, first, range(20, 40))
        stack.until(lambda: broker.connections >= 2, 30, what="a second connection")
        if fields is None or "one_in" not in fields:
            stack.until(lambda: service.store_state() != "ok", what="the service's notice of it")
            assert not set(late) & broker.acknowledged.keys()
    stack.until(lambda: len(broker.acknowledged) == 40, 40, what="the acknowledgements after it")
    assert int(stack.until(service.health, what="health")["handler_failures"]) > 0
    expected = sorted(reading_of(number, first) for number in range(40))
    assert sorted(house.velocities()) == expected


def test_a_slow_sync_delays_the_acknowledgement(house):
    broker, first = house.broker, first_time()
    with house.disk.failing(sync_delay_ms=200):
        for number in range(5):
            given = time.monotonic()
            message = give(broker, first, [number])[0]
            stack.until(lambda: message in broker.acknowledged, every=0.005, what="it")  # noqa: B023
            assert broker.acknowledged[message] - given >= 0.2
    assert int(house.service.health()["handler_failures"]) == 0


@pytest.fixture
def busy(tmp_path, program, library):
    house = House.build(tmp_path, program, library)
    yield house
    house.stop()


def test_faults_in_a_row_under_load(busy):
    numbers = Numbers(busy.start().broker).start()
    campaign.fail_often(busy, 10, random.Random(campaign.SEED))
    numbers.stop()
    verdict = busy.verdict(numbers)
    assert is_perfect(verdict), verdict
    assert int(busy.service.health()["handler_failures"]) > 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB below the data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no mounting here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(path):
    """To the last byte."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for size in (1 << 16, 1):
            with pytest.raises(OSError, match="No space"):
                while True:
                    os.write(file, bytes(size))
    finally:
        os.close(file)


def test_a_disk_that_is_really_full(small_disk, tmp_path, program, library):
    house = House.build(tmp_path, program, library)
    try:
        numbers = Numbers(house.start().broker).start()
        stack.until(lambda: numbers.acknowledged > 500, what="some load")
        fill(small_disk / "filler")
        stack.until(lambda: house.service.store_state() != "ok", 20, what="the service's notice of it")
        before = numbers.acknowledged
        stack.until(lambda: numbers.acknowledged > before + 1000, what="more load")
        (small_disk / "filler").unlink()
        numbers.stop()
        verdict = house.verdict(numbers)
        assert is_perfect(verdict), verdict
    finally:
        house.stop()
