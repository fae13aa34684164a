"""The service's own clock is set back an hour, forward a day and right again, under load."""

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
import stack
from load import House, Numbers, is_perfect, now, topic_of

HOUR = 3600


@pytest.fixture
def house(tmp_path, program, library):
    house = House.build(tmp_path, program, library)
    clock = tmp_path / "clock.so"
    source = Path(__file__).parent / "clock.c"
    compiler = next(filter(shutil.which, ("cc", "clang")))
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", clock, source, "-ldl"], check=True)
    house.service.env["LD_PRELOAD"] += f" {clock}"
    house.service.env["CLOCK_OFFSET"] = str(tmp_path / "offset")
    (tmp_path / "offset").write_bytes(bytes(8))
    yield house
    house.stop()


def set_clock(folder, seconds):
    """In place: the service has the file's page in its memory."""
    with (folder / "offset").open("r+b") as file:
        file.write(seconds.to_bytes(8, "little", signed=True))


def live(number):
    """A reading of now, of a point that nothing else is sent of."""
    return f'{{"ts": {now()}, "speed_rpm": {1000 + number}}}'


def lapsed(house):
    """Offers that nobody answered in time."""
    with closing(sqlite3.connect(f"file:{house.service.folder}/fieldloop.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM assignment WHERE answer = 'expired'").fetchone()[0]


def test_the_clock_is_set_under_load(house, tmp_path):
    house.start()
    # Timers wait for a quiet moment after the start, or half a minute.
    time.sleep(3)
    numbers = Numbers(house.broker).start()
    stack.until(lambda: len(house.service.api.cards()) == 2, 30, what="the tickets")
    given = []
    for number, off in enumerate((-HOUR, 24 * HOUR, 0, -HOUR, 0)):
        set_clock(tmp_path, off)
        shown = stack.until(house.service.health, what="health")["now"]
        assert abs(int(shown) - now() - off * 1000) < 10_000
        given.append(live(number))
        with house.gateway() as gateway:
            gateway.publish(topic_of(0), given[-1])
        before = numbers.acknowledged
        stack.until(lambda: numbers.acknowledged > before + 500, what="more load")  # noqa: B023
        if off == 24 * HOUR:
            stack.until(lambda: lapsed(house) == 2, 45, what="the day that passed at once")
    # By our clock of then these two were of the future: acknowledged, rejected with their reason, not stored.
    rejected = [row for row in house.service.api.rejected() if row["reason"] == "in_the_future"]
    assert sorted(row["head"] for row in rejected) == [given[0], given[3]]
    speeds = [value for _, measure, _, value in house.stored() if measure == "speed_rpm"]
    assert speeds == [1001, 1002, 1004]
    numbers.stop()
    verdict = house.verdict(numbers)
    assert is_perfect(verdict | {"rejected": verdict["rejected"] - 2}), verdict
    assert lapsed(house) == 2, "once"
