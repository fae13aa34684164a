"""The board: sign-in, live, in both languages, on every screen."""

import json
import re
import time

import pytest
from playwright.sync_api import expect

from conftest import DESK, PHONE, faint, fits, screenshot, unnamed


def test_signs_in_with_the_token(window, plant):
    page = window(language="en")
    page.goto("/signin?next=/rejected")
    page.fill("#token", "a guess")
    page.click("main button")
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    page.fill("#token", plant.api.token)
    page.click("main button")
    expect(page).to_have_url(re.compile("/rejected$"))
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["fieldloop"]["httpOnly"]
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/signin$"))
    assert "fieldloop" not in {cookie["name"] for cookie in page.context.cookies()}


def test_a_ticket_appears_by_itself(supervisor, plant):
    plant.breach("yinzhou", "YZ-P201", "DE-H", peak=6.1)
    page = supervisor()
    first = page.locator(".card", has_text="切削液高压泵")
    expect(first).to_be_visible()
    first.get_by_role("link").focus()
    page.evaluate("window.stillTheSamePage = true")

    began = time.monotonic()
    plant.breach("beilun", "BL-P101", "DE-H")
    card = page.locator(".state-pending .card", has_text="1号冷却水循环泵")
    expect(card).to_be_visible(timeout=5_000)
    assert time.monotonic() - began < 10
    expect(card).to_contain_text("远航汽车动力")
    # Grade A is pinned on top, and the reader's place is kept.
    expect(page.locator(".state-pending .card").first).to_contain_text("BL-P101")
    assert page.evaluate("document.activeElement.getAttribute('href')") == first.get_by_role("link").get_attribute("href")
    assert page.evaluate("window.stillTheSamePage") is True


def test_a_card_moves_between_columns(supervisor, plant):
    card = plant.breach("beilun", "BL-P102", "DE-H")
    page = supervisor()
    page.locator(f'[data-key="{card["ticket"]}"] a').focus()
    plant.act(card["ticket"], "cancel", "计划内试车")
    moved = page.locator(".state-closed .card", has_text="2号冷却水循环泵")
    expect(moved).to_be_visible()
    expect(moved).to_contain_text("已取消")
    expect(moved.get_by_role("link")).to_be_focused()


def test_rejected_and_engineers_tell(supervisor, plant):
    gateway = plant.gateways["beilun"]
    gateway.publish("fieldloop/v1/beilun/BL-P101/DE-H/reading", b'{"ts": <script>alert(1)</script>')
    page = supervisor(language="en")
    page.goto("/rejected")
    row = page.locator(".row", has_text="Not JSON").first
    expect(row).to_contain_text("fieldloop/v1/beilun/BL-P101/DE-H/reading")
    row.locator("summary").click()
    expect(row.locator("pre")).to_contain_text("<script>alert(1)</script>")
    page.goto("/engineers")
    expect(page.locator(".row", has_text="Wang Lei")).to_contain_text("E03")
    assert unnamed(page) == []


def test_intake_shows_gaps_and_leads_to_what_was_refused(supervisor, plant):
    gateway = plant.gateways["beilun"]
    now = int(time.time() * 1000)
    for index, number in enumerate((7, 8, 12)):
        body = json.dumps({"ts": now - 3000 + index * 1000, "seq": number, "velocity_rms_mm_s": 1.1})
        assert gateway.publish("fieldloop/v1/beilun/BL-P103/DE-H/reading", body) == 0
    assert gateway.publish("fieldloop/v1/beilun/BL-P103/DE-H/reading", b"nonsense") == 0
    page = supervisor(language="en")
    page.goto("/intake")
    gap = page.locator(".row", has_text="BL-P103/DE-H")
    expect(gap).to_contain_text("9–11")
    expect(page.locator(".tile", has_text="Broker").first).to_contain_text("connected")
    page.locator(".row", has_text="Not JSON").get_by_role("link").click()
    expect(page).to_have_url(re.compile("/rejected\\?reason=not_json$"))
    expect(page.get_by_role("button", pressed=True)).to_contain_text("Not JSON")
    expect(page.locator(".rows .row").first).to_contain_text("not_json")
    page.get_by_role("button", name="All reasons").click()
    expect(page).to_have_url(re.compile("/rejected$"))
    # Filled, a gap is gone by itself.
    page.goto("/intake")
    for index, number in enumerate((9, 10, 11)):
        body = json.dumps({"ts": now - 1900 + index * 100, "seq": number, "velocity_rms_mm_s": 1.1})
        assert gateway.publish("fieldloop/v1/beilun/BL-P103/DE-H/reading", body) == 0
    expect(gap).to_have_count(0, timeout=12_000)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK, {"width": 1920, "height": 1080}], ids=lambda size: str(size["width"]))
def test_every_page_fits(supervisor, plant, language, dark, size):
    page = supervisor(language=language, dark=dark, size=size)
    tone = "dark" if dark else "light"
    for path, ready, name in [
        ("/", ".card", "board"), ("/engineers", ".row", "engineers"), ("/rejected", ".row:visible, .notice:visible", "rejected"),
        ("/intake", ".tile", "intake"),
        ("/t/1", ".timeline li", "ticket"), ("/signin", "#token", "signin"),
    ]:
        page.goto(path)
        page.wait_for_selector(ready)
        screenshot(page, f"{name}-{language}-{tone}-{size['width']}")
        assert fits(page), f"{path} is wider than {size['width']}"
        assert unnamed(page) == [] and faint(page) == []
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans" if language == "zh" else "en")


def test_the_reader_chooses_the_language(window, plant):
    page = window(language="en")
    page.goto("/signin")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading")).to_have_text("登录")
    page.goto("/signin")
    expect(page.get_by_role("heading")).to_have_text("登录")
