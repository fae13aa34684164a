"""`fieldloop backtest` beside the running service: the pump's story over a real broker, and what rules make of it."""

import csv
import json
import random
import signal
import subprocess
import time

import pytest

import stack
from client import gateway_once_heard

HEADER = (stack.DATA / "rules.csv").read_text(encoding="utf-8").splitlines()[0]
LIMIT = "try,iso10816-3-g2-rigid,,,velocity_rms_mm_s,limit,{raise_at},{clear},4.5,3,5,,,,,,,,,,,,a lower limit"


def backtest(service, *flags, code=0):
    done = subprocess.run(
        [service.program, "backtest", "--data", service.folder, *map(str, flags)], capture_output=True, text=True,
        cwd=stack.ROOT, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def told(service, *flags):
    return json.loads(backtest(service, "--json", *flags).stdout)


def rules(folder, *rows):
    path = folder / "try.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ticket(service, broker):
    """The two hours of the story, ending now, and the ticket that they opened."""
    with (stack.ROOT / "fixtures/telemetry/pump-story.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: int(row["ts_offset_ms"]))
    start = int(time.time() * 1000) - int(rows[-1]["ts_offset_ms"])
    gateway = gateway_once_heard(broker)
    for row in rows:
        reading = {name: float(row[name]) for name in stack.MEASURES if row.get(name) and name != "running"}
        reading |= {"ts": start + int(row["ts_offset_ms"]), "seq": int(row["seq"]), "running": row["running"] == "true"}
        gateway.send(f"fieldloop/v1/beilun/{row['asset']}/{row['point']}/reading", json.dumps(reading))
    count = lambda: len({(point, ts) for point, _, ts, _ in stack.stored_readings(service.folder, service.program)})
    stack.until(lambda: count() == len(rows), 60, every=1, what="every reading")
    gateway.close()
    cards = [card for card in service.api.cards() if card["asset"] == "BL-P101"]
    assert len(cards) == 1
    return service.api.get(f"api/tickets/{cards[0]['ticket']}")


def test_todays_rules_open_the_very_ticket(service, ticket):
    answer = told(service)
    assert answer["partial"] is False and answer["readings"] == 1800 and answer["rules"] == []
    assert len(answer["tickets"]) == 1
    pair = answer["tickets"][0]
    assert (pair["match"], pair["asset"], pair["kind"]) == ("both", "BL-P101", "vibration")
    assert pair["differences"] == [] and pair["lead_s"] == 0
    assert pair["did"]["ticket"] == ticket["ticket"]
    for side in (pair["would"], pair["did"]):
        assert side["began_at"] == ticket["breach_at"]
        assert (side["value"], side["limit"]) == (ticket["value"], ticket["limit"])
        assert (side["measure"], side["severity"]) == (ticket["measure"], ticket["severity"])
    assert ticket["severity"] == "critical" and 12 * 60 < pair["lead_before_critical_s"] < 14 * 60
    raised = [rule for rule in answer["per_rule"] if rule["tickets_would"]]
    assert len(raised) == 1 and raised[0]["source"].startswith("ISO 10816-3") and raised[0]["tickets_did"] == 1


def test_people_read_a_table(service, ticket):
    text = backtest(service).stdout
    assert "1 in both, 0 in the backtest only, 0 live only" in text
    assert "BL-P101 vibration: the same" in text and "critical" in text
    assert "velocity_rms_mm_s limit: ISO 10816-3" in text and "partial" not in text


def test_a_lower_limit_opens_earlier_and_none_opens_nothing(service, ticket, tmp_path):
    before = service.api.cards()
    pair = told(service, "--rules", rules(tmp_path, LIMIT.format(raise_at=2, clear=1.8)))["tickets"][0]
    assert pair["match"] == "both" and pair["would"]["limit"] == 2 and pair["did"]["limit"] == ticket["limit"]
    assert pair["lead_s"] > 60 and {"limit", "breach_at"} <= set(pair["differences"])
    nothing = told(service, "--rules", rules(tmp_path, "try,,BL-P101,,velocity_rms_mm_s,none,,,,,,,,,,,,,,,,,no rule"))
    assert [pair["match"] for pair in nothing["tickets"]] == ["live"]
    assert service.api.cards() == before, "the service knows nothing of it"


def test_a_broken_rules_file_says_the_line(service, tmp_path):
    path = rules(tmp_path, LIMIT.format(raise_at=2, clear=3), "try,,BL-P999,,velocity_rms_mm_s,none" + "," * 16 + ",x")
    done = backtest(service, "--rules", path, code=1)
    assert f"{path}:2: clear must be below raise" in done.stderr and f"{path}:3: there is no asset" in done.stderr
    assert done.stdout == ""
    path.write_text(HEADER + "\nshort\n", encoding="utf-8")
    assert "line 2: 1 fields" in backtest(service, "--rules", path, code=1).stderr
    assert "no such file" in backtest(service, "--rules", tmp_path / "none.csv", code=1).stderr


def test_spans_and_what_can_not_be_meant(service, ticket):
    at = lambda ms: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms // 1000))
    after = told(service, "--from", at(ticket["breach_at"] + 60_000))
    assert after["tickets"] == [], "it opened in the days that were only learned from"
    assert after["readings"] == 1800
    short = told(service, "--to", at(ticket["breach_at"] - 60_000))
    assert short["tickets"] == [] and 0 < short["readings"] < 1800
    backtest(service, "--from", "yesterday", code=64)
    backtest(service, "--warm-up", "-1", code=64)
    backtest(service, "--from", "2026-02-02", "--to", "2026-02-01", code=64)


@pytest.fixture(scope="module")
def days(tmp_path_factory, program):
    """A stopped store with 300,000 readings of nine days, in which a machine goes bad on the first day."""
    folder = tmp_path_factory.mktemp("days")
    subprocess.run([program, "import", stack.DATA, stack.PLANT, "--data", folder / "data"], check=True, cwd=stack.ROOT,
                   stdout=subprocess.DEVNULL)
    chance, file = random.Random(5), folder / "readings.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("ts,asset,point,velocity_rms_mm_s,running\n")
        for second in range(0, 750_000, 10):
            at = 1_767_225_600_000 + second * 1_000
            for number, asset in enumerate(("BL-P101", "BL-P102", "BL-P103", "BL-H401")):
                value = (3.5 if number == 0 and 300 < second < 40_000 else 1.2) + chance.uniform(-0.1, 0.1)
                out.write(f"{at},{asset},DE-H,{value:.3f},true\n")
    subprocess.run([program, "import-readings", file, "--data", folder / "data"], check=True, stdout=subprocess.DEVNULL)
    return folder / "data"


def test_an_interrupt_leaves_a_partial_answer(program, days):
    running = subprocess.Popen(
        [program, "backtest", "--data", days, "--json", "--progress"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, bufsize=1)
    line = running.stderr.readline()
    assert "readings" in line and "%" in line
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=20)
    assert running.returncode == 130
    answer = json.loads(output)
    assert answer["partial"] is True and 0 < answer["readings"] < 300_000
    assert 1_767_225_600_000 < answer["until"] < 1_767_225_600_000 + 750_000_000
    assert [(pair["match"], pair["asset"]) for pair in answer["tickets"]] == [("backtest", "BL-P101")]
