"""A disk that fails when told to: the preload library (faults.c) and the numbers that steer it."""

import ctypes
import mmap
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
CUT = 99  # the exit code of a process whose power went

# enum survival, enum naming
NOTHING, SOME_WRITES, SOME_SECTORS = range(3)
NAMES_STAY, NAMES_GO, SOME_NAMES_GO = range(3)


class Control(ctypes.Structure):
    """struct control of faults.h."""

    _fields_ = [(name, ctypes.c_int64) for name in (
        "write_errno", "sync_errno", "sync_delay_ms", "short_write", "one_in", "lie", "cut_after", "survive", "names",
        "seed", "writes", "syncs", "failures", "pending", "lost")]


def build_library(folder: Path) -> Path:
    """faults.so; a warning is an error."""
    library = folder / "faults.so"
    compiler = next(filter(shutil.which, ("cc", "clang")))
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, HERE / "faults.c",
         HERE / "power.c", "-ldl", "-lpthread"], check=True)
    return library


class Disk:
    """What lies below `folder`, for programs that run with `env`. `control` can be changed while they run."""

    def __init__(self, library: Path, folder: Path, control_file: Path, seed: int = 1):
        folder.mkdir(parents=True, exist_ok=True)
        control_file.write_bytes(bytes(ctypes.sizeof(Control)))
        with control_file.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), ctypes.sizeof(Control))
        self.control = Control.from_buffer(self._shared)
        self.control.seed = seed
        self.env = os.environ | {
            "LD_PRELOAD": str(library), "FAULTS_DIR": str(folder), "FAULTS_CONTROL": str(control_file)}

    @contextmanager
    def failing(self, **fields: int):
        """`failing(write_errno=errno.ENOSPC)`: for that long."""
        before = {name: getattr(self.control, name) for name in fields}
        for name, value in fields.items():
            setattr(self.control, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(self.control, name, value)
