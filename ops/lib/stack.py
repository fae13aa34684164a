"""A broker with the project's own configuration and the real service, on free ports, in a folder of their own.

Used by Tests/interop, Tests/browser and ops/bench. Every process that is started here is ended here, by its pid.
"""

import csv
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLANT = ROOT / "fixtures/plant"
DATA = ROOT / "fixtures/data"
MEASURES = (
    "velocity_rms_mm_s", "acceleration_rms_g", "acceleration_peak_g", "crest_factor", "kurtosis", "envelope_peak_g",
    "temperature_c", "speed_rpm", "running", "envelope_ratio", "bias_g")
# Debian keeps the broker where only root's PATH looks.
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def export(data, program, *flags):
    """The rows of `fieldloop export`, which reads a stopped store and a running one."""
    done = subprocess.run(
        [program, "export", "--data", data, *flags], check=True, capture_output=True, text=True, cwd=ROOT)
    return csv.DictReader(done.stdout.splitlines())


def number(text):
    """Of a measure; whether a machine runs is one too."""
    return float({"true": 1, "false": 0}.get(text, text))


def stored_readings(data, program):
    """What a store holds: rows of (asset/point, measure, milliseconds, value), as often as they are there."""
    return [
        (f"{row['asset']}/{row['point']}", measure, int(row["ts"]), number(row[measure]))
        for row in export(data, program) for measure in MEASURES if row[measure]]


def binary():
    """The program under test; None when nothing was built."""
    given = os.environ.get("FIELDLOOP_BINARY")
    path = Path(given) if given else ROOT / ".build/debug/fieldloop"
    if given and not path.exists():
        raise FileNotFoundError(f"FIELDLOOP_BINARY={given} does not exist")
    return path if path.exists() else None


def free_port():
    """A port that nobody uses, below the range from which the kernel takes those of outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def until(condition, seconds=10.0, every=0.05, what="the condition"):
    """What `condition` returns once that is true; TimeoutError names what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds} s")
        time.sleep(every)


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One child and its log."""

    def __init__(self, command, log, env=None):
        self.log = log
        with log.open("ab") as output:
            self.child = subprocess.Popen(
                [str(part) for part in command], stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                cwd=ROOT, env=env)

    @property
    def pid(self):
        return self.child.pid

    def is_alive(self):
        return self.child.poll() is None

    def stop(self, with_signal=signal.SIGTERM, seconds=20):
        """Its exit code."""
        if self.is_alive():
            self.child.send_signal(with_signal)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise
        return self.child.returncode

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Broker:
    """mosquitto as ops/mosquitto.conf says. `rights` are further acl lines for the `extra` users."""

    def __init__(self, folder, plant=PLANT, extra=(), rights=""):
        self.folder, self.plant, self.port = Path(folder), plant, free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        make = [ROOT / "ops/make-passwords", "--plant", plant, "--out", self.folder]
        for user in extra:
            make += ["--extra", user]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        with (self.folder / "acl").open("a", encoding="utf-8") as acl:
            acl.write("\n" + rights)
        self.configuration = self.folder / "mosquitto.conf"
        configure = [ROOT / "ops/broker-config", "--port", str(self.port), "--dir", str(self.folder)]
        self.configuration.write_bytes(subprocess.run(configure, check=True, capture_output=True).stdout)
        self.process = None

    def start(self):
        self.process = Process([MOSQUITTO, "-c", self.configuration], self.folder / "mosquitto.log")
        until(lambda: answers(self.port), what="the broker")
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def password_file(self, user):
        return self.folder / f"{user}.password"

    def password(self, user):
        return self.password_file(user).read_text(encoding="utf-8").strip()


class Api:
    """The board's JSON, as the administrator."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def get(self, path):
        return self.request("GET", path)

    def raw(self, path):
        """What stands behind an address that is no JSON."""
        request = urllib.request.Request(
            self.url + path.lstrip("/"), headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read()

    def request(self, method, path, body=None, headers=None):
        request = urllib.request.Request(
            self.url + path.lstrip("/"), method=method,
            data=None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | (headers or {}))
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or b"null")

    def cards(self):
        return [card for column in self.get("api/board")["columns"] for card in column["cards"]]

    def cards_of(self, asset):
        return [card for card in self.cards() if card["asset"] == asset]

    def rejected(self):
        return self.get("api/rejected")["rejected"]


class Service:
    """`fieldloop serve` with its own data folder; `start` again after `kill` continues on it."""

    def __init__(self, folder, broker, program, plant=PLANT, settings=(), env=None):
        self.folder, self.broker, self.program, self.plant, self.env = Path(folder), broker, program, plant, env
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.settings = {
            "http.listen": f"127.0.0.1:{self.port}", "http.public_url": self.url, "mqtt.host": "127.0.0.1",
            "mqtt.port": broker.port, "mqtt.username": "fieldloop", "mqtt.password_file": broker.password_file("fieldloop"),
        } | dict(settings)
        self.process = None

    def flags(self):
        flags = ["--data", str(self.folder)]
        for key, value in self.settings.items():
            flags += ["--set", f"{key}={value}"]
        return flags

    def import_plant(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([self.program, "import", DATA, self.plant, "--data", self.folder], check=True, cwd=ROOT,
                       stdout=subprocess.DEVNULL)
        return self

    def launch(self, *further):
        """`start` without waiting for an answer."""
        log = self.folder.with_suffix(".log")
        self.process = Process([self.program, "serve", *self.flags(), *further], log, self.env)
        return self

    def start(self, *further):
        self.launch(*further)
        until(lambda: self.is_healthy() or not self.process.is_alive(), 30, what="the service")
        if not self.process.is_alive():
            raise RuntimeError(f"the service ended with {self.process.child.returncode}:\n{self.process.tail()}")
        return self

    def health(self):
        """What /healthz says; None while nobody answers or the store is broken."""
        try:
            with urllib.request.urlopen(self.url + "healthz", timeout=2) as response:
                return json.load(response)
        except (urllib.error.URLError, OSError):
            return None

    def store_state(self):
        """"ok" or "broken", as /healthz says; None when it does not answer in time."""
        try:
            with urllib.request.urlopen(self.url + "healthz", timeout=2) as response:
                return json.load(response)["store"]
        except urllib.error.HTTPError as error:
            return json.load(error)["store"]
        except OSError:
            return None

    def is_healthy(self):
        return self.health() is not None

    def stop(self):
        return self.process.stop() if self.process else None

    def kill(self):
        self.process.stop(signal.SIGKILL)

    @property
    def api(self):
        return Api(self.url, (self.folder / "admin-token").read_text(encoding="utf-8").strip())

    def resident_bytes(self):
        """Memory in RAM, from /proc."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")
