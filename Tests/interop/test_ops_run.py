"""What `ops/run` starts takes a maker's gateway as it is: its topics are subscribed to, and it has a user."""

import json
import os
import re
import signal
import subprocess
import time
import typing

import pytest

import stack
from client import Client, Refused


class Started(typing.NamedTuple):
    """What `ops/run` says of its broker, and where it keeps the passwords."""

    port: int
    folder: object

    def password(self, user):
        return (self.folder / f"{user}.password").read_text(encoding="utf-8").strip()


@pytest.fixture
def project(tmp_path, program):
    """The project's folder with a `var` of its own, in which the story was played already."""
    for name in ("ops", "fixtures"):
        (tmp_path / name).symlink_to(stack.ROOT / name)
    subprocess.run(
        [program, "import", "fixtures/data", "fixtures/plant", "--data", "var"], check=True, cwd=tmp_path,
        stdout=subprocess.DEVNULL)
    return tmp_path


@pytest.fixture
def started(project, program):
    output = project / "output"
    environment = os.environ | {
        "FIELDLOOP_BINARY": str(program), "FIELDLOOP_HTTP_LISTEN": f"127.0.0.1:{stack.free_port()}"}
    with output.open("wb") as file:
        run = subprocess.Popen(
            [project / "ops/run"], stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=environment, cwd=project)

    def is_ready():
        text = output.read_text(encoding="utf-8")
        assert run.poll() is None, text
        return "Ctrl-C ends everything" in text and re.search(r"^broker: 127\.0\.0\.1:(\d+)$", text, re.MULTILINE)

    try:
        yield Started(int(stack.until(is_ready, 120, what="ops/run")[1]), project / "var/mqtt")
    finally:
        run.send_signal(signal.SIGTERM)
        run.wait(60)


def test_takes_a_payload_of_a_shipped_profile(started, project, program):
    gateway = Client(started, "makers")
    sensor = {"v-Rms": 21, "a-Rms": 32764, "a-Peak": 2, "Temperature": 394, "Crest": 41}
    began = int(time.time() * 1000)
    assert stack.until(
        lambda: gateway.publish("ifm/vvb-301/processdata", json.dumps(sensor)) == 0, what="the subscription")
    gateway.close()

    def stored():
        return {measure: value for point, measure, at, value in stack.stored_readings(project / "var", program)
                if point == "BL-C301/MALE-H" and at >= began}

    stack.until(stored, what="the readings")
    assert stored()["velocity_rms_mm_s"] == pytest.approx(2.1)


def test_no_site_s_gateway_speaks_for_all_sites(started):
    gateway = Client(started, "gw-beilun")
    assert gateway.publish("ifm/vvb-301/processdata", b"{}") not in (0, 0x10)
    gateway.close()
    with pytest.raises(Refused):
        Client(started, "makers", password="guess")
