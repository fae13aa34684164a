"""What a ticket's page says of causes, spectra, forecast and repair; planned work on the board."""

import re
import time

import pytest
from playwright.sync_api import expect

from conftest import DESK, PHONE, faint, fits, screenshot, unnamed

NARROW = {"width": 360, "height": 740}
DAY = 86_400_000
PLACE = {"zh": "泵驱动端水平", "en": "pump drive end, horizontal"}
BPFO = {"kind": "line", "line": "bpfo", "hz": 151.9, "ratio": 137.0, "harmonics": 3}
FINDINGS = [
    {"cause": "outer_race", "confidence": 0.93, "evidence": [BPFO], "bring": ["bearing", "puller", "grease"]},
    {"cause": "unbalance", "confidence": 0.6, "evidence": [{"kind": "order", "order": 1, "share": 0.85}],
     "bring": ["balancing_kit"]},
    {"cause": "rolling_element", "confidence": 0.41,
     "evidence": [{"kind": "line", "line": "twice_bsf", "hz": 199.4, "ratio": 11.2, "harmonics": 1}],
     "bring": ["bearing"]},
]


@pytest.fixture(scope="module")
def story(plant):
    """A ticket as it comes without a waveform."""
    return plant.breach("beilun", "BL-P101", "DE-H")["ticket"]


def now():
    return int(time.time() * 1000)


def diagnosis(verdict="found", findings=FINDINGS, doubts=("nominal_speed",), **further):
    return {"verdict": verdict, "at": now() - 600_000, "point": "DE-H", "place": PLACE, "rpm": 2970,
            "bearing": "6313/C3", "velocity": 5.2, "findings": list(findings), "doubts": list(doubts)} | further


def spectrum(ago, height, band=(2500, 5000)):
    """Peaks once a turn and at the outer race's line, in what a record of a second resolves."""
    def lines(top, peaks, marks):
        step = top / 900
        points = [[round(column * step, 2), 0.01] for column in range(900)]
        for hz, peak in peaks:
            points[round(hz / step)] = [hz, peak]
        return {"top": top, "points": points, "marks": [{"hz": hz, "name": name} for hz, name in marks]}

    turns = [(49.5 * n, f"{n}×") for n in range(1, 11)]
    bearing = [(19.0, "FTF"), (99.7, "BSF"), (199.4, "TWICE_BSF"), (151.9, "BPFO"), (244.2, "BPFI")]
    return {"at": now() - ago, "point": "DE-H", "rpm": 2970,
            "velocity": lines(1000, [(49.5, height), (99, height / 3)], turns),
            "envelope": lines(781, [(151.9, height / 10), (303.8, height / 20)], bearing) | {"band": list(band)}}


def serve(page, ticket, spectra=None, without=(), **more):
    """The real ticket with what the analysis would add to it."""
    whole = page.request.get(f"/api/tickets/{ticket}").json() | more
    body = {key: value for key, value in whole.items() if key not in without}
    page.route(re.compile(f"/api/tickets/{ticket}$"), lambda route: route.fulfill(json=body))
    page.route(f"**/api/tickets/{ticket}/spectrum", lambda route: route.fulfill(json=spectra) if spectra
               else route.fulfill(status=404, json={"code": "not_found", "title": "none"}))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=lambda size: str(size["width"]))
