"""The page on intake with two brokers, one of which has forgotten our session."""

import json

import pytest
from conftest import DESK, PHONE, Plant, faint, fits, screenshot, unnamed
from playwright.sync_api import expect

import stack


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """As every other's, with a second broker, on which `forgetful` may be called."""
    program = stack.binary()
    if program is None:
        pytest.skip("no program: swift build, or FIELDLOOP_BINARY=path")
    folder = tmp_path_factory.mktemp("brokers")
    brokers = [stack.Broker(folder / name).start() for name in ("first", "second")]
    also = folder / "second.yaml"
    also.write_text(json.dumps({"mqtt": {
        "port": str(brokers[1].port), "client_id": "fieldloop-press-shop", "username": "fieldloop",
        "password_file": str(brokers[1].password_file("fieldloop"))}}), encoding="utf-8")
    service = stack.Service(folder / "data", brokers[0], program, settings={"mqtt.also": also}).import_plant().start()
    plant = Plant(brokers[0], service)
    plant.second = brokers[1]
    stack.until(lambda: service.health()["broker"] == "connected", 20, what="both sessions")
    yield plant
    plant.close()
    service.stop()
    for broker in brokers:
        broker.stop()


def state(plant):
    return plant.service.health()["brokers"][1]["state"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_lost_session_is_seen_and_seen_to(supervisor, window, plant, language):
    plant.second.stop()
    (plant.second.folder / "mosquitto.db").unlink()
    stack.until(lambda: state(plant) == "away", what="its absence")
    page = supervisor(language=language)
    page.goto("/intake")
    row = page.locator(".intake-brokers .row", has_text="fieldloop-press-shop")
    expect(row).to_contain_text({"zh": "断开", "en": "away"}[language])
    plant.second.start()
    loss = page.locator(".losses .row")
    expect(loss).to_contain_text(f"127.0.0.1:{plant.second.port}", timeout=45_000)
    expect(loss).to_contain_text({"zh": "读数、答复和照片可能缺失", "en": "readings, answers and photos may be missing"}[language])
    expect(row).to_contain_text({"zh": "已连接", "en": "connected"}[language], timeout=45_000)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        screenshot(page, f"intake-lost-{language}-{size['width']}", full_page=True)
        assert fits(page)
        assert unnamed(page) == [] and faint(page) == []

    stranger = window(language=language)
    stranger.goto("/intake")
    expect(stranger.locator(".losses .row")).to_have_count(1)
    expect(stranger.locator(".losses button")).to_have_count(0)

    loss.get_by_role("button").click()
    expect(loss).to_have_count(0)
    expect(stranger.locator(".losses .row")).to_have_count(0, timeout=10_000)
