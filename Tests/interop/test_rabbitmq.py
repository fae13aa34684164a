"""RabbitMQ's MQTT plug-in (MQTT 3.1.1) in mosquitto's place: it acknowledges publishers from disk, so nothing that a
gateway has an acknowledgement for may be missing, whoever is killed."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

import stack

# Debian's own wrapper would change the user and write where the package does.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
TOPIC = "fieldloop/v1/beilun/BL-P102/DE-H/reading"
VELOCITY = "velocity_rms_mm_s"

# What is the test's own, after ops/rabbitmq.conf.
CONFIGURATION = """
mqtt.listeners.tcp.default = 127.0.0.1:{port}
default_user = fieldloop
default_pass = {password}
log.console = true
log.file = false
"""


class RabbitMQ:
    """One node with a name, a home, a port mapper and a database of its own. `configuration` comes last and wins."""

    def __init__(self, folder, configuration=""):
        self.folder, self.port, self.process = folder, stack.free_port(), None
        folder.mkdir()
        self.secret = os.urandom(12).hex()
        (folder / "fieldloop.password").write_text(self.secret, encoding="utf-8")
        (folder / "fieldloop.password").chmod(0o600)
        (folder / "rabbitmq.conf").write_text(
            (stack.ROOT / "ops/rabbitmq.conf").read_text(encoding="utf-8")
            + CONFIGURATION.format(port=self.port, password=self.secret) + configuration, encoding="utf-8")
        (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
        self.environment = os.environ | {
            "HOME": str(folder), "RABBITMQ_NODENAME": f"fieldloop-{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"), "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_DIST_PORT": str(stack.free_port()), "ERL_EPMD_PORT": str(stack.free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2"}

    def start(self):
        with (self.folder / "log").open("ab") as log:
            # A group of its own: the script has children, and a power cut spares none of them.
            self.process = subprocess.Popen(
                [SERVER], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        stack.until(lambda: stack.answers(self.port) or self.process.poll() is not None, 60, what="RabbitMQ")
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:])
        return self

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        stack.until(lambda: not stack.answers(self.port), what="the node's end")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.kill()
        # The port mapper is a daemon that outlives its node; it is ours alone, by its port.
        subprocess.run(["epmd", "-kill"], env=self.environment, check=False, capture_output=True)

    def control(self, *command):
        """`rabbitmqctl`."""
        subprocess.run(
            [SERVER.parent / "rabbitmqctl", *command], env=self.environment, check=True, capture_output=True)

    def password_file(self, user):
        return self.folder / f"{user}.password"


class Gateway:
    """Numbers its readings and keeps each until it is acknowledged, over any number of connections."""

    def __init__(self, broker):
        self.sent, self.acknowledged, self.first = 0, set(), time.time_ns() // 1_000_000 - 3_600_000
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, "gateway", clean_session=False, protocol=mqtt.MQTTv311)
        self.client.username_pw_set("fieldloop", broker.secret)
        self.client.reconnect_delay_set(1, 1)
        self.client.max_queued_messages_set(0)
        self.client.on_publish = lambda _c, _u, mid, *_: self.acknowledged.add(mid)
        self.client.connect("127.0.0.1", broker.port, keepalive=10)
        self.client.loop_start()

    def send(self, count, every=0.002):
        for _ in range(count):
            reading = {"ts": self.first + 100 * self.sent, "seq": self.sent, VELOCITY: 1.0, "running": True}
            # Without a connection paho keeps it for the next.
            self.client.publish(TOPIC, json.dumps(reading), qos=1)
            self.sent += 1
            time.sleep(every)

    def close(self):
        stack.until(lambda: len(self.acknowledged) == self.sent, 60, what="every acknowledgement")
        self.client.disconnect()
        self.client.loop_stop()

    def times(self):
        return [self.first + 100 * n for n in range(self.sent)]


@pytest.fixture
def rabbitmq(tmp_path, request):
    if not SERVER.exists():
        pytest.skip("no RabbitMQ: apt-get install rabbitmq-server")
    if not shutil.which("epmd"):
        pytest.skip("no Erlang port mapper: apt-get install erlang-base")
    broker = RabbitMQ(tmp_path / "rabbitmq", getattr(request, "param", ""))
    try:
        broker.start()
    except (RuntimeError, TimeoutError) as reason:
        broker.stop()
        pytest.skip(f"RabbitMQ does not start here: {reason}")
    yield broker
    broker.stop()


@pytest.fixture
def service(tmp_path, rabbitmq, program):
    service = stack.Service(tmp_path / "data", rabbitmq, program, settings={"mqtt.version": "3.1.1"})
    service.import_plant().start()
    yield service
    service.stop()


def connected(service):
    return (service.health() or {}).get("broker") == "connected"


def stored_times(service):
    return sorted(at for _, measure, at, _ in stack.stored_readings(service.folder, service.program)
                  if measure == VELOCITY)


def test_nothing_acknowledged_is_missing_whoever_is_killed(rabbitmq, service):
    """The service killed three times and RabbitMQ twice while a gateway sends; each reading is there, and once."""
    stack.until(lambda: connected(service), 30, what="the service's connection")
    gateway = Gateway(rabbitmq)
    load = threading.Thread(target=gateway.send, args=(6000,))
    load.start()
    for victim in (service, rabbitmq, service, rabbitmq, service):
        time.sleep(1.5)
        victim.kill()
        victim.start()
    load.join()
    gateway.close()
    assert gateway.sent == 6000
    stack.until(lambda: len(stored_times(service)) >= 6000, 60, every=1, what="all readings")
    assert stored_times(service) == gateway.times()
    stack.until(lambda: connected(service), 30, what="the service's return")
    assert service.health()["sessions_lost"] in ("0", 0)


def test_waits_at_the_broker_over_its_own_kill(rabbitmq, service):
    """What comes while the service is away survives the broker's end."""
    stack.until(lambda: connected(service), 30, what="the service's connection")
    service.stop()
    gateway = Gateway(rabbitmq)
    gateway.send(1000, every=0)
    gateway.close()
    rabbitmq.kill()
    rabbitmq.start()
    service.start()
    stack.until(lambda: len(stored_times(service)) >= 1000, 60, every=1, what="all readings")
    assert stored_times(service) == gateway.times()
    assert not service.api.cards()