def test_tells_the_causes(supervisor, story, language, dark, size):
    page = supervisor(language=language, dark=dark, size=size)
    why = {"zh": "泵驱动端水平的振动速度达到 5.20 mm/s，超过限值。", "en": "Vibration velocity is over its limit."}
    serve(page, story, {"before": spectrum(600_000, 4), "after": spectrum(60_000, 1)}, why=why, diagnosis=diagnosis())
    page.goto(f"/t/{story}")
    expect(page.locator(".head .because")).to_have_text(why[language])
    rows = page.locator(".finding")
    words = {
        "zh": [("轴承外圈损伤", "很可能", "151.9 Hz 有外圈 BPFO 谱线，是周围的 137 倍", "3 阶谐波", "请带上", "拉马"),
               ("不平衡", "可能", "85%", "建议带上", "动平衡仪")],
        "en": [("outer race damage", "likely", "outer race (BPFO) line at 151.9 Hz, 137 times", "Bring", "puller"),
               ("unbalance", "possible", "85%", "Consider bringing", "balancing kit")],
    }[language]
    for row, texts in zip(rows.all(), words):
        for text in texts:
            expect(row).to_contain_text(text)
    # Nobody carries a bearing for a hint.
    expect(rows.nth(2)).to_contain_text("仅有迹象" if language == "zh" else "a hint")
    expect(rows.nth(2).locator(".bring")).to_have_count(0)
    expect(page.locator(".doubts")).to_contain_text("speed_rpm")
    expect(page.locator(".spectrum-plot svg")).to_have_count(2)
    assert fits(page) and unnamed(page) == [] and faint(page) == []
    screenshot(page, f"diagnosis-{language}-{'dark' if dark else 'light'}-{size['width']}", full_page=True)


@pytest.mark.parametrize("verdict, text", [("clean", "That is no all-clear"), ("unknown", "does not tell the cause")])
def test_is_honest_where_nothing_was_found(supervisor, story, verdict, text):
    page = supervisor(language="en")
    serve(page, story, diagnosis=diagnosis(verdict, [], ["no_speed", "no_bearing", "of_tomorrow"], rpm=None))
    page.goto(f"/t/{story}")
    expect(page.locator(".diagnosis .verdict")).to_contain_text(text)
    expect(page.locator(".finding")).to_have_count(0)
    expect(page.locator(".doubts li").nth(0)).to_contain_text("enter the machine's rated speed")
    expect(page.locator(".doubts li").nth(2)).to_contain_text("of_tomorrow")


@pytest.mark.parametrize("size", [NARROW, DESK], ids=lambda size: str(size["width"]))
def test_spectra_can_be_read(supervisor, story, size):
    page = supervisor(language="en", size=size)
    before, after = spectrum(600_000, 4), spectrum(60_000, 1, band=(1000, 2500))
    serve(page, story, {"before": before, "after": after}, diagnosis=diagnosis())
    page.goto(f"/t/{story}")
    velocity, envelope = (page.locator(".spectrum").nth(index) for index in (0, 1))
    expect(velocity.locator(".trace-before")).to_have_count(1)
    expect(velocity.locator(".trace-after")).to_have_count(1)
    expect(velocity.get_by_role("img")).to_have_attribute("aria-label", re.compile("highest 4.00 mm/s at 49.5 Hz"))
    # What the diagnosis rests on stands out, and no text touches another.
    expect(envelope.locator(".strong-name")).to_have_text("BPFO")
    expect(velocity.locator(".strong-name")).to_have_text("1×")
    for figure in (velocity, envelope):
        assert touching(figure.locator(".spectrum-plot svg")) == []
    # What it shows is there in numbers too.
    envelope.locator("summary").click()
    expect(envelope.get_by_role("row", name="BPFO")).to_contain_text("0.40 g")
    expect(envelope.get_by_role("row", name="2×BSF")).to_contain_text("rolling element")
    expect(envelope).to_contain_text("can't be compared")
    assert fits(page)


def touching(svg):
    """Pairs of texts that lie over one another."""
    return svg.evaluate("""(svg) => {
        const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
        const isOver = (a, b) => a.left < b.right - .5 && b.left < a.right - .5
            && a.top < b.bottom - 4 && b.top < a.bottom - 4;
        return boxes.flatMap(([name, a], i) => boxes.slice(i + 1).filter(([, b]) => isOver(a, b))
            .map(([other]) => `${name} / ${other}`)); }""")


