"""/metrics as Prometheus' own parser reads it, and /readyz: what those who watch the service are told."""

import json
import time
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

import stack

TOPIC = "fieldloop/v1/beilun/BL-P101/DE-H/reading"


def ask(service, path, **headers):
    """Status, content type and text; without a token."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(service.url + path, headers=named), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def scrape(service):
    """Families by name."""
    status, kind, text = ask(service, "metrics")
    assert status == 200
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return {family.name: family for family in families}


def value(families, name, **labels):
    """Of one sample; 0 where there is none (a reason that was never given)."""
    samples = [sample for family in families.values() for sample in family.samples
               if sample.name == name and labels.items() <= sample.labels.items()]
    return sum(sample.value for sample in samples)


def reading(sequence, velocity=1.1):
    return json.dumps({"ts": int(time.time() * 1000), "seq": sequence, "velocity_rms_mm_s": velocity})


def test_every_family_says_what_it_is(service):
    families = scrape(service)
    for family in families.values():
        assert family.name.startswith("fieldloop_")
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
    counters = [family for family in families.values() if family.type == "counter"]
    assert counters
    assert all(sample.name.endswith("_total") for family in counters for sample in family.samples)
    states = {sample.labels["state"] for sample in families["fieldloop_tickets"].samples}
    assert {"pending", "offered", "closed"} <= states
    assert value(families, "fieldloop_disk_free_bytes") > 0


def test_histograms_add_up(service, connect):
    connect("gw-beilun").publish(TOPIC, reading(1))
    stack.until(lambda: value(scrape(service), "fieldloop_commit_seconds_count"), what="a commit that was timed")
    families = scrape(service)
    samples = families["fieldloop_commit_seconds"].samples
    buckets = [sample.value for sample in samples if sample.name.endswith("_bucket")]
    bounds = [float(sample.labels["le"]) for sample in samples if sample.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert bounds == sorted(bounds)
    assert bounds[-1] == float("inf")
    assert buckets[-1] == value(families, "fieldloop_commit_seconds_count")


def test_what_is_not_taken_is_counted_by_reason(service, connect):
    before = scrape(service)
    gateway = connect("gw-beilun")
    for _ in range(3):
        assert gateway.publish(TOPIC, b"{") == 0
    counted = value(before, "fieldloop_rejected_total", reason="not_json")
    stack.until(lambda: value(scrape(service), "fieldloop_rejected_total", reason="not_json") == counted + 3,
                what="three more that are not JSON")
    assert value(scrape(service), "fieldloop_readings_total") == value(before, "fieldloop_readings_total")
    page = service.api.get("api/intake")
    assert {line["reason"]: line["count"] for line in page["rejected"]}["not_json"] == counted + 3


def test_readings_and_holes_in_their_numbers_are_counted(service, connect):
    before = scrape(service)
    gateway = connect("gw-beilun")
    other = "fieldloop/v1/beilun/BL-P102/DE-H/reading"
    for sequence in (10, 14):
        assert gateway.publish(other, reading(sequence)) == 0
        time.sleep(0.01)
    stack.until(lambda: value(scrape(service), "fieldloop_gaps_open") > value(before, "fieldloop_gaps_open"),
                what="a hole")
    after = scrape(service)
    assert value(after, "fieldloop_gap_missing") == value(before, "fieldloop_gap_missing") + 3
    assert value(after, "fieldloop_readings_total") == value(before, "fieldloop_readings_total") + 2
    hole = next(gap for gap in service.api.get("api/intake")["gaps"] if "BL-P102" in gap["sender"])
    assert hole["ranges"] == [["11", "13"]]

    for sequence in (11, 12, 13):
        assert gateway.publish(other, reading(sequence)) == 0
        time.sleep(0.01)
    stack.until(lambda: value(scrape(service), "fieldloop_gaps_open") == value(before, "fieldloop_gaps_open"),
                what="the hole's end")


@pytest.mark.parametrize("header", [{"X_Forwarded_For": "192.0.2.7"}, {"Forwarded": "for=192.0.2.7"}])
def test_a_proxy_on_this_machine_opens_the_numbers_to_nobody(service, header):
    assert ask(service, "metrics", **header)[0] != 200
    token = (service.folder / "admin-token").read_text(encoding="utf-8").strip()
    assert ask(service, "metrics", Authorization=f"Bearer {token}", **header)[0] == 200


def test_ready_means_that_what_arrives_is_taken(service, broker):
    def codes():
        status, _, text = ask(service, "readyz")
        answer = json.loads(text)
        reasons = [reason["code"] for reason in answer["reasons"]]
        assert (status == 200) == answer["ready"] == (reasons == [])
        return reasons

    stack.until(lambda: codes() == [], 60, what="a service that is ready")
    broker.stop()
    try:
        stack.until(lambda: "broker" in codes(), 30, what="the broker's absence")
        assert ask(service, "healthz")[0] == 200, "alive it is"
    finally:
        broker.start()
    stack.until(lambda: codes() == [], 60, what="a service that is ready again")
