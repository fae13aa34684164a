"""A ticket's page: the story, the reasons, the trend, and what a supervisor may do."""

import re

import pytest
from playwright.sync_api import expect

from conftest import ROOT, fits, screenshot, unnamed

PHOTO = ROOT / "fixtures/photos/before.jpg"


@pytest.fixture(scope="module")
def story(plant):
    """A pump that 王磊 (E03) looks at; its "done" was refused."""
    plant.here("E03")
    ticket = plant.breach("beilun", "BL-P101", "DE-H", minutes=50)["ticket"]
    plant.answer(ticket, "E03", "accept")
    wait_for(plant, ticket, "accepted")
    plant.act(ticket, "arrived")
    plant.answer(ticket, "E03", "done")
    return ticket


def wait_for(plant, ticket, state):
    import stack

    stack.until(lambda: plant.api.get(f"api/tickets/{ticket}")["state"] == state, what=state)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_tells_the_story(supervisor, story, language):
    page = supervisor(language=language)
    page.goto(f"/t/{story}")
    words = {
        "zh": ["王磊 接单", "王磊 想完工，但 BL-P101/DE-H 振动速度仍为 5.20 mm/s", "派给 王磊"],
        "en": ["Wang Lei accepted", "Wang Lei wanted to finish, but BL-P101/DE-H still shows", "Offered to Wang Lei"],
    }[language]
    for text in words:
        expect(page.locator(".timeline")).to_contain_text(text)
    expect(page.locator(".steps [aria-current]")).to_contain_text("现场诊断" if language == "zh" else "On site")
    expect(page.locator(".ledger .chosen")).to_contain_text("王磊" if language == "zh" else "Wang Lei")
    expect(page.locator(".ledger .chosen")).to_contain_text("E03")
    expect(page.locator(".why")).to_contain_text("ISO 10816-3")
    expect(page.locator(".legend-raise")).to_contain_text("2.80")
    assert unnamed(page) == []
    screenshot(page, f"story-{language}", full_page=True)


def test_draws_the_trend(supervisor, story):
    page = supervisor()
    page.goto(f"/t/{story}")
    canvas = page.locator(".chart canvas")
    expect(canvas).to_be_visible()
    expect(canvas).to_have_attribute("aria-label", re.compile("最高 5.20 mm/s"))
    # Something is on it: not one colour all over.
    colours = canvas.evaluate("""(canvas) => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(pixels.buffer)).size; }""")
    assert colours > 20


def test_goes_on_while_it_is_open(supervisor, plant, story):
    page = supervisor()
    page.goto(f"/t/{story}")
    expect(page.locator(".timeline li").first).to_be_visible()
    page.evaluate("window.stillTheSamePage = true")
    plant.act(story, "comment", "配件在路上")
    expect(page.locator(".timeline")).to_contain_text("配件在路上")
    assert page.evaluate("window.stillTheSamePage") is True


def test_words_stay_words(supervisor, story):
    page = supervisor(language="en")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"/t/{story}")
    text = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202e 𠮷 🙂"
    page.locator(".deed-comment summary").click()
    page.locator(".deed-comment textarea").fill(text)
    page.locator(".deed-comment").get_by_role("button", name="Send").click()
    expect(page.locator(".timeline blockquote").first).to_have_text(text)
    assert page.locator(".timeline img, .timeline script").count() == 0


def test_says_when_there_is_no_such_ticket(supervisor, story):
    page = supervisor(language="en")
    page.goto("/t/9999")
    expect(page.locator("main")).to_contain_text("No such ticket")
    page.get_by_role("link", name="Back to the board").click()
    expect(page.locator(".columns")).to_be_visible()


def test_strangers_may_not_act(window, plant, story):
    page = window(language="en")
    page.goto(f"/t/{story}")
    # Reading is open on a loopback address, changing is not.
    expect(page.locator(".deeds")).to_contain_text("Sign in to act")
    assert page.locator(".deeds button").count() == 0


def test_a_supervisor_closes_it_with_a_reason(supervisor, plant):
    ticket = plant.breach("beilun", "BL-P103", "DE-H")["ticket"]
    page = supervisor()
    page.goto(f"/t/{ticket}")
    page.locator(".deed-override summary").click()
    button = page.locator(".deed-override").get_by_role("button", name="强制关闭")
    button.click()
    # Without a reason the browser itself asks for one.
    expect(page.locator(".deed-override textarea")).to_be_focused()
    page.locator(".deed-override textarea").fill("传感器松动，已人工确认")
    button.click()
    expect(page.locator(".timeline")).to_contain_text("主管 强制关闭")
    expect(page.locator(".head")).to_contain_text("主管强制关闭")
    assert plant.api.get(f"api/tickets/{ticket}")["outcome"] == "overridden"


def test_fits_a_phone(supervisor, story):
    page = supervisor(size={"width": 390, "height": 844}, is_mobile=True)
    page.goto(f"/t/{story}")
    expect(page.locator(".chart canvas")).to_be_visible()
    assert fits(page)
    screenshot(page, "story-zh-390", full_page=True)