def test_spectra_are_asked_for_only_with_a_diagnosis(supervisor, story):
    page = supervisor(language="en")
    asked = []
    serve(page, story, without=["why", "diagnosis", "forecast", "repair", "planned_work", "rule_kind"])
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/spectrum") else None)
    page.goto(f"/t/{story}")
    expect(page.locator(".chart canvas")).to_be_visible()
    # An older ticket is as it was.
    for panel in ("diagnosis", "spectra", "repair"):
        expect(page.locator(f".panel-{panel}")).to_be_hidden()
    expect(page.locator(".because, .planned-banner")).to_have_count(0)
    expect(page.locator(".forecast")).to_be_empty()
    expect(page.locator(".why")).to_contain_text("over the limit of")
    assert asked == []


def test_no_waveform_no_drawing(supervisor, story):
    page = supervisor(language="en")
    serve(page, story, None, diagnosis=diagnosis())
    page.goto(f"/t/{story}")
    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.locator(".panel-spectra")).to_be_hidden()


@pytest.mark.parametrize("change, text", [
    ({}, "at this rate: between"),
    ({"latest": None}, "perhaps not within a year"),
    ({"at": None, "latest": None}, "does not reach the limit of 7.10 mm/s within a year"),
    ({"at": None, "latest": None, "earliest": None}, "within a year at this rate."),
    ({"per_day_low": -0.1}, "no trend can be told"),
    ({"per_day": -0.2, "per_day_low": -0.3, "per_day_high": -0.1}, "is falling"),
])
def test_a_forecast_is_no_promise(supervisor, story, change, text):
    forecast = {"measure": "velocity_rms_mm_s", "point": "DE-H", "limit": 7.1, "per_day": 0.4, "per_day_low": 0.2,
                "per_day_high": 0.7, "at": now() + 5 * DAY, "earliest": now() + 3 * DAY, "latest": now() + 9 * DAY,
                "from": now() - 7 * DAY, "count": 672} | change
    page = supervisor(language="en")
    serve(page, story, forecast=forecast)
    page.goto(f"/t/{story}")
    expect(page.locator(".forecast")).to_contain_text(text)
    is_dated = forecast["per_day_low"] > 0
    expect(page.locator(".forecast")).to_contain_text("not promised" if is_dated else "From 672 values")


def test_compares_before_and_after(supervisor, story):
    line = {"point": "DE-H", "place": PLACE, "measure": "velocity_rms_mm_s", "before_mean": 5.1, "before_peak": 6.2,
            "before_count": 40, "after_mean": 1.1, "after_count": 12, "same_speed": True}
    lines = [line, line | {"point": "NDE-H", "place": None, "after_mean": 5.3, "same_speed": None},
             line | {"point": "DE-V", "place": None, "after_mean": None, "after_count": 0, "same_speed": False}]
    page = supervisor(language="zh", size=NARROW)
    serve(page, story, repair=lines)
    page.goto(f"/t/{story}")
    rows = page.locator(".panel-repair tbody")
    for text in ("5.10", "峰值 6.20", "1.10", "−78%", "同转速"):
        expect(rows.nth(0)).to_contain_text(text)
    expect(rows.nth(1)).to_contain_text("+4%")
    expect(rows.nth(1)).to_contain_text("转速未知")
    expect(rows.nth(2)).to_contain_text("转速不同")
    assert fits(page) and faint(page) == []


@pytest.mark.parametrize("rule, value, limit, why, card", [
    ("rate", 12.5, 8, "12.50 °C/h, over the limit of 8.00", "12.50 °C/h"),
    ("silence", 37.4, 10, "no data for 37 minutes", "no data for 37 min"),
    ("sensor", 0, 1, "can't be believed", "sensor not to be believed"),
])
def test_units_follow_the_rule(supervisor, story, rule, value, limit, why, card):
    change = {"rule_kind": rule, "measure": "temperature_c", "value": value, "limit": limit, "why": None,
              "kind": rule if rule != "rate" else "temperature"}
    page = supervisor(language="en")
    board = with_cards(page.request.get("/api/board").json(), change)
    page.route("**/api/board", lambda route: route.fulfill(json=board))
    serve(page, story, **change)
    page.goto("/")
    expect(page.locator(f'.card[data-key="{story}"] .gauge')).to_contain_text(card)
    page.goto(f"/t/{story}")
    expect(page.locator(".why")).to_contain_text(why)


