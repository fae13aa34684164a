"""Kills and power cuts, many in a row, at random points of a service under load.

Short in the tests, long in ops/bench/long.
"""

import errno
import random
import signal
import sqlite3
import time
from contextlib import closing, contextmanager, nullcontext, suppress

import disk
import stack
from load import House, Numbers
from proxy import Proxy

# The n-th write or sync of a life, spread evenly over the orders of magnitude: while the store is opened, in the
# first bursts, in the middle of a checkpoint.
LATEST_CUT = 4000
SEED = 20_260_101


def kill_often(house: House, count: int, dice: random.Random):
    """kill -9, while it starts, while it takes what waited, and while it is up."""
    for _ in range(count):
        house.service.launch()
        if dice.random() < 0.8:
            stack.until(house.service.is_healthy, 30, 0.01, what="the service")
        time.sleep(dice.uniform(0, 0.4))
        house.service.kill()
        time.sleep(dice.uniform(0, 0.05))
    house.service.start()


def roll(control: disk.Control, dice: random.Random, latest: int = LATEST_CUT):
    """The power of the next life goes at a random write, and a random part of what was not synced with it. In every
    third life some syncs fail before that, and what they were to bring down is lost if nobody writes it again."""
    control.seed = dice.randrange(1, 1 << 40)
    control.survive = dice.choice((disk.NOTHING, disk.SOME_WRITES, disk.SOME_SECTORS))
    control.names = dice.choice((disk.NAMES_STAY, disk.NAMES_GO, disk.SOME_NAMES_GO))
    control.sync_errno, control.one_in = dice.choice(((0, 0), (0, 0), (errno.EIO, 8)))
    control.cut_after = round(latest ** dice.random())


def calm(control: disk.Control):
    """The power stays on."""
    control.sync_errno = control.one_in = control.cut_after = 0


@contextmanager
def somebody_reads(house: House):
    """The newest day, all the while: that keeps SQLite from bringing the day's log into its file, so what the compactor
    takes out of the journal lives by the log's own sync. Read-only: a reader outlives no power cut, so this one must
    not tidy up after it."""
    days = sorted((house.service.folder / "telemetry").glob("*-??.db"))
    if not days:
        yield
        return
    with closing(sqlite3.connect(f"file:{days[-1]}?mode=ro", uri=True, isolation_level=None)) as reader:
        # A log that a cut has left behind is for who may write to put right.
        with suppress(sqlite3.OperationalError):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield


def cut_often(house: House, count: int, dice: random.Random, latest: int = LATEST_CUT) -> dict[str, int]:
    """Says how many unsynced writes and names there were at the cuts, and how many of them went."""
    for _ in range(count):
        roll(house.disk.control, dice, latest)
        with somebody_reads(house) if dice.random() < 0.3 else nullcontext():
            house.service.launch()
            code = house.service.process.child.wait(60)
        # A store that can't be opened ends the service, as it should; who supervises it tries again.
        if code != disk.CUT and not house.disk.control.sync_errno:
            raise RuntimeError(f"the service ended with {code}:\n{house.service.process.tail()}")
    calm(house.disk.control)
    house.service.start()
    return {"pending": house.disk.control.pending, "lost": house.disk.control.lost}


def fail_often(house: House, count: int, dice: random.Random):
    """The disk fails in one way or another for a moment, again and again."""
    ways = (
        {"write_errno": errno.ENOSPC}, {"write_errno": errno.EROFS}, {"write_errno": errno.EIO},
        {"sync_errno": errno.EIO}, {"write_errno": errno.EIO, "sync_errno": errno.EIO, "one_in": 5},
        {"sync_delay_ms": 200}, {"short_write": 100})
    for turn in range(count):
        with house.disk.failing(**ways[turn % len(ways)]):
            time.sleep(dice.uniform(0.1, 1.0))
        time.sleep(dice.uniform(0, 0.3))


def reset_often(proxy: Proxy, count: int, dice: random.Random):
    """TCP resets, as soon as the service has come back from the last."""
    for _ in range(count):
        accepted = proxy.accepted
        time.sleep(dice.uniform(0, 0.3))
        proxy.reset()
        stack.until(lambda: proxy.accepted > accepted, 60, what="a new connection")  # noqa: B023


def save(broker: stack.Broker):
    """Has mosquitto write its queue to the disk, as it does by itself each `autosave_interval`."""
    database = broker.folder / "mosquitto.db"
    before = database.stat().st_mtime_ns if database.exists() else 0
    broker.process.child.send_signal(signal.SIGUSR1)
    stack.until(lambda: database.exists() and database.stat().st_mtime_ns > before, what="the broker's file")


def kill_broker_often(house: House, numbers: Numbers, count: int, dice: random.Random) -> set[int]:
    """kill -9 for the broker, a moment after it saved. It acknowledges publishers from memory, so what it acknowledged
    since then may be gone with it: these numbers are returned."""
    unsaved: set[int] = set()
    for _ in range(count):
        saved = numbers.acknowledged
        save(house.broker)
        time.sleep(dice.uniform(0, 0.5))
        house.broker.process.stop(signal.SIGKILL)
        gone = numbers.acknowledged
        unsaved.update(range(saved, gone))
        house.broker.start()
        stack.until(lambda: numbers.acknowledged > gone + 200, 60, what="more load")  # noqa: B023
    stack.until(lambda: (house.service.health() or {}).get("broker") == "connected", 60, what="the service's return")
    return unsaved
