"""Kills and power cuts, many in a row, at random points of a service under load. Short in the tests, long in ops/bench/long."""

import errno
import random
import time

import disk
import stack
from load import House

# The n-th write or sync of a life, spread evenly over the orders of magnitude: while the store is opened, in the
# first bursts, in the middle of a checkpoint.
LATEST_CUT = 2000
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


def cut_often(house: House, count: int, dice: random.Random) -> dict[str, int]:
    """The power goes at random writes, and a random part of what was not synced with it. Says how much that was."""
    control = house.disk.control
    for _ in range(count):
        control.seed = dice.randrange(1, 1 << 40)
        control.survive = dice.choice((disk.NOTHING, disk.SOME_WRITES, disk.SOME_SECTORS))
        control.names = dice.choice((disk.NAMES_STAY, disk.NAMES_GO, disk.SOME_NAMES_GO))
        control.cut_after = round(LATEST_CUT ** dice.random())
        house.service.launch()
        code = house.service.process.child.wait(60)
        if code != disk.CUT:
            raise RuntimeError(f"the service ended with {code}:\n{house.service.process.tail()}")
    house.service.start()
    return {"pending": control.pending, "lost": control.lost}


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
