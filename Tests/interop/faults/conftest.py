"""Fixtures of the failure tests: the preload library, and the house with everything in it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import disk  # noqa: E402


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return disk.build_library(tmp_path_factory.mktemp("preload"))
