"""What was measured, out of a running service again: exported, backed up, read back, and the same each time."""

import csv
import json
import random
import subprocess
import time

import pytest
import stack
from client import Client

POINTS = [("BL-P101", "DE-H"), ("BL-P101", "DE-V"), ("BL-P102", "DE-H")]
FIRST = time.time_ns() // 1_000_000 - 40 * 60_000


def run(program, *arguments, ok=True):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=stack.ROOT)
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def readings(service, broker):
    """Half an hour of calm machines, in arrays of a hundred; returns (point, ts, velocity) of each."""
    chance = random.Random(7)
    gateway, sent = Client(broker, "gw-beilun"), set()
    for asset, point in POINTS:
        for start in range(0, 1800, 100):
            batch = [
                {"ts": FIRST + 1000 * second, "seq": second, "velocity_rms_mm_s": round(chance.uniform(0.4, 0.9), 4),
                 "temperature_c": round(chance.uniform(40, 41), 1), "running": True}
                for second in range(start, start + 100)]
            gateway.publish(f"fieldloop/v1/beilun/{asset}/{point}/reading", json.dumps(batch))
            sent |= {(f"{asset}/{point}", row["ts"], row["velocity_rms_mm_s"]) for row in batch}
    stack.until(lambda: len(exported(service.folder, service.program)) == len(sent), 20, what="every reading")
    gateway.close()
    return sent


def exported(data, program):
    """Every velocity as (asset/point, ts, value), as often as it is there."""
    return [(point, ts, value) for point, measure, ts, value in stack.stored_readings(data, program)
            if measure == "velocity_rms_mm_s"]


def test_export_is_the_same_before_and_after_compaction(service, readings):
    assert sorted(exported(service.folder, service.program)) == sorted(readings)
    stack.until(lambda: list((service.folder / "telemetry").glob("*.db")), 40, what="a day's file")
    assert sorted(exported(service.folder, service.program)) == sorted(readings)


def test_export_takes_points_measures_spans_and_formats(service, readings):
    flags = ["--data", service.folder, "--point", "BL-P102/DE-H"]
    text = run(service.program, "export", *flags, "--measure", "temperature_c", "--format", "ndjson")
    rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) == 1800
    assert {(row["asset"], row["point"]) for row in rows} == {("BL-P102", "DE-H")}
    assert rows[0].keys() == {"ts", "asset", "point", "seq", "temperature_c"}
    assert [row["ts"] for row in rows] == [FIRST + 1000 * second for second in range(1800)]

    at = lambda ts: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ts // 1000)) + f".{ts % 1000:03}Z"
    span = ["--from", at(FIRST + 60_000), "--to", at(FIRST + 120_000)]
    rows = list(csv.DictReader(run(service.program, "export", *flags, *span).splitlines()))
    assert [int(row["seq"]) for row in rows] == list(range(60, 120))

    minutes = list(csv.DictReader(
        run(service.program, "export", *flags, "--resolution", "minute", "--measure", "velocity_rms_mm_s").splitlines()))
    values = sorted((ts // 60_000, value) for point, ts, value in readings if point == "BL-P102/DE-H")
    for row in minutes:
        mine = [value for minute, value in values if minute == int(row["ts"]) // 60_000]
        assert (int(row["count"]), float(row["min"]), float(row["max"])) == (len(mine), min(mine), max(mine))
        assert float(row["mean"]) == pytest.approx(sum(mine) / len(mine))
    assert sum(int(row["count"]) for row in minutes) == 1800

    run(service.program, "export", "--data", service.folder, "--point", "BL-P102/nowhere", ok=False)
    run(service.program, "export", "--data", service.folder, "--from", "yesterday", ok=False)


def test_a_backup_of_the_running_service_is_complete(service, readings, tmp_path):
    copy = tmp_path / "copy"
    for _ in range(2):
        run(stack.ROOT / "ops/backup", service.folder, copy)
    assert sorted(exported(copy, service.program)) == sorted(readings)


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_what_was_exported_can_be_read_back(service, readings, tmp_path, form):
    program, data = service.program, tmp_path / "other"
    file = tmp_path / f"readings.{form}"
    file.write_text(run(program, "export", "--data", service.folder, "--format", form))
    run(program, "import", stack.DATA, stack.PLANT, "--data", data)
    assert f"Imported {3 * len(readings)} values; 0 were" in run(program, "import-readings", file, "--data", data)
    assert run(program, "export", "--data", data, "--format", form) == file.read_text()
    # Once more: nothing new; another value: the first stays.
    assert f"Imported 0 values; {3 * len(readings)} were" in run(program, "import-readings", file, "--data", data)
    file.write_text(f"ts,asset,point,velocity_rms_mm_s\n{FIRST},BL-P101,DE-H,77\n{FIRST},BL-P101,none,1\n")
    said = run(program, "import-readings", file, "--data", data, ok=False)
    assert "1 conflict, 1 unknown_point" in said
    assert sorted(exported(data, program)) == sorted(readings)


def test_a_header_without_our_columns_is_said_once(program, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("time,machine\n1,2\n3,4\n", encoding="utf-8")
    done = subprocess.run([program, "import-readings", file, "--data", tmp_path / "data"], capture_output=True, text=True)
    assert done.returncode == 64
    assert done.stderr.count("line ") == 1 and "line 1: the header needs ts, asset and point" in done.stderr


def test_reading_back_beside_the_running_service_opens_no_ticket(service, readings, connect, tmp_path):
    file = tmp_path / "breach.csv"
    now = time.time_ns() // 1_000_000
    rows = [f"{now - 5000 + 1000 * n},BL-P103,DE-H,9" for n in range(5)]
    file.write_text("\n".join(["ts,asset,point,velocity_rms_mm_s", *rows]))
    assert "Imported 5 values" in run(service.program, "import-readings", file, "--data", service.folder)
    # The service knows them: the same from the gateway is a repeat, another value a conflict.
    gateway = connect("gw-beilun")
    topic = "fieldloop/v1/beilun/BL-P103/DE-H/reading"
    gateway.publish(topic, json.dumps({"ts": now - 5000, "velocity_rms_mm_s": 9, "running": True}))
    gateway.publish(topic, json.dumps({"ts": now - 4000, "velocity_rms_mm_s": 8, "running": True}))
    stack.until(
        lambda: any(row["reason"] == "conflict" for row in service.api.rejected()), what="the conflict")
    mine = [row for row in exported(service.folder, service.program) if row[0] == "BL-P103/DE-H"]
    assert [value for _, _, value in mine] == [9] * 5
    assert not service.api.cards_of("BL-P103")
