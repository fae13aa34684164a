"""`fieldloop import-readings` through power cuts: what it took is there, and repeating it doubles nothing."""

import random
import subprocess

import campaign
import disk as faulty
import stack
from load import POINTS, VELOCITY, now

ATTEMPTS, PART, MINUTE = 40, 400, 60_000


def rows_of(numbers, first):
    """Over several days, so that several files are written."""
    return {(POINTS[n % len(POINTS)], first + n * MINUTE, 1 + n % 97 / 1000) for n in numbers}


def write(path, rows):
    lines = [f"{at},{point.replace('/', ',')},{value}" for point, at, value in sorted(rows)]
    path.write_text("\n".join([f"ts,asset,point,{VELOCITY}", *lines, ""]))
    return path


def test_imports_outlive_power_cuts(tmp_path, program, library):
    data, dice, first = tmp_path / "data", random.Random(campaign.SEED), now() - 10 * 86_400_000
    disk = faulty.Disk(library, data, tmp_path / "control")
    subprocess.run([program, "import", stack.DATA, stack.PLANT, "--data", data], check=True, stdout=subprocess.DEVNULL)

    def take(rows):
        """The exit code."""
        path = write(tmp_path / "readings.csv", rows)
        return subprocess.run([program, "import-readings", path, "--data", data], env=disk.env, check=False).returncode

    def stored():
        return sorted((point, at, value) for point, measure, at, value in stack.stored_readings(data, program))

    taken, cuts = set(), 0
    for _ in range(ATTEMPTS):
        start = dice.randrange(5000)
        part = rows_of(range(start, start + PART), first)
        campaign.roll(disk.control, dice, latest=100)
        code = take(part)
        taken |= part if code == 0 else set()
        cuts += code == faulty.CUT
    assert cuts > ATTEMPTS // 4
    campaign.calm(disk.control)
    assert taken <= set(stored())

    everything = rows_of(range(5000 + PART), first)
    assert take(everything) == 0
    assert stored() == sorted(everything)
