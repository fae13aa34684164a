"""Foreign senders, unchanged, against the real broker and the real service: SenML, ThingsBoard, profiles, waveforms."""

import base64
import json
import random
import sqlite3
import struct
import subprocess
import time

import pytest
from kpn_senml import SenmlPack, SenmlRecord

import stack
from client import gateway_once_heard

MAC = "urn:dev:mac:0024befffe804ff1"
RIGHTS = """
user foreign
topic write v1/#
topic write ifm/#
topic write wise/#
topic write banner/#
topic write ncd/#
topic write monitron/#
user fieldloop
topic read v1/#
topic read ifm/#
topic read wise/#
topic read banner/#
topic read ncd/#
topic read monitron/#
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = stack.Broker(tmp_path_factory.mktemp("mqtt"), extra=["foreign"], rights=RIGHTS).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory, broker, program):
    settings = {"ingest.profiles": stack.ROOT / "fixtures/profiles"}
    service = stack.Service(tmp_path_factory.mktemp("data"), broker, program, settings=settings).import_plant().start()
    gateway_once_heard(broker).close()
    yield service
    service.stop()


@pytest.fixture
def sender(connect):
    """A gateway of some maker, which knows nothing of us."""
    return connect("foreign")


@pytest.fixture
def stored(service, program):
    """stored(point, since): what came in since, as {measure: value}; waits for `count` of them."""

    def stored(point, since, count=1):
        def found():
            rows = stack.stored_readings(service.folder, program)
            values = {measure: value for name, measure, at, value in rows if name == point and at >= since}
            return values if len(values) >= count else None

        return stack.until(found, 15, every=0.2, what=f"{count} values of {point}")

    return stored


@pytest.fixture
def rejected(service):
    """rejected(topic, reason): the newest refusal of a topic."""

    def rejected(topic, reason):
        def found():
            rows = [row for row in service.api.rejected() if row["topic"] == topic and row["reason"] == reason]
            return rows[0] if rows else None

        return stack.until(found, what=f"{reason} of {topic}")

    return rejected


def now():
    return time.time_ns() // 1_000_000


def pack(base, moment):
    """What a KPN device sends: one pack, three records."""
    pack = SenmlPack(base)
    pack.base_time = moment / 1000
    for name, value, unit in (("velrms", 2.31, "mm/s"), ("accpk", 7.25, "m/s2"), ("temp", 41.5, "Cel")):
        record = SenmlRecord(name, value=value, unit=unit)
        pack.add(record)
    return pack


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_a_kpn_senml_publisher(connect, stored, form):
    moment = now() - random.randrange(1000, 50_000)
    sent = pack(MAC + ":", moment)
    connect("gw-beilun").publish("fieldloop/v1/beilun/senml", sent.to_json() if form == "json" else sent.to_cbor())
    values = stored("BL-P102/DE-H", moment, 3)
    assert values["velocity_rms_mm_s"] == pytest.approx(2.31)
    assert values["acceleration_peak_g"] == pytest.approx(7.25 / 9.80665)
    assert values["temperature_c"] == pytest.approx(41.5)


def test_senml_names_of_ours_and_another_site(connect, stored, rejected):
    moment = now() - 500
    record = {"bn": "BL-F201:DE-H:", "bt": moment / 1000, "n": "kurtosis", "v": 3.5}
    connect("gw-beilun").publish("fieldloop/v1/beilun/senml", json.dumps([record]))
    assert stored("BL-F201/DE-H", moment)["kurtosis"] == 3.5
    connect("gw-cixi").publish("fieldloop/v1/cixi/senml", json.dumps([record]))
    rejected("fieldloop/v1/cixi/senml", "wrong_site")


def test_senml_says_why_not(connect, rejected):
    topic = "fieldloop/v1/beilun/senml"
    gateway = connect("gw-beilun")
    gateway.publish(topic, json.dumps([{"n": "BL-F201:DE-H:acceleration_rms_g", "u": "g", "v": 1}]))
    assert "gram" in rejected(topic, "unknown_unit")["detail"]
    gateway.publish(topic, pack("urn:dev:mac:ffffffffffffffff:", now()).to_cbor())
    assert "sources.csv" in rejected(topic, "unknown_metric")["detail"]
    gateway.publish(topic, pack(MAC + ":", now()).to_cbor()[:-3])
    rejected(topic, "truncated")


def test_a_thingsboard_gateway(sender, stored, rejected):
    moment = now() - 500
    devices = {
        "Pump room gateway": [{"ts": moment, "values": {"p103_vel": 0.1, "p103_temp": 212, "p103_rpm": "50"}}],
        "BL-H401": [{"ts": moment, "values": {"DE-H/crest_factor": 4.5}}],
        "Somebody else": [{"ts": moment, "values": {"x": 1}}],
    }
    sender.publish("v1/gateway/connect", json.dumps({"device": "Pump room gateway"}))
    sender.publish("v1/gateway/telemetry", json.dumps(devices))
    values = stored("BL-P103/DE-H", moment, 3)
    assert values["velocity_rms_mm_s"] == pytest.approx(2.54)
    assert values["temperature_c"] == pytest.approx(100)
    assert values["speed_rpm"] == pytest.approx(1500)
    assert stored("BL-H401/DE-H", moment)["crest_factor"] == 4.5
    assert "Somebody else" in rejected("v1/gateway/telemetry", "unknown_metric")["detail"]


def test_a_thingsboard_device(sender, stored, rejected):
    began = now()
    sender.publish("v1/devices/BL-P110/telemetry", json.dumps({"DE-H/temperature_c": 55.5}))
    assert stored("BL-P110/DE-H", began)["temperature_c"] == 55.5
    sender.publish("v1/devices/me/telemetry", json.dumps({"DE-H/temperature_c": 55.5}))
    assert "names no device" in rejected("v1/devices/me/telemetry", "wrong_device")["detail"]


def test_an_ifm_sensor(sender, stored):
    began = now()
    sender.publish("ifm/vvb-301/processdata", json.dumps(
        {"Crest": 41, "Device status": 0, "OUT1": True, "Temperature": 394, "a-Peak": 2, "a-Rms": 32764, "v-Rms": 21}))
    values = stored("BL-C301/MALE-H", began, 4)
    assert values == pytest.approx({
        "crest_factor": 4.1, "temperature_c": 39.4, "acceleration_peak_g": 0.2 / 9.80665, "velocity_rms_mm_s": 2.1})


def test_a_banner_sensor_in_inches_and_fahrenheit(sender, stored):
    began = now()
    sender.publish("banner/dxm1/qm30-501/registers", json.dumps(
        {"Z-Axis RMS Velocity (in/sec)": 0.05, "X-Axis RMS Velocity (in/sec)": 0.1, "Temperature (°F)": 104}))
    assert stored("BL-M501/DE-V", began, 2) == pytest.approx({"velocity_rms_mm_s": 2.54, "temperature_c": 40})
    assert stored("BL-M501/DE-H", began) == pytest.approx({"velocity_rms_mm_s": 1.27})


def test_an_advantech_frame_from_the_air(sender, stored):
    """A frame of ours in their layout: three axes, the last with shape not reported."""
    began = now()
    axes = b"".join(struct.pack("<HHHHhHhHH", 0, *axis) for axis in (
        (120, 850, 240, -12, 359, 46, 24, 6), (130, 700, 250, 20, 654, 38, 26, 4), (140, 600, 260, 0, 0, 0, 0, 0)))
    records = struct.pack("<BBBBBi", 0x50, 7, 6, 0, 0, 24_500) + bytes([0x54, 2 + len(axes), 0xE2, 0xFF]) + axes
    frame = bytes([0x81, 0x01, len(records)]) + records + b"\0"
    sender.publish("wise/gw1/74FE488DFFFF0001/up", frame.hex())
    assert stored("BL-F201/DE-H", began, 6) == pytest.approx({
        "temperature_c": 24.5, "velocity_rms_mm_s": 1.2, "acceleration_peak_g": 0.85, "acceleration_rms_g": 0.24,
        "kurtosis": 2.88, "crest_factor": 3.59})
    assert stored("BL-F201/NDE-H", began, 3) == pytest.approx({
        "velocity_rms_mm_s": 1.4, "acceleration_peak_g": 0.6, "acceleration_rms_g": 0.26})


def test_a_profile_says_why_not(sender, rejected):
    sender.publish("ifm/vvb-999/processdata", json.dumps({"v-Rms": 21}))
    assert "vvb-999" in rejected("ifm/vvb-999/processdata", "unknown_metric")["detail"]
    sender.publish("ifm/vvb-301/processdata", json.dumps({"v-Rms": "fast"}))
    rejected("ifm/vvb-301/processdata", "wrong_type")
    sender.publish("wise/gw1/74FE488DFFFF0001/up", "not hex")
    rejected("wise/gw1/74FE488DFFFF0001/up", "bad_payload")


def waveforms(service, moment):
    """Complete records that begin at `moment`: (samples, unit, encoding, bytes)."""
    with sqlite3.connect(f"file:{service.folder}/fieldloop.db?mode=ro", uri=True, timeout=10) as db:
        return db.execute(
            "SELECT samples, unit, encoding, bytes FROM waveform WHERE at = ?", (moment,)).fetchall()


def header(moment, **more):
    return {"ts": moment, "sample_rate_hz": 25600, "unit": "g", "encoding": "int16le", "scale": 0.000244, **more}


def test_waveforms_in_parts_in_any_order_and_as_json(service, connect):
    topic = "fieldloop/v1/beilun/BL-P101/DE-H/waveform"
    gateway = connect("gw-beilun")
    samples = random.Random(7).randbytes(5000 * 2)
    moment = now() - 5000
    parts = [samples[:4000], samples[4000:8000], samples[8000:]]
    for number in (3, 1, 2):
        line = json.dumps(header(moment, n=5000, part=number, of=3, rpm=1485))
        gateway.publish(topic, line.encode() + b"\n" + parts[number - 1])
    whole = stack.until(lambda: waveforms(service, moment), what="the record")
    assert whole == [(5000, "g", "int16le", samples)]

    line = header(moment + 1, samples_base64=base64.b64encode(samples).decode())
    gateway.publish(topic, json.dumps(line, indent=1))
    assert stack.until(lambda: waveforms(service, moment + 1), what="the record") == whole


def test_a_waveform_says_why_not(connect, rejected):
    topic = "fieldloop/v1/beilun/BL-P101/DE-H/waveform"
    gateway = connect("gw-beilun")
    gateway.publish(topic, json.dumps(header(now(), n=5)).encode() + b"\n" + bytes(8))
    rejected(topic, "bad_waveform")
    gateway.publish(topic, json.dumps(header(now())).replace('"g"', '"inches"').encode() + b"\n" + bytes(8))
    rejected(topic, "unknown_unit")


def test_profile_test_on_the_command_line(program):
    sample = json.dumps({"v-Rms": 21, "a-Rms": 32764, "more": 1})
    done = subprocess.run(
        [program, "profile", "test", "fixtures/profiles/ifm-vvb.yaml", "--payload", "-", "--plant", "fixtures/plant",
         "--topic", "ifm/vvb-301/processdata"], input=sample, capture_output=True, text=True, cwd=stack.ROOT)
    assert done.returncode == 0, done
    assert "BL-C301/MALE-H velocity_rms_mm_s = 2.1" in done.stdout
    assert "32764 means that there is none" in done.stdout
    assert "more = 1" in done.stdout