def with_cards(board, change):
    for column in board["columns"]:
        column["cards"] = [card | change for card in column["cards"]]
    return board


def test_plans_work_and_ends_it(supervisor, window, plant):
    page = supervisor(language="zh", size=PHONE)
    page.get_by_role("button", name="计划作业").click()
    form = page.get_by_role("dialog")
    site, machine = (form.locator("select").nth(index) for index in (0, 1))
    # Nothing is chosen beforehand, least of all a whole site.
    expect(machine).to_be_disabled()
    site.select_option("beilun")
    expect(machine).to_have_value("")
    machine.select_option("BL-P102")
    form.get_by_role("button", name="开始").click()
    # Without a reason the browser itself asks for one.
    expect(form.locator("textarea")).to_be_focused()
    form.get_by_role("button", name="试车").click()
    form.get_by_text("24 小时").click()
    assert fits(page) and unnamed(page) == [] and faint(page) == []
    screenshot(page, "planned-form-zh")
    form.get_by_role("button", name="开始").click()
    expect(form).to_have_count(0)
    row = page.locator(".planned-work.on", has_text="BL-P102")
    expect(row).to_contain_text("试车")
    expect(row).to_contain_text("主管设定")

    # Everybody sees it; whoever is not signed in can't end it.
    stranger = window(language="en")
    stranger.goto("/")
    expect(stranger.locator(".planned-work.on", has_text="BL-P102")).to_contain_text("set by the supervisor")
    expect(stranger.locator(".planned button, .planned-open")).to_have_count(0)

    end = row.get_by_role("button")
    end.click()
    expect(end).to_have_text("再按一次确认")
    end.click()
    expect(row).to_have_count(0)
    expect(page.locator(".planned-ended")).to_contain_text("24 小时内结束了")


def test_a_whole_site_comes_with_a_warning(supervisor, plant):
    page = supervisor(language="en")
    page.get_by_role("button", name="Planned work").click()
    form = page.get_by_role("dialog")
    site, machine = (form.locator("select").nth(index) for index in (0, 1))
    site.select_option("yinzhou")
    machine.select_option(label="The whole site, all machines")
    expect(form.locator(".hint")).to_contain_text("no machine of this site")
    form.get_by_text("other").click()
    expect(form.get_by_label("End", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)


def test_a_ticket_tells_of_planned_work(supervisor, story):
    work = {"id": 1, "site": "beilun", "site_name": {"zh": "北仑", "en": "Beilun"}, "asset": None, "asset_name": None,
            "reason": "Annual shutdown", "by": "supervisor", "from": now(), "until": now() + DAY, "ended_at": None}
    page = supervisor(language="en")
    serve(page, story, planned_work=work)
    page.goto(f"/t/{story}")
    banner = page.locator(".planned-banner")
    for text in ("Planned work until", "Annual shutdown", "Beilun · the whole site", "Readings are still recorded"):
        expect(banner).to_contain_text(text)


def test_what_was_learned_is_learned_anew(supervisor, story):
    """For a supervisor and a learned limit only; the service is the real one."""
    page = supervisor(language="en", size=PHONE)
    page.goto(f"/t/{story}")
    expect(page.get_by_text("Why it opened")).to_be_visible()
    expect(page.get_by_text("Learn what is normal anew")).to_have_count(0)
    episodes = page.request.get(f"/api/tickets/{story}").json()["episodes"]
    serve(page, story, episodes=[episodes[0] | {"kind": "learned"}])
    page.goto(f"/t/{story}")
    page.get_by_text("Learn what is normal anew").click()
    with page.expect_response(re.compile("/relearn$")) as answer:
        page.get_by_role("button", name="Learn anew").click()
    assert answer.value.status == 200
    expect(page.get_by_text("Forgotten. It is learning.")).to_be_visible()
    assert fits(page)
    screenshot(page, "relearn-phone")