def doctor(service, version):
    service.settings["mqtt.version"] = version
    done = subprocess.run(
        [service.program, "doctor", *service.flags()], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


def test_doctor_finds_this_configuration_well(rabbitmq, service):
    stack.until(lambda: connected(service), 30, what="the service's connection")
    said = doctor(service, "3.1.1")
    assert "All is well." in said, said
    for line in ("✓ broker        127.0.0.1:", "✓ photos        one of 15 MiB", "✓ queue         4500 messages were kept",
                 "✓ board         the service answers on"):
        assert line in said, said
    assert "mqtt.subscription_ttl" in said


@pytest.mark.parametrize("rabbitmq", ["mqtt.prefetch = 10\n"], indirect=True)
def test_doctor_says_what_its_defaults_cost(rabbitmq, service):
    stack.until(lambda: connected(service), 30, what="the service's connection")
    said = doctor(service, "3.1.1")
    assert "! queue         4500 messages were kept for a subscriber that was away, and it gets no more than" in said, said
    assert "RabbitMQ: mqtt.prefetch" in said
    # The service was told 3.1.1; who forgets it gets a broker that hangs up.
    said = doctor(service, "5")
    assert "✗ broker        " in said
    assert "set mqtt.version" in said


def test_a_site_s_gateway_speaks_for_its_site_alone(rabbitmq, service):
    """The rights as ops/runbook.md gives them."""
    stack.until(lambda: connected(service), 30, what="the service's connection")
    own = "^mqtt-subscription-"
    usual = f"{own}|^amq\\.topic$"
    rabbitmq.control("add_user", "gw-beilun", rabbitmq.secret)
    rabbitmq.control("set_permissions", "gw-beilun", own, usual, usual)
    rabbitmq.control(
        "set_topic_permissions", "gw-beilun", "amq.topic", r"^fieldloop\.v1\.beilun\.",
        r"^fieldloop\.v1\.beilun\.[^.]+\.[^.]+\.resend$")

    def outcome(topic):
        said = queue.Queue()
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.username_pw_set("gw-beilun", rabbitmq.secret)
        client.on_connect = lambda *_: client.publish(topic, b"{}", qos=1)
        client.on_publish = lambda *_: said.put("acknowledged")
        client.on_disconnect = lambda *_: said.put("thrown out")
        client.connect("127.0.0.1", rabbitmq.port)
        client.loop_start()
        first = said.get(timeout=10)
        client.loop_stop()
        return first

    assert outcome(TOPIC) == "acknowledged"
    assert outcome(TOPIC.replace("beilun", "fenghua")) == "thrown out"
    assert outcome("fieldloop/v1/engineers/E03/answer") == "thrown out"
