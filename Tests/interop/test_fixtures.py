"""The fixtures agree with one another and with the scripts that made them."""

import csv
import json
import re
import subprocess
import sys

import pytest

import stack

FIXTURES = stack.ROOT / "fixtures"
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def rows(name, folder="plant"):
    with (FIXTURES / folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_recording_is_what_its_script_makes():
    for script in ("make.py", "make_waveforms.py"):
        subprocess.run([sys.executable, FIXTURES / "telemetry" / script, "--check"], check=True)


@pytest.mark.parametrize("file", ["sites.csv", "customers.csv", "assets.csv", "engineers.csv"])
def test_ids_are_names_and_unique(file):
    ids = [row["id"] for row in rows(file)]
    assert len(set(ids)) == len(ids)
    assert all(NAME.fullmatch(name) for name in ids)


def test_every_row_is_complete():
    for path in (FIXTURES / "plant").glob("*.csv"):
        for row in rows(path.name):
            assert None not in row and None not in row.values(), (path.name, row)


def test_references_lead_somewhere():
    sites, customers = ({row["id"] for row in rows(name)} for name in ("sites.csv", "customers.csv"))
    classes = {row["machine_class"] for row in rows("zone_limits.csv", "data")}
    for asset in rows("assets.csv"):
        assert asset["site"] in sites, asset
        assert asset["customer"] in customers, asset
        assert asset["machine_class"] in classes, asset
    assets = {row["id"] for row in rows("assets.csv")}
    points = {(row["asset"], row["name"]) for row in rows("points.csv")}
    assert {asset for asset, _ in points} == assets
    assert {(row["asset"], row["point"]) for row in rows("point_limits.csv")} <= points


def test_somebody_can_mend_everything():
    skills = {}
    for engineer in rows("engineers.csv"):
        for skill in engineer["skills"].split(";"):
            name, level = skill.split(":")
            skills[name] = max(skills.get(name, 0), int(level))
    for asset in rows("assets.csv"):
        assert skills.get(asset["skill"], 0) >= int(asset["skill_level"]), asset


def test_the_storys_engineers_are_on_shift_at_any_hour():
    by_id = {row["id"]: row for row in rows("engineers.csv")}
    for name in ("E02", "E03", "E04", "E05", "E17"):
        engineer = by_id[name]
        assert (engineer["shift_days"], engineer["shift_start"], engineer["shift_end"]) == ("1-7", "00:00", "24:00")
    assert by_id["E03"]["name_zh"] == "王磊"


def test_zone_limits_rise_and_have_a_source():
    for row in rows("zone_limits.csv", "data"):
        assert 0 < float(row["ab"]) < float(row["bc"]) < float(row["cd"])
        assert row["version"] and "ISO 10816" in row["source"]


def test_recorded_points_exist():
    assets = {row["id"]: row["site"] for row in rows("assets.csv")}
    points = {(row["asset"], row["name"]) for row in rows("points.csv")}
    for row in rows("pump-story.csv", "telemetry"):
        assert (row["asset"], row["point"]) in points
        assert assets[row["asset"]] == row["topic_site"]


def raises(readings, limit, of=5, needed=3):
    """Minutes at which `needed` of `of` running readings are at or over `limit` for the first time."""
    window = []
    for row in readings:
        if row["running"] == "false":
            window = []
            continue
        window = [*window[-(of - 1):], float(row["velocity_rms_mm_s"]) >= limit]
        if sum(window) >= needed:
            return int(row["ts_offset_ms"]) / 60_000
    return None


def test_the_recording_tells_the_story_that_its_script_promises():
    readings = rows("pump-story.csv", "telemetry")
    limits = {row["machine_class"]: row for row in rows("zone_limits.csv", "data")}
    classes = {row["id"]: row["machine_class"] for row in rows("assets.csv")}
    drive_end = [row for row in readings if (row["asset"], row["point"]) == ("BL-P101", "DE-H")]
    limit = limits[classes["BL-P101"]]

    spikes = [row for row in drive_end if int(row["ts_offset_ms"]) < 20 * 60_000
              and float(row["velocity_rms_mm_s"]) >= float(limit["bc"])]
    assert len(spikes) == 1
    assert 35 < raises(drive_end, float(limit["bc"])) < 40
    assert 45 < raises(drive_end, float(limit["cd"])) < 57
    after = [row for row in drive_end if int(row["ts_offset_ms"]) > 76 * 60_000]
    assert max(float(row["velocity_rms_mm_s"]) for row in after) < 0.9 * float(limit["bc"])

    for asset in {row["asset"] for row in readings} - {"BL-P101"}:
        worst = max(float(row["velocity_rms_mm_s"]) for row in readings if row["asset"] == asset)
        assert worst < float(limits[classes[asset]]["bc"]), asset


def test_bad_input_is_told_apart_by_name():
    lines = (FIXTURES / "telemetry/bad-input.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    assert len({case["name"] for case in cases}) == len(cases)
    for case in cases:
        assert sum(key in case for key in ("text", "base64", "repeat")) == 1, case["name"]
