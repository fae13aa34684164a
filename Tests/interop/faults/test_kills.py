"""Killed and cut off from power again and again: what the broker had acknowledged is all there, and once."""

import random
import sqlite3
import time
from contextlib import closing

import campaign
import pytest
import stack
from load import House, Numbers, is_perfect
from others import Others, is_whole

@pytest.fixture
def house(tmp_path, program, library):
    house = House.build(tmp_path, program, library)
    yield house
    house.stop()


@pytest.fixture
def numbers(house):
    house.start()
    numbers = Numbers(house.broker).start()
    yield numbers
    numbers.stop()


def test_fifty_kills(house, numbers):
    house.service.kill()
    campaign.kill_often(house, 50, random.Random(campaign.SEED))
    numbers.stop()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict), verdict


def test_ten_stops(house, numbers):
    """SIGTERM: what is in hand is finished, and the service goes in peace."""
    dice = random.Random(campaign.SEED)
    for _ in range(10):
        time.sleep(dice.uniform(0, 0.3))
        assert house.service.stop() == 0, house.service.process.tail()
        house.service.start()
    numbers.stop()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict), verdict


def test_fifty_power_cuts(house, numbers):
    house.service.stop()
    taken = campaign.cut_often(house, 50, random.Random(campaign.SEED), latest=1000)
    numbers.stop()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict), verdict
    assert taken["lost"] > 100, "the cuts took nothing"


def test_twenty_power_cuts_with_waveforms_and_sparkplug(house, numbers):
    with Others(house) as others:
        house.service.stop()
        campaign.cut_often(house, 20, random.Random(campaign.SEED + 1), latest=1000)
    numbers.stop()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict), verdict
    assert is_whole(others.verdict()), others.verdict()


def journal_rows(house):
    """What the compactor has not moved yet."""
    with closing(sqlite3.connect(f"file:{house.service.folder}/fieldloop.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM journal").fetchone()[0]


def test_a_day_that_is_being_read_while_it_is_compacted(house, numbers):
    """A reader keeps SQLite from bringing the day's log into its file. The journal goes all the same, so the log itself
    must have been on the disk by then."""
    stack.until(lambda: numbers.acknowledged > 1000, what="some load")
    house.service.stop()
    house.service.start()
    stack.until(lambda: list((house.service.folder / "telemetry").glob("*.db")), what="a day's file")
    house.service.stop()
    with campaign.somebody_reads(house):
        before = numbers.acknowledged
        stack.until(lambda: numbers.acknowledged > before + 1000, what="more load")
        house.service.start()
        stack.until(lambda: journal_rows(house) < 20, 20, what="compaction")
        house.disk.control.cut_after = 1
        house.service.process.child.wait(20)
    house.service.start()
    numbers.stop()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict), verdict


def test_a_disk_that_lies_is_found_out(house, numbers):
    """The test of the tests: with syncs that do nothing, the same cut loses what was acknowledged."""
    house.service.stop()
    with house.disk.failing(lie=1):
        house.disk.control.cut_after = 1500
        house.service.launch().process.child.wait(60)
    house.service.start()
    numbers.stop()
    assert house.verdict(numbers)["missing"] > 100
