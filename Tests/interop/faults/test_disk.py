"""The faulty disk itself: it takes what was not synced, keeps what was, and fails as told."""

import errno
import os
import sqlite3
import subprocess
import sys

import disk as faulty
import pytest

# Says each number once it is committed, as a service acknowledges.
WRITER = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1] + "/numbers.db", isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute(f"PRAGMA synchronous={sys.argv[2]}")
store.execute("CREATE TABLE IF NOT EXISTS number (n INTEGER PRIMARY KEY, text TEXT)")
for n in range(int(sys.argv[3])):
    store.execute("INSERT INTO number VALUES (?, ?)", (n, "x" * 300))
    print(n, flush=True)
"""


@pytest.fixture
def disk(library, tmp_path):
    return faulty.Disk(library, tmp_path / "data", tmp_path / "control")


def run(disk, folder, program, *arguments):
    """Exit code and the lines that it said."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), *map(str, arguments)], env=disk.env, capture_output=True,
        text=True, timeout=30)
    return done.returncode, done.stdout.split(), done.stderr


def kept(folder):
    with sqlite3.connect(folder / "numbers.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'number'").fetchone():
            return set()
        return {str(n) for (n,) in store.execute("SELECT n FROM number")}


@pytest.mark.parametrize("survive", [faulty.NOTHING, faulty.SOME_WRITES, faulty.SOME_SECTORS])
@pytest.mark.parametrize("names", [faulty.NAMES_STAY, faulty.NAMES_GO, faulty.SOME_NAMES_GO])
@pytest.mark.parametrize("after", [100, 137, 1000])
def test_full_keeps_what_it_said(disk, tmp_path, survive, names, after):
    disk.control.survive, disk.control.names, disk.control.cut_after, disk.control.seed = survive, names, after, after
    code, said, _ = run(disk, tmp_path / "data", WRITER, "FULL", 5000)
    assert code == faulty.CUT
    assert len(said) > 10
    assert set(said) <= kept(tmp_path / "data")


def test_normal_loses(disk, tmp_path):
    disk.control.cut_after = 400
    code, said, _ = run(disk, tmp_path / "data", WRITER, "NORMAL", 5000)
    assert code == faulty.CUT
    lost = set(said) - kept(tmp_path / "data")
    assert len(lost) > 50
    assert disk.control.lost == disk.control.pending > 100


def test_a_disk_that_lies_about_its_sync_loses_even_with_full(disk, tmp_path):
    disk.control.lie = 1
    disk.control.cut_after = 400
    code, said, _ = run(disk, tmp_path / "data", WRITER, "FULL", 5000)
    assert code == faulty.CUT
    assert len(set(said) - kept(tmp_path / "data")) > 50


# A name that the directory was told of and that then went, and three that came, without a word to it.
NAMES = """
import os, sys
folder = sys.argv[1]
def sync(path, flags=os.O_RDONLY, text=b""):
    file = os.open(path, flags)
    if text: os.write(file, text)
    os.fsync(file)
    os.close(file)
def put(name):
    sync(f"{folder}/{name}.part", os.O_CREAT | os.O_WRONLY, b"text")
    os.rename(f"{folder}/{name}.part", f"{folder}/{name}")
put("kept")
sync(folder)
os.unlink(f"{folder}/kept")
os.mkdir(f"{folder}/new")
put("new/inner")
put("outer")
"""


@pytest.mark.parametrize("names", [faulty.NAMES_STAY, faulty.NAMES_GO])
def test_names_that_no_directory_sync_brought_down_go(disk, tmp_path, names):
    disk.control.names = names
    disk.control.cut_after = 7
    code, _, said = run(disk, tmp_path / "data", NAMES)
    assert code == faulty.CUT, said
    left = sorted(str(path.relative_to(tmp_path / "data")) for path in (tmp_path / "data").rglob("*"))
    assert left == (["kept"] if names == faulty.NAMES_GO else ["new", "new/inner", "outer.part"])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_writes_fail_as_told(disk, tmp_path, code):
    disk.control.write_errno = code
    program = "import os, sys; os.open(sys.argv[1] + '/new', os.O_CREAT | os.O_WRONLY)"
    assert os.strerror(code) in run(disk, tmp_path / "data", program)[2] or code == errno.EIO
    assert run(disk, tmp_path / "data", WRITER, "FULL", 1)[0] == 1
    assert disk.control.failures > 0
    disk.control.write_errno = 0
    assert run(disk, tmp_path / "data", WRITER, "FULL", 1)[:2] == (0, ["0"])


def test_a_failing_sync_commits_nothing(disk, tmp_path):
    assert run(disk, tmp_path / "data", WRITER, "FULL", 0)[0] == 0
    disk.control.sync_errno = errno.EIO
    code, said, _ = run(disk, tmp_path / "data", WRITER, "FULL", 1)
    assert (code, said) == (1, [])
    assert kept(tmp_path / "data") == set()


# Syncs the same bytes twice; says after which sync it was told that they are safe.
TWICE = """
import os, sys
file = os.open(sys.argv[1] + "/file", os.O_CREAT | os.O_RDWR)
def put(at, text):
    os.pwrite(file, text, at)
    try:
        os.fsync(file)
    except OSError as error:
        print(error.errno)
put(0, b"first")
control = os.open(os.environ["FAULTS_CONTROL"], os.O_WRONLY)
os.pwrite(control, bytes(8), 8)
put(100, b"other")
if sys.argv[2] == "again":
    put(0, b"again")
put(200, b"x")
"""


@pytest.mark.parametrize("rewritten", [False, True])
def test_what_a_failed_sync_has_dropped_no_later_one_brings_down(disk, tmp_path, rewritten):
    disk.control.sync_errno, disk.control.cut_after = errno.EIO, 5 + 2 * rewritten
    code, said, problem = run(disk, tmp_path / "data", TWICE, "again" if rewritten else "once")
    assert (code, said) == (faulty.CUT, [str(errno.EIO)]), problem
    data = (tmp_path / "data/file").read_bytes()
    assert data[:5] == (b"again" if rewritten else bytes(5))
    assert data[100:] == b"other"


def test_short_writes_are_gone_on_with(disk, tmp_path):
    disk.control.short_write = 100
    assert run(disk, tmp_path / "data", WRITER, "FULL", 20)[0] == 0
    assert len(kept(tmp_path / "data")) == 20
